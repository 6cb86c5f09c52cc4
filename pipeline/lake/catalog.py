"""The catalog: which version of each Delta table is visible. Replacing this one small file is the commit.

A batch touches several Delta tables, which share no transaction. Versions past the pinned ones were written by a
batch that never committed: no reader sees them, and the next writer rolls them back.
"""

from __future__ import annotations

import datetime as dt
import fcntl
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec

from pipeline.errors import LakeError
from pipeline.files import cannot_write, write_atomically

GENERATIONS = "generations"
"""Folder of the lake in which a rebuild makes the tables again, a folder each time."""
REBUILD_MARK = "rebuilding.json"
"""File in a generation that is not whole yet."""
FORMAT = 1
"""Of a catalog as this product writes it; a later one that it could not write again gets a higher number."""
REMEDY = "`incidents lake check` names all damage; `incidents lake rebuild` makes the lake again from the kept originals."


class SourceState(msgspec.Struct, frozen=True):
    """How far a declared source is published. ``revision`` counts its batches; ``state`` belongs to its kind."""

    revision: int = 0
    state: dict[str, Any] = {}


class Operation(StrEnum):
    """What made a state of the lake."""

    PUBLISH = "publish"
    """A batch."""
    DUPLICATES = "duplicates"
    """Signatures and pairs of near duplicates were made again."""
    COMPACT = "compact"
    """Small files were written together: the same rows in fewer files."""
    REBUILD = "rebuild"
    """All tables were made again from the kept originals."""


class Catalog(msgspec.Struct, frozen=True):
    """One visible state of the lake: ``tables`` maps a table to its pinned Delta version."""

    version: int = 0
    tables: dict[str, int] = {}
    batch_id: str | None = None
    """The batch whose commit made this state."""
    sources: dict[str, SourceState] = {}
    committed_at: dt.datetime | None = None
    """When the state became visible, never earlier than the one before; unknown where an older product made it."""
    operation: Operation = Operation.PUBLISH
    rows: dict[str, int] = {}
    """How many rows a table has, by which a log that lost a part is known; absent where an older product made the state."""
    generation: str = ""
    """Folder under the lake that holds the tables: the lake itself, or where a rebuild has made them again."""
    format: int = FORMAT

    def folder(self, lake: Path) -> Path:
        """Where the tables of this state lie."""
        return lake / self.generation

    def without_sources(self) -> Catalog:
        """What a state shows: how far sources were read moves on without a new version."""
        return msgspec.structs.replace(self, sources={})

    def source(self, name: str) -> SourceState:
        """How far the source is published; nothing yet where it is unknown."""
        return self.sources.get(name, SourceState())


class _Written(msgspec.Struct):
    """What every catalog says, of whatever version of the product."""

    version: Annotated[int, msgspec.Meta(ge=0)]
    tables: dict[str, Annotated[int, msgspec.Meta(ge=0)]]
    format: int = 1


def catalog_path(lake: Path) -> Path:
    """Where a lake keeps its catalog."""
    return lake / "catalog.json"


def history_path(lake: Path, version: int) -> Path:
    """Where a lake keeps a copy of the catalog of one state."""
    return lake / "history" / f"{version:012}.json"


def is_number(name: str) -> bool:
    """Whether a file or folder is named by a number; a superscript is a digit, but no number."""
    return name.isascii() and name.isdigit()


def copied_versions(lake: Path) -> list[int]:
    """Versions that the history has a file of, whatever it holds, oldest first."""
    names = (path.stem for path in history_path(lake, 0).parent.glob("*.json"))
    return sorted(int(name) for name in names if is_number(name))


def generation_folders(lake: Path) -> list[Path]:
    """Folders in which rebuilds have made the tables, oldest first; folders of other names are not the lake's."""
    found = (path for path in (lake / GENERATIONS).glob("*") if path.is_dir() and is_number(path.name))
    return sorted(found, key=lambda path: int(path.name))


