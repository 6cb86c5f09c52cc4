"""The catalog: which version of each Delta table is visible. Replacing this one small file is the commit.

A batch touches several Delta tables, which share no transaction. Versions past the pinned ones were written by a
batch that never committed: no reader sees them, and the next writer rolls them back.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from pipeline.errors import LakeError
from pipeline.files import write_atomically

GENERATIONS = "generations"
"""Folder of the lake in which a rebuild makes the tables again, a folder each time."""
REMEDY = "`incidents lake check` names all damage; `incidents lake rebuild` makes the lake again from the kept originals."


class SourceState(msgspec.Struct, frozen=True):
    """How far a declared source is published. ``revision`` counts its batches; ``state`` belongs to its kind."""

    revision: int = 0
    state: dict[str, Any] = {}


class Catalog(msgspec.Struct, frozen=True):
    """One visible state of the lake: ``tables`` maps a table to its pinned Delta version."""

    version: int = 0
    tables: dict[str, int] = {}
    batch_id: str | None = None
    """The batch whose commit made this state."""
    sources: dict[str, SourceState] = {}
    generation: str = ""
    """Folder under the lake that holds the tables: the lake itself, or where a rebuild has made them again."""

    def folder(self, lake: Path) -> Path:
        """Where the tables of this state lie."""
        return lake / self.generation

    def source(self, name: str) -> SourceState:
        """How far the source is published; nothing yet where it is unknown."""
        return self.sources.get(name, SourceState())


def catalog_path(lake: Path) -> Path:
    """Where a lake keeps its catalog."""
    return lake / "catalog.json"


def read_catalog(lake: Path) -> Catalog:
    """The visible state; an empty one where nothing was ever committed.

    Raises:
        LakeError: the file is there but is no catalog, or is gone while there are tables.
    """
    path = catalog_path(lake)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        if next(lake.glob("*/_delta_log"), None) or next(lake.glob(f"{GENERATIONS}/*/*/_delta_log"), None):
            if path.exists():  # the first writer was between the two looks
                return read_catalog(lake)
            raise LakeError(
                f"The catalog {path} is gone, but there are tables beside it. {REMEDY}"
            ) from error
        return Catalog()
    except OSError as error:
        raise LakeError(f"The catalog {path} cannot be read: {error.strerror}. {REMEDY}") from error
    try:
        return msgspec.json.decode(content, type=Catalog)
    except msgspec.DecodeError as error:
        raise LakeError(f"The catalog {path} is damaged ({error}). {REMEDY}") from error


def write_catalog(lake: Path, catalog: Catalog) -> None:
    """Make ``catalog`` the visible state."""
    write_atomically(catalog_path(lake), msgspec.json.format(msgspec.json.encode(catalog), indent=1))


def begin_catalog(lake: Path) -> Catalog:
    """The visible state, written down where nothing was ever committed: tables without a catalog are a lost one."""
    catalog = read_catalog(lake)
    if not catalog_path(lake).exists():
        write_catalog(lake, catalog)
    return catalog


@contextmanager
def writer_lock(lake: Path) -> Iterator[None]:
    """Hold the lake's only writer's place; waits for another writer. The system frees it when the process dies."""
    try:
        lake.mkdir(parents=True, exist_ok=True)
        lock = (lake / ".writer.lock").open("w")
    except OSError as error:
        raise LakeError(
            f"Cannot write to the lake {lake}: {error.strerror}. Give write permission."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
