"""The Delta tables of a lake: all writes go through here, and a write becomes visible only by the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deltalake
import msgspec
import pyarrow as pa
from deltalake.exceptions import TableNotFoundError

from pipeline.errors import LakeError
from pipeline.lake.catalog import Catalog
from pipeline.lake.evolution import changed_columns, missing_columns, must_grow
from pipeline.schema.tables import table

CHECKPOINT_EVERY = 20
"""Versions after which a table's log is summed up: whoever opens it reads so many commits at most. A checkpoint takes as long as
three commits, so it costs a twentieth of the time of each, and opening stays below 10 ms (`python -m bench.speed.commits`)."""
HOOKS = deltalake.PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
"""Delta's own upkeep is off: it would drop logs after 30 days that a kept state still needs (`pipeline/lake/vacuum.py` knows)."""
WRITER_PROPERTIES = deltalake.WriterProperties(compression="ZSTD", compression_level=3)
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


@dataclass(frozen=True)
class StoredTable:
    """A table as one state of the lake holds it."""

    files: list[str]
    """Its Parquet files."""
    missing: frozenset[str] = frozenset()
    """Declared columns that were not stored yet."""
    changed: frozenset[str] = frozenset()
    """Columns stored in another type than declared."""


def stored_table(lake: Path, name: str, catalog: Catalog) -> StoredTable:
    """The table in the catalog's state; without files where it was never written."""
    if name not in catalog.tables:
        return StoredTable([])
    opened = open_table(lake, name, catalog.tables[name])
    spec = table(name)
    return StoredTable(
        sorted(opened.file_uris()), missing_columns(opened, spec), changed_columns(opened, spec)
    )


def data_files(lake: Path, name: str, catalog: Catalog) -> list[str]:
    """Parquet files of the table in the catalog's state; none where it was never written."""
    return stored_table(lake, name, catalog).files


def log_path(lake: Path, name: str, version: int) -> Path:
    """The file of the Delta log that tells of one version."""
    return table_path(lake, name) / "_delta_log" / f"{version:020}.json"


def roll_back_uncommitted(lake: Path, catalog: Catalog) -> Catalog:
    """Undo what a batch that never committed has written. The caller holds the writer's lock.

    Returns the same state with the versions that the tables have by that, to go on from. Not visible yet.
    """
    restored = {}
    for path in sorted(lake.iterdir()):
        pinned = catalog.tables.get(path.name)
        if not (path / "_delta_log").is_dir():
            continue
        if pinned is not None and not log_path(lake, path.name, pinned + 1).exists():
            continue
        try:
            written = deltalake.DeltaTable(path)
        except TableNotFoundError:
            continue  # killed before its first commit: only files no log names
        if pinned is not None:
            written.restore(pinned, post_commithook_properties=HOOKS)
            restored[path.name] = int(written.version())
        elif written.file_uris():
            written.delete(post_commithook_properties=HOOKS)
    return msgspec.structs.replace(catalog, tables=catalog.tables | restored)


def append(lake: Path, name: str, rows: pa.Table, *, batch_id: str) -> int:
    """Append rows as one Delta commit that names its batch; returns the new version. Not visible yet.

    Columns that the stored table lacks are added. The caller has rolled back what was uncommitted.

    Raises:
        LakeError: the table is stored in a shape that the declaration cannot be written to.
    """
    spec, path = table(name), table_path(lake, name)
    opened = deltalake.DeltaTable(path) if deltalake.DeltaTable.is_deltatable(str(path)) else None
    grows = opened is not None and must_grow(opened, spec, lake)
    deltalake.write_deltalake(
        path if opened is None else opened,
        rows.sort_by([(column, "ascending") for column in spec.sort_by]) if spec.sort_by else rows,
        mode="append",
        schema_mode="merge" if grows else None,
        partition_by=list(spec.partition_by) or None,
        commit_properties=_properties(batch_id),
        writer_properties=WRITER_PROPERTIES,
        post_commithook_properties=HOOKS,
    )
    opened = opened or deltalake.DeltaTable(path)
    if opened.version() % CHECKPOINT_EVERY == 0:
        opened.create_checkpoint()
    return int(opened.version())


def mark(lake: Path, name: str, *, batch_id: str, updates: dict[str, Any], predicate: str) -> int:
    """Set columns of existing rows (``updates``: column to SQL expression); returns the new version."""
    written = deltalake.DeltaTable(table_path(lake, name))
    written.update(
        updates=updates, predicate=predicate, commit_properties=_properties(batch_id), post_commithook_properties=HOOKS,
    )  # fmt: skip
    return int(written.version())


def _properties(batch_id: str) -> deltalake.CommitProperties:
    return deltalake.CommitProperties(
        custom_metadata={"batch_id": batch_id},
        app_transactions=[deltalake.Transaction(app_id=batch_id, version=1)],
    )
