"""Compaction: the small files that many small batches leave are written together, as a commit of the same rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import deltalake
import msgspec
import pyarrow as pa

from pipeline.lake.catalog import Catalog, Operation, write_catalog
from pipeline.lake.checksums import sealed
from pipeline.lake.store import (
    HOOKS,
    WRITER_PROPERTIES,
    delta_table,
    open_table,
    table_files,
    table_path,
    writing,
)

TARGET_BYTES = 32 << 20
"""Files of this size are left alone, so that a row is written again a bounded number of times however the lake grows."""
MAX_SMALL_FILES = 32
"""A table is compacted after a publish where that takes away so many files. A question opens every file of the partitions it reads,
and making the views does so for all of them, at 0.1 to 0.4 ms each by the number of columns (`python -m bench.speed.commits`)."""
COMMITS_BETWEEN_LOOKS = 8
"""Commits after which a publish looks whether a table is to be compacted."""


def superfluous_files(opened: deltalake.DeltaTable) -> int:
    """How many files fewer the table has when the small ones of each partition are one."""
    files = pa.table(opened.get_add_actions(flatten=True))
    partitions = [name for name in files.column_names if name.startswith("partition.")]
    small = [row for row in files.to_pylist() if row["size_bytes"] < TARGET_BYTES]
    found = Counter(tuple(row[name] for name in partitions) for row in small)
    return sum(count - 1 for count in found.values())


def compact(
    lake: Path, catalog: Catalog, *, at_least: int = 1, now: dt.datetime | None = None
) -> tuple[Catalog, Mapping[str, int]]:
    """Compact each table where that takes ``at_least`` so many files away; commits, as of ``now``, where there is one.

    The caller holds the writer's lock and has rolled back what was uncommitted. Returns the visible state, and by table
    how many files fewer it has.
    """
    tables, fewer = dict(catalog.tables), {}
    folder = catalog.folder(lake)
    for name, version in catalog.tables.items():
        if superfluous_files(open_table(folder, name, version)) < at_least:
            continue
        path = table_path(folder, name)
        with writing(path):
            written = delta_table(path)
            before = len(table_files(path, written))
            written.optimize.compact(
                target_size=TARGET_BYTES,
                max_concurrent_tasks=1,
                writer_properties=WRITER_PROPERTIES,
                post_commithook_properties=HOOKS,
            )
            after = len(table_files(path, written))
            if after < before:
                written.create_checkpoint()
        if after < before:
            tables[name] = int(written.version())
            fewer[name] = before - after
    if fewer:
        made = msgspec.structs.replace(
            catalog, version=catalog.version + 1, tables=tables, operation=Operation.COMPACT
        )
        catalog = write_catalog(lake, sealed(lake, catalog, made), now=now)
    return catalog, fewer
