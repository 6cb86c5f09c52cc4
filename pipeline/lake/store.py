"""The Delta tables of a lake: all writes go through here, and a write becomes visible only by the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
from deltalake.exceptions import DeltaError, TableNotFoundError

from pipeline.errors import LakeError
from pipeline.lake.catalog import REMEDY, Catalog
from pipeline.schema.tables import table

_REMEDIES = dict.fromkeys(
    ("article_signatures", "near_duplicates"),
    "Make it again from the articles: `incidents duplicates rebuild`.",
)


def table_path(folder: Path, name: str) -> Path:
    """Folder of one Delta table; ``folder`` is where the tables of a state lie (``Catalog.folder``)."""
    return folder / name


def open_table(folder: Path, name: str, version: int) -> deltalake.DeltaTable:
    """The table at its pinned version.

    Raises:
        LakeError: the table or the version is missing.
    """
    path = table_path(folder, name)
    try:
        return deltalake.DeltaTable(path, version=version)
    except Exception as error:  # deltalake raises several unrelated kinds for a damaged log
        raise LakeError(
            f"Table {name} in {path} cannot be opened at version {version}: {_one_line(error)}. "
            f"{_REMEDIES.get(name, REMEDY)}"
        ) from error


def data_files(lake: Path, name: str, catalog: Catalog) -> list[str]:
    """Parquet files of the table in the catalog's state; none where it was never written."""
    if name not in catalog.tables:
        return []
    return sorted(open_table(catalog.folder(lake), name, catalog.tables[name]).file_uris())


def roll_back_uncommitted(lake: Path, catalog: Catalog) -> None:
    """Undo what a batch that never committed has written. The caller holds the writer's lock."""
    for path in sorted(catalog.folder(lake).iterdir()):
        if not (path / "_delta_log").is_dir():
            continue
        with _writing(path):
            try:
                written = deltalake.DeltaTable(path)
            except TableNotFoundError:
                continue  # killed before its first commit: only files no log names
            pinned = catalog.tables.get(path.name)
            if pinned is None:
                written.delete()
            elif written.version() > pinned:
                written.restore(pinned)


def append(folder: Path, name: str, rows: pa.Table, *, batch_id: str) -> int:
    """Append rows as one Delta commit that names its batch; returns the new version. Not visible yet.

    Raises:
        LakeError: the table cannot be written (disk full, read-only, damaged); what is visible is untouched.
    """
    spec = table(name)
    path = table_path(folder, name)
    with _writing(path):
        deltalake.write_deltalake(
            path,
            rows,
            mode="append",
            partition_by=list(spec.partition_by) or None,
            commit_properties=_properties(batch_id),
            writer_properties=deltalake.WriterProperties(compression="ZSTD", compression_level=3),
        )
        return int(deltalake.DeltaTable(path).version())


def mark(folder: Path, name: str, *, batch_id: str, updates: dict[str, Any], predicate: str) -> int:
    """Set columns of existing rows (``updates``: column to SQL expression); returns the new version.

    Raises:
        LakeError: the table cannot be written.
    """
    path = table_path(folder, name)
    with _writing(path):
        written = deltalake.DeltaTable(path)
        written.update(updates=updates, predicate=predicate, commit_properties=_properties(batch_id))
        return int(written.version())


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """What goes wrong with the table's folder as a LakeError that names it."""
    try:
        yield
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise LakeError(
            f"The table in {path} cannot be written: {_one_line(error)}. Nothing of the batch is visible. Free space or "
            f"give write permission and run again; where the table is damaged: {REMEDY}"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")


def _properties(batch_id: str) -> deltalake.CommitProperties:
    return deltalake.CommitProperties(
        custom_metadata={"batch_id": batch_id},
        app_transactions=[deltalake.Transaction(app_id=batch_id, version=1)],
    )
