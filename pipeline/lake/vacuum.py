"""Vacuum: forget states that are older than is to be kept, and delete the files that no kept state needs.

Kept states follow on each other up to the visible one. So of a table they need the files of the version that the oldest pins, and all
that were added later. Delta's own vacuum would be told every pinned version and open each, and leaves two versions of its own.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import msgspec

from pipeline.errors import LakeError
from pipeline.files import discard
from pipeline.lake.catalog import (
    REBUILD_MARK,
    Catalog,
    generation_folders,
    history_path,
    is_number,
    read_catalog,
)
from pipeline.lake.checksums import checksums_path
from pipeline.lake.history import damaged_copies, kept_versions, state
from pipeline.lake.store import open_table, table_files, table_path
from pipeline.schema.tables import tables

LOG = logging.getLogger(__name__)


class _Added(msgspec.Struct):
    """A file that a version of a table adds."""

    path: str


class _Logged(msgspec.Struct):
    """A line of a table's log."""

    add: _Added | None = None


_LOG_LINES = msgspec.json.Decoder(_Logged)


def forget_states(lake: Path, before: dt.datetime) -> int:
    """Forget the states that were superseded before that time, and those that cannot be read; the one that was visible then is kept.

    Returns how many were superseded before.
    """
    for path in damaged_copies(lake):
        discard(path)
    _forget_gone_generations(lake)
    kept = kept_versions(lake)
    old = [v for v in kept if (moment := state(lake, v).committed_at) is None or moment <= before]
    forgotten = [version for version in old[:-1] if version != kept[-1]]
    for version in forgotten:
        discard(history_path(lake, version))
    return len(forgotten)


def _forget_gone_generations(lake: Path) -> None:
    """Forget the states whose tables were made again since, and are gone or damaged by now: they cannot be asked."""
    visible = read_catalog(lake)
    states = [state(lake, version) for version in kept_versions(lake)]
    for generation in sorted({one.generation for one in states} - {visible.generation}):
        pinning = [one for one in states if one.generation == generation]
        try:
            for name, version in pinning[0].tables.items():
                open_table(lake / generation, name, version)
        except LakeError:
            for one in pinning:
                discard(history_path(lake, one.version))


def unneeded_files(lake: Path) -> Iterator[Path]:
    """Files of the lake that no kept state and no commit since needs; those of killed writers are among them.

    The caller holds the writer's lock and has rolled back what was uncommitted.
    """
    states = [state(lake, version) for version in kept_versions(lake)]
    for generation in sorted({one.generation for one in states}):
        pinning = [one for one in states if one.generation == generation]
        folder = lake / generation
        for name in sorted({name for one in pinning for name in one.tables}):
            oldest = min(one.tables[name] for one in pinning if name in one.tables)
            try:
                yield from [*_unneeded_data(folder, name, oldest), *_unneeded_logs(folder, name, oldest)]
            except LakeError as error:
                LOG.warning("%s Nothing of the table is deleted.", error)
    yield from _forgotten_generations(lake, {one.folder(lake) for one in states})
    for folder in (lake, history_path(lake, 0).parent):
        yield from folder.glob(".*.tmp")
    yield from _uncommitted_copies(lake, read_catalog(lake))


def _forgotten_generations(lake: Path, needed: set[Path]) -> Iterator[Path]:
    """Files of tables that were made again since, and that no kept state reads; a rebuild under way is left alone."""
    folders = [
        lake,
        *(path for path in generation_folders(lake) if not (path / REBUILD_MARK).exists()),
    ]
    for folder in folders:
        if folder not in needed:
            yield from folder.glob(checksums_path(folder).name)
            for log in sorted(folder.glob("*/_delta_log")):
                if log.parent.name in tables():  # a copy that somebody made stays
                    yield from sorted(path for path in log.parent.rglob("*") if path.is_file())


def _unneeded_data(folder: Path, name: str, oldest: int) -> Iterator[Path]:
    path = table_path(folder, name)
    needed = set(table_files(path, open_table(folder, name, oldest)))
    needed |= {path / added for added in _added_since(path / "_delta_log", oldest)}
    for found in sorted(path.rglob("*")):
        if "_delta_log" not in found.parts and found.is_file() and found not in needed:
            yield found


def _added_since(log: Path, version: int) -> Iterator[str]:
    """Paths that later versions added, below the table's folder.

    Raises:
        LakeError: a later version cannot be read.
    """
    for commit in _logs(log):
        if _version(commit) > version and commit.suffix == ".json":
            try:
                entries = _LOG_LINES.decode_lines(commit.read_bytes())
            except (OSError, msgspec.DecodeError) as error:
                raise LakeError(f"The log {commit} cannot be read ({error}).") from error
            if not entries:
                raise LakeError(f"The log {commit} is empty.")
            yield from (unquote(entry.add.path) for entry in entries if entry.add is not None)


def _unneeded_logs(folder: Path, name: str, oldest: int) -> Iterator[Path]:
    """Log files before the newest checkpoint from which the oldest version can be read, oldest first."""
    logs = _logs(table_path(folder, name) / "_delta_log")
    summed_up = [_version(path) for path in logs if ".checkpoint" in path.name and _version(path) <= oldest]
    yield from (path for path in logs if summed_up and _version(path) < max(summed_up))


def _logs(log: Path) -> list[Path]:
    return sorted(path for path in log.iterdir() if is_number(path.name[:20]))


def _version(path: Path) -> int:
    return int(path.name[:20])


def _uncommitted_copies(lake: Path, visible: Catalog) -> Iterator[Path]:
    for path in history_path(lake, 0).parent.glob("*.json"):
        if is_number(path.stem) and int(path.stem) > visible.version:
            yield path


def delete_files(paths: Iterable[Path]) -> tuple[int, int]:
    """Delete files; returns how many, and their bytes."""
    count = size = 0
    for path in paths:
        size += path.stat().st_size
        discard(path)
        count += 1
    return count, size
