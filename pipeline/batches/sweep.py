"""The sweep: what killed runs left behind is removed once it is an hour old. No reader ever sees any of it.

Removed are half-written files (``.name.xxxx.tmp``), staging folders of batches that are published or can never be,
folders into which a source was being read, and the scratch folders of questions, which lie where the system keeps temporary
files. A folder that a living process holds is locked, and left alone.
"""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pipeline.batches.publication import published_batches
from pipeline.batches.staging import StagedBatch
from pipeline.config import Settings
from pipeline.errors import ContractError, LakeError
from pipeline.files import SCRATCH_PREFIXES, is_held
from pipeline.lake.catalog import read_catalog

LOG = logging.getLogger(__name__)
MAX_AGE = dt.timedelta(hours=1)
ARRIVALS_PREFIX = ".arrivals-"
_LAST = ".swept"


def sweep_sometimes(settings: Settings, *, now: dt.datetime) -> list[Path]:
    """Sweep, unless that was done within the last hour: looking through many originals takes its time."""
    last = settings.staging / _LAST
    if last.exists() and not _is_old(last, now):
        return []
    if not settings.staging.is_dir():
        return []
    try:
        last.touch()
        return sweep(settings, now=now)
    except (LakeError, OSError):
        return []  # a lake that cannot be read or written is told of by what the run does next


def sweep(settings: Settings, *, now: dt.datetime) -> list[Path]:
    """Remove what nobody will finish; returns what was removed."""
    removed = [*_half_written(settings, now), *_abandoned(settings, now), *_scratch(now)]
    for path in removed:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return removed


def _half_written(settings: Settings, now: dt.datetime) -> Iterator[Path]:
    places = (
        (settings.home, ".*.tmp*"),
        (settings.lake, ".*.tmp"),
        (settings.reports, ".*.tmp"),
        (settings.raw, "*/.*.tmp"),
        (settings.staging, "b-*/**/.*.tmp"),
    )
    for folder, pattern in places:
        yield from (path for path in folder.glob(pattern) if path.is_file() and _is_old(path, now))


def _abandoned(settings: Settings, now: dt.datetime) -> Iterator[Path]:
    if not settings.staging.is_dir():
        return
    folders = [path for path in settings.staging.iterdir() if path.is_dir() and _is_old(path, now)]
    published = published_batches(settings.lake) if folders else set()
    for folder in folders:
        if folder.name.startswith(ARRIVALS_PREFIX):
            if not is_held(folder):
                yield folder
        elif folder.name in published or _is_hopeless(folder, settings):
            yield folder


def _scratch(now: dt.datetime) -> Iterator[Path]:
    places = (path for prefix in SCRATCH_PREFIXES for path in Path(tempfile.gettempdir()).glob(f"{prefix}*"))
    yield from (path for path in places if _is_old(path, now) and not is_held(path))


def _is_hopeless(folder: Path, settings: Settings) -> bool:
    """True where the batch was not read to its end, what is noted of it is damaged, or its source was moved on by another."""
    staged = StagedBatch(settings.staging, folder.name)
    if not (folder / "ingest.json").exists():
        return True  # reading it begins anew in any case
    try:
        advance = staged.advance()
    except ContractError as error:
        LOG.warning("%s It is old, so the folder is removed now.", error)
        return True
    return (
        advance is not None and read_catalog(settings.lake).source(advance.source).revision > advance.revision
    )


def _is_old(path: Path, now: dt.datetime) -> bool:
    """True where nothing in it was written within the last hour."""
    latest = 0.0
    for found in (path, *(path.rglob("*") if path.is_dir() else ())):
        with suppress(FileNotFoundError):
            latest = max(latest, found.stat().st_mtime)
    return now.timestamp() - latest > MAX_AGE.total_seconds()