def read_catalog(lake: Path) -> Catalog:
    """The visible state; an empty one where nothing was ever committed.

    Raises:
        LakeError: the file is there but is no catalog, or is gone while there are tables.
    """
    path = catalog_path(lake)
    held = decode_catalog(path)
    if held is not None:
        return held
    if next(lake.glob("*/_delta_log"), None) or next(lake.glob(f"{GENERATIONS}/*/*/_delta_log"), None):
        if path.exists():  # the first writer was between the two looks
            return read_catalog(lake)
        raise LakeError(f"The catalog {path} is gone, but there are tables beside it. {REMEDY}")
    return Catalog()


def decode_catalog(path: Path) -> Catalog | None:
    """The state in a file; ``None`` where there is no file.

    Raises:
        LakeError: the file is there but is no catalog, or cannot be read.
    """
    try:
        content = path.read_bytes()
        written = msgspec.json.decode(content, type=_Written)
        if written.format > FORMAT:
            raise LakeError(
                f"The catalog {path} was written by a newer version of the product (format {written.format}, this one knows {FORMAT}). "
                "Update the product."
            )
        return msgspec.json.decode(content, type=Catalog)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LakeError(f"The catalog {path} cannot be read: {error.strerror}. {REMEDY}") from error
    except msgspec.DecodeError as error:
        raise LakeError(f"The catalog {path} is damaged ({error}). {REMEDY}") from error


def read_copy(lake: Path, version: int) -> Catalog | None:
    """The copy in the history of one state; ``None`` where there is none.

    Raises:
        LakeError: the file is there but does not hold that state.
    """
    path = history_path(lake, version)
    held = decode_catalog(path)
    if held is not None and held.version != version:
        raise LakeError(f"The catalog {path} is damaged: it holds the state {held.version}. {REMEDY}")
    return held


def write_catalog(lake: Path, catalog: Catalog, *, now: dt.datetime | None = None) -> Catalog:
    """Make ``catalog`` the visible state and keep it in the history. The caller holds the writer's lock.

    A new version is given its time, ``now`` or the clock's. The copy in the history is written first: where the process
    dies between the two, it is of a version that is not visible, which no reader asks for and the next commit replaces.
    Returns the state as it was written.
    """
    try:
        held = read_catalog(lake)
    except LakeError:
        held = Catalog()  # lost or damaged: this one takes its place
    if catalog.version != held.version:
        catalog = msgspec.structs.replace(catalog, committed_at=commit_time(held, now))
        if held.version and not history_path(lake, held.version).exists():
            write_atomically(history_path(lake, held.version), _encoded(held))
    if catalog.version:
        write_atomically(history_path(lake, catalog.version), _encoded(catalog))
    write_atomically(catalog_path(lake), _encoded(catalog))
    return catalog


def forget_tables(lake: Path, generation: str, names: Collection[str]) -> None:
    """Take tables out of the kept states of a generation: they are lost, and those made anew have other versions.

    The caller holds the writer's lock.
    """
    for version in copied_versions(lake):
        with suppress(LakeError):  # a copy that is damaged cannot be asked: it names no version
            held = read_copy(lake, version)
            if (
                held is not None
                and held.generation == generation
                and not held.tables.keys().isdisjoint(names)
            ):
                left = {name: version for name, version in held.tables.items() if name not in names}
                rows = {name: count for name, count in held.rows.items() if name not in names}
                write_atomically(
                    history_path(lake, version),
                    _encoded(msgspec.structs.replace(held, tables=left, rows=rows)),
                )


def commit_time(held: Catalog, now: dt.datetime | None = None) -> dt.datetime:
    """The time of a commit that follows the state ``held``: a clock that was set back does not turn the order around."""
    moment = now or dt.datetime.now(dt.UTC)
    return moment if held.committed_at is None else max(moment, held.committed_at)


def _encoded(catalog: Catalog) -> bytes:
    return msgspec.json.format(msgspec.json.encode(catalog), indent=1)


def begin_catalog(lake: Path) -> Catalog:
    """The visible state, written down where nothing was ever committed: tables without a catalog are a lost one."""
    catalog = read_catalog(lake)
    if not catalog_path(lake).exists():
        write_catalog(lake, catalog)
    return catalog


@contextmanager
def writer_lock(lake: Path) -> Iterator[None]:
    """Hold the lake's only writer's place; waits for another writer. The system frees it when the process dies."""
    path = lake / ".writer.lock"
    try:
        lake.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        raise cannot_write(path, error) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
