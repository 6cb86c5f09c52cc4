"""Checks of the installation: what is wrong is said in a sentence, with what to do."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.batches.source_states import source_states
from pipeline.config import SAMPLES_DIR, SCHEMAS_DIR, Settings
from pipeline.errors import PipelineError
from pipeline.extract.gazetteer import Gazetteer, own_folder
from pipeline.lake.catalog import read_catalog
from pipeline.lake.history import AHEAD_REMEDY, ahead_of_clock, check_not_set_back
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.views import read_shown
from pipeline.schema.tables import tables
from pipeline.sources.declaration import Declaration
from pipeline.sources.streams import survey

_PACKAGES = (
    "apache-airflow",
    "great-expectations",
    "duckdb",
    "deltalake",
    "pyarrow",
    "pandas",
    "trafilatura",
    "py3langid",
    "pebble",
)
_NEEDED_BYTES = 1 << 30


@dataclass(frozen=True)
class Finding:
    """One check: is it well, and what was found."""

    check: str
    is_well: bool
    finding: str


def examine(settings: Settings) -> list[Finding]:
    """Run all checks; none stops the others."""
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _python,
        _packages,
        _data,
        _gazetteer,
        _sources,
        _home,
        _lake,
        _freshness,
    )
    return [finding for check in checks for finding in check(settings)]


def _python(_settings: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        "Python", (3, 11) <= sys.version_info[:2] <= (3, 13), f"{version} (3.11 to 3.13 are supported)"
    )


def _packages(_settings: Settings) -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            yield Finding(name, True, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, False, "is not installed; run `make setup`")


def _data(_settings: Settings) -> Iterator[Finding]:
    for path in (
        SCHEMAS_DIR / "codebook.yaml",
        SCHEMAS_DIR / "gazetteer" / "places.bin",
        SAMPLES_DIR / "articles",
    ):
        yield Finding(
            f"data {path.name}",
            path.exists(),
            str(path) if path.exists() else f"{path} is missing; install again",
        )


def _sources(settings: Settings) -> Iterator[Finding]:
    for name, found in survey(settings.sources).items():
        if isinstance(found, Declaration):
            yield Finding(f"source {name}", True, f"kind {found.kind}, schedule {found.schedule or 'none'}")
        else:
            yield Finding(f"source {name}", False, str(found))


def _gazetteer(settings: Settings) -> Iterator[Finding]:
    own = own_folder(settings.home)
    if not own.exists():
        yield Finding("gazetteer", True, "the shipped one; `incidents gazetteer load` adds a GeoNames dump")
        return
    try:
        Gazetteer(own)
        source = json.loads((own / "source.json").read_bytes())
        finding = f"{own}, {source['places']:,} places of {source['file']}, before the shipped one"
    except Exception as error:
        yield Finding(
            "gazetteer", False, f"{own} cannot be read ({error}); load it again or remove the folder"
        )
        return
    yield Finding("gazetteer", True, finding)


def _home(settings: Settings) -> Iterator[Finding]:
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    yield Finding(
        "state folder",
        os.access(folder, os.W_OK),
        f"{settings.home} ({'can' if os.access(folder, os.W_OK) else 'cannot'} be written)",
    )
    free = shutil.disk_usage(folder).free
    yield Finding("disk", free > _NEEDED_BYTES, f"{free / (1 << 30):.1f} GiB free")


def _lake(settings: Settings) -> Iterator[Finding]:
    try:
        catalog = read_catalog(settings.lake)
        shown = read_shown(settings.database)
        check_not_set_back(settings.lake, catalog, shown.catalog if shown else None)
        with Snapshot(settings.lake, catalog) as snapshot:
            snapshot.open(*tables())
            reports = snapshot.rows("SELECT count(*) AS n FROM incident_reports")[0]["n"]
    except PipelineError as error:
        yield Finding("lake", False, str(error))
        return
    yield Finding("lake", True, f"{settings.lake}, state {catalog.version}, {reports} incident reports")
    told = ahead_of_clock(catalog, dt.datetime.now(dt.UTC))
    if told is not None:
        yield Finding("lake times", False, f"{told}. {AHEAD_REMEDY}")
    if catalog.version:
        well = shown is not None and shown.is_of(settings.lake, catalog)
        yield Finding(
            "database",
            well,
            str(settings.database)
            if well
            else f"{settings.database} shows state {shown.catalog.version if shown else None} of another lake or time; the next run mends it, and so does `incidents lake compact`",
        )


def _freshness(settings: Settings) -> Iterator[Finding]:
    try:
        states = source_states(settings, now=dt.datetime.now(dt.UTC))
    except PipelineError:
        return  # the lake cannot be read, which its own check tells
    for found in states:
        if found.state == "broken":
            continue  # told by the check of its declaration
        yield Finding(f"freshness of {found.source}", not found.is_alarm, found.sentence)
