"""The Delta tables of a lake: all writes go through here, and a write becomes visible only by the catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
from deltalake.exceptions import TableNotFoundError

from pipeline.errors import LakeError
from pipeline.lake.catalog import Catalog
from pipeline.schema.tables import table

_REMEDIES = dict.fromkeys(
    ("article_signatures", "near_duplicates"),
    "Make it again from the articles: incidents duplicates rebuild.",
)


def table_path(lake: Path, name: str) -> Path:
    """Folder of one Delta table."""
    return lake / name


def open_table(lake: Path, name: str, version: int) -> deltalake.DeltaTable:
    """The table at its pinned version.

    Raises:
        LakeError: the table or the version is missing.
    """
    try:
        return deltalake.DeltaTable(table_path(lake, name), version=version)
    except Exception as error:  # deltalake raises several unrelated kinds for a damaged log
        raise LakeError(
            f"Table {name} of the lake {lake} cannot be opened at version {version}: {error}. "
            f"{_REMEDIES.get(name, 'Restore the folder from a backup.')}"
        ) from error


def data_files(lake: Path, name: str, catalog: Catalog) -> list[str]:
    """Parquet files of the table in the catalog's state; none where it was never written."""
    if name not in catalog.tables:
        return []
    return sorted(open_table(lake, name, catalog.tables[name]).file_uris())


def roll_back_uncommitted(lake: Path, catalog: Catalog) -> None:
    """Undo what a batch that never committed has written. The caller holds the writer's lock."""
    for path in sorted(lake.iterdir()):
        if not (path / "_delta_log").is_dir():
            continue
        try:
            written = deltalake.DeltaTable(path)
        except TableNotFoundError:
            continue  # killed before its first commit: only files no log names
        pinned = catalog.tables.get(path.name)
        if pinned is None:
            written.delete()
        elif written.version() > pinned:
            written.restore(pinned)


def append(lake: Path, name: str, rows: pa.Table, *, batch_id: str) -> int:
    """Append rows as one Delta commit that names its batch; returns the new version. Not visible yet."""
    spec = table(name)
    deltalake.write_deltalake(
        table_path(lake, name),
        rows,
        mode="append",
        partition_by=list(spec.partition_by) or None,
        commit_properties=_properties(batch_id),
        writer_properties=deltalake.WriterProperties(compression="ZSTD", compression_level=3),
    )
    return int(deltalake.DeltaTable(table_path(lake, name)).version())


def mark(lake: Path, name: str, *, batch_id: str, updates: dict[str, Any], predicate: str) -> int:
    """Set columns of existing rows (``updates``: column to SQL expression); returns the new version."""
    written = deltalake.DeltaTable(table_path(lake, name))
    written.update(updates=updates, predicate=predicate, commit_properties=_properties(batch_id))
    return int(written.version())


def remove(lake: Path, name: str, *, batch_id: str, keys: list[str]) -> int:
    """Delete the rows with these keys from the table's current state (its one key column); returns the new version."""
    written = deltalake.DeltaTable(table_path(lake, name))
    [column] = table(name).key
    listed = ", ".join("'" + key.replace("'", "''") + "'" for key in keys)
    written.delete(f"{column} IN ({listed})", commit_properties=_properties(batch_id))
    return int(written.version())


def _properties(batch_id: str) -> deltalake.CommitProperties:
    return deltalake.CommitProperties(
        custom_metadata={"batch_id": batch_id},
        app_transactions=[deltalake.Transaction(app_id=batch_id, version=1)],
    )
