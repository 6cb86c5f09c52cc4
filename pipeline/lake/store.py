"""The Delta tables of a lake: all writes go through here, and a write becomes visible only by the catalog."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import deltalake
import msgspec
import pyarrow as pa
from deltalake.exceptions import DeltaError, TableNotFoundError

from pipeline.errors import LakeError
from pipeline.lake.catalog import REMEDY, Catalog
from pipeline.lake.evolution import changed_columns, is_uniform, made_with, missing_columns, must_grow
from pipeline.schema.tables import table, tables

CHECKPOINT_EVERY = 20
"""Versions after which a table's log is summed up: whoever opens it reads so many commits at most. A checkpoint takes as long as
three commits, so it costs a twentieth of the time of each, and opening stays below 10 ms (`python -m bench.speed.commits`)."""
HOOKS = deltalake.PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
"""Delta's own upkeep is off: it would drop logs after 30 days that a kept state still needs (`pipeline/lake/vacuum.py` knows)."""
WRITER_PROPERTIES = deltalake.WriterProperties(compression="ZSTD", compression_level=3)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_REMEDIES = dict.fromkeys(
    ("article_signatures", "near_duplicates"),
    "Make it again from the articles: `incidents duplicates rebuild`.",
)


def table_path(folder: Path, name: str) -> Path:
    """Folder of one Delta table; ``folder`` is where the tables of a state lie (``Catalog.folder``)."""
    return folder / name


def delta_table(path: Path, version: int | None = None) -> deltalake.DeltaTable:
    """The Delta table in a folder, which need not exist. The library takes addresses: a bare path with a space or a # it reads as another."""
    return deltalake.DeltaTable(path.as_uri(), version=version)


def table_files(path: Path, opened: deltalake.DeltaTable) -> list[Path]:
    """The Parquet files of an opened table that lies in the folder."""
    return sorted(
        path / unquote(str(file)) for file in pa.table(opened.get_add_actions())["path"].to_pylist()
    )


def open_table(folder: Path, name: str, version: int) -> deltalake.DeltaTable:
    """The table at its pinned version.

    Raises:
        LakeError: the table or the version is missing.
    """
    path = table_path(folder, name)
    try:
        return delta_table(path, version)
    except Exception as error:  # deltalake raises several unrelated kinds for a damaged log
        raise LakeError(
            f"Table {name} in {path} cannot be opened at version {version}: {_one_line(error)}. "
            f"{_REMEDIES.get(name, REMEDY)}"
        ) from error


@dataclass(frozen=True)
class StoredTable:
    """A table as one state of the lake holds it."""

    files: tuple[str, ...] = ()
    """Its Parquet files."""
    sizes: tuple[int, ...] = ()
    """How many bytes its log says that each of them has."""
    missing: frozenset[str] = frozenset()
    """Declared columns that were not stored yet."""
    changed: frozenset[str] = frozenset()
    """Columns stored in another type than declared."""
    is_uniform: bool = False
    """True where every file is known to have the same columns, so that one tells those of all."""
    rows: int | None = None
    """How many rows it has; ``None`` where its log does not say."""

    def misfit(self) -> str | None:
        """The first file that is gone or has another size than its log says; ``None`` where all fit."""
        return next(
            (file for file, size in zip(self.files, self.sizes, strict=True) if _size(file) != size), None
        )


def stored_table(lake: Path, name: str, catalog: Catalog) -> StoredTable:
    """The table in the catalog's state; without files where it was never written."""
    if name not in catalog.tables:
        return StoredTable(rows=0)
    version, folder = catalog.tables[name], catalog.folder(lake)
    try:
        written = log_path(folder, name, version).stat()
    except OSError:
        return _read_table(folder, name, version, (0, 0))
    return _read_table(folder, name, version, (written.st_ino, written.st_mtime_ns))


@lru_cache(maxsize=64)
def _read_table(folder: Path, name: str, version: int, _written: tuple[int, int]) -> StoredTable:
    """The table at a version, which never changes; a table that was made anew has another log, so another ``_written``."""
    opened, spec = open_table(folder, name, version), table(name)
    path = table_path(folder, name)
    logged: list[dict[str, Any]] = pa.table(opened.get_add_actions()).to_pylist()
    sizes: dict[Path, int] = {path / unquote(str(entry["path"])): entry["size_bytes"] for entry in logged}
    counts = [entry["num_records"] for entry in logged]
    return StoredTable(
        files=tuple(map(str, sorted(sizes))),
        sizes=tuple(sizes[file] for file in sorted(sizes)),
        missing=missing_columns(opened, spec),
        changed=changed_columns(opened, spec),
        is_uniform=is_uniform(opened),
        rows=None if None in counts else sum(counts),
    )


def _size(file: str) -> int | None:
    try:
        return Path(file).stat().st_size
    except OSError:
        return None


def data_files(lake: Path, name: str, catalog: Catalog) -> list[str]:
    """Parquet files of the table in the catalog's state; none where it was never written."""
    return list(stored_table(lake, name, catalog).files)


