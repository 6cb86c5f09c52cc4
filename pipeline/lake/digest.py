"""An order-free digest of what a lake says: equal for lakes filled from the same inputs in any order and any chunks."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import orjson

from pipeline.lake.database import open_database
from pipeline.schema.tables import Table, tables

BOOKKEEPING = {"batches", "quality_results", "revisions", "reprocessed_versions"}
"""Tables that tell how the work was cut into batches, and what was published before."""


def lake_digest(database: Path) -> dict[str, str]:
    """Row count and digest of what each table says, as the main schema shows it."""
    with open_database(database) as connection:
        return {
            spec.name: _digest(connection, spec) for spec in tables().values() if spec.name not in BOOKKEEPING
        }


def _digest(connection: duckdb.DuckDBPyConnection, spec: Table) -> str:
    names = ", ".join(f'"{name}"' for name in (*spec.content_columns, *(c.name for c in spec.view_columns)))
    rows = connection.sql(f'SELECT {names} FROM main."{spec.name}"').to_arrow_table().to_pylist()
    lines = sorted(orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in rows)
    joined = b"\n".join(lines)
    return f"{len(lines)} rows, sha256 {hashlib.sha256(joined).hexdigest()}"