def log_path(folder: Path, name: str, version: int) -> Path:
    """The file of the Delta log that tells of one version."""
    return table_path(folder, name) / "_delta_log" / f"{version:020}.json"


def roll_back_uncommitted(lake: Path, catalog: Catalog) -> Catalog:
    """Undo what a batch that never committed has written. The caller holds the writer's lock.

    Returns the same state with the versions that the tables have by that, to go on from. Not visible yet.

    Raises:
        LakeError: a table of the state is gone or damaged: a write would make it anew, or go on without what it held.
    """
    for name in catalog.tables:
        stored, committed = stored_table(lake, name, catalog), catalog.rows.get(name)
        if committed is not None and stored.rows != committed:
            path = table_path(catalog.folder(lake), name)
            told = f"{stored.rows or 0:,} rows, {committed:,} were committed"
            raise LakeError(
                f"The log of the table {name} in {path} tells of {told}. {_REMEDIES.get(name, REMEDY)}"
            )
        if misfit := stored.misfit():
            raise LakeError(
                f"The file {misfit} is gone, or has not the size that was written. {_REMEDIES.get(name, REMEDY)}"
            )
    restored, folder = {}, catalog.folder(lake)
    for name in sorted(
        catalog.tables.keys() | tables().keys()
    ):  # other folders are not the lake's: a copy somebody made
        path, pinned = table_path(folder, name), catalog.tables.get(name)
        if not (path / "_delta_log").is_dir():
            continue
        if pinned is not None and not log_path(folder, name, pinned + 1).exists():
            continue
        with writing(path):
            try:
                written = delta_table(path)
            except TableNotFoundError:
                continue  # killed before its first commit: only files no log names
            if pinned is not None:
                written.restore(pinned, post_commithook_properties=HOOKS)
                restored[name] = int(written.version())
            elif table_files(path, written):
                written.delete(post_commithook_properties=HOOKS)
    return msgspec.structs.replace(catalog, tables=catalog.tables | restored)


def append(folder: Path, name: str, rows: pa.Table, *, batch_id: str) -> int:
    """Append rows as one Delta commit that names its batch; returns the new version. Not visible yet.

    Columns that the stored table lacks are added. The caller has rolled back what was uncommitted.

    Raises:
        LakeError: the table is stored in a shape that the declaration cannot be written to, or cannot be written (disk
            full, read-only, damaged); what is visible is untouched.
    """
    spec, path = table(name), table_path(folder, name)
    with writing(path):
        opened = delta_table(path) if deltalake.DeltaTable.is_deltatable(path.as_uri()) else None
        grows = opened is not None and must_grow(opened, spec, folder)
        deltalake.write_deltalake(
            path.as_uri() if opened is None else opened,
            rows.sort_by([(column, "ascending") for column in spec.sort_by]) if spec.sort_by else rows,
            mode="append",
            schema_mode="merge" if grows else None,
            partition_by=list(spec.partition_by) or None,
            description=made_with(rows.schema) if opened is None else None,
            commit_properties=_properties(batch_id),
            writer_properties=WRITER_PROPERTIES,
            post_commithook_properties=HOOKS,
        )
        opened = opened or delta_table(path)
        if opened.version() and opened.version() % CHECKPOINT_EVERY == 0:
            opened.create_checkpoint()
        return int(opened.version())


def mark(folder: Path, name: str, *, batch_id: str, updates: dict[str, Any], predicate: str) -> int:
    """Set columns of existing rows (``updates``: column to SQL expression); returns the new version.

    Raises:
        LakeError: the table cannot be written.
    """
    path = table_path(folder, name)
    with writing(path):
        written = delta_table(path)
        written.update(
            updates=updates, predicate=predicate, commit_properties=_properties(batch_id), post_commithook_properties=HOOKS,
        )  # fmt: skip
        return int(written.version())


def remove(folder: Path, name: str, *, batch_id: str, keys: list[str]) -> int:
    """Delete the rows with these keys from the table's current state (its one key column); returns the new version.

    Raises:
        LakeError: the table cannot be written.
    """
    path = table_path(folder, name)
    [column] = table(name).key
    listed = ", ".join("'" + key.replace("'", "''") + "'" for key in keys)
    with writing(path):
        written = delta_table(path)
        written.delete(
            f"{column} IN ({listed})",
            commit_properties=_properties(batch_id),
            post_commithook_properties=HOOKS,
        )
        return int(written.version())


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What goes wrong with the table's folder as a LakeError that names it."""
    try:
        yield
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise LakeError(
            f"The table in {path} cannot be written: {_one_line(error)}. What is visible stays as it was. Free space or "
            f"give write permission and run again; where the table is damaged: {REMEDY}"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(_COLOUR.sub("", str(error)).split()).rstrip(".")


def _properties(batch_id: str) -> deltalake.CommitProperties:
    return deltalake.CommitProperties(
        custom_metadata={"batch_id": batch_id},
        app_transactions=[deltalake.Transaction(app_id=batch_id, version=1)],
    )
