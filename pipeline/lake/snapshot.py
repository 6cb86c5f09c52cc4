"""Reading one visible state of the lake with DuckDB: every view is a file list, so a reader keeps its snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import LakeError
from pipeline.lake.catalog import REMEDY, Catalog, read_catalog
from pipeline.lake.store import data_files
from pipeline.schema.tables import Column, Table, table, tables

_DUCKDB_SCALARS = {
    "string": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
}


def duckdb_type(kind: str) -> str:
    """The DuckDB type of a declared column type."""
    kind = kind.strip()
    if kind in _DUCKDB_SCALARS:
        return _DUCKDB_SCALARS[kind]
    if kind.startswith("list<"):
        return duckdb_type(kind[5:-1]) + "[]"
    fields = (part.split(":", 1) for part in kind[len("struct<") : -1].split(","))
    return "STRUCT(" + ", ".join(f'"{name.strip()}" {duckdb_type(inner)}' for name, inner in fields) + ")"


def sql_text(value: str) -> str:
    """A SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def rows_select(spec: Table, files: Sequence[str]) -> str:
    """A SELECT of all rows of a table from its Parquet files, with declared names, order and types."""
    if not files:
        empty = ", ".join(f'CAST(NULL AS {duckdb_type(c.type)}) AS "{c.name}"' for c in spec.columns)
        return f"SELECT {empty} WHERE false"
    listed = ", ".join(sql_text(file) for file in files)
    kinds = ", ".join(f"{sql_text(name)}: {_partition_type(spec, name)}" for name in spec.partition_by)
    partitioned = f", hive_partitioning = true, hive_types = {{{kinds}}}" if spec.partition_by else ""
    names = ", ".join(f'"{column.name}"' for column in spec.columns)
    return f"SELECT {names} FROM read_parquet([{listed}], union_by_name = true{partitioned})"


def _partition_type(spec: Table, name: str) -> str:
    column: Column = next(c for c in spec.columns if c.name == name)
    return duckdb_type(column.type)


DAMAGE = (duckdb.IOException, duckdb.InvalidInputException)
"""What DuckDB raises over a Parquet file that is gone, cut short or overwritten."""


@contextmanager
def readable(lake: Path) -> Iterator[None]:
    """What is wrong with the lake's files as a LakeError that names the file and what to do."""
    try:
        yield
    except DAMAGE as error:
        told = " ".join(str(error).split()).rstrip(".")
        raise LakeError(f"A file of the lake {lake} cannot be read: {told}. {REMEDY}") from error


def table_rows(
    lake: Path, catalog: Catalog, name: str, columns: Sequence[str] = ("*",)
) -> list[dict[str, Any]] | None:
    """The rows of one table, whatever state the others are in; ``None`` where it cannot be read."""
    try:
        select = rows_select(table(name), data_files(lake, name, catalog))
        with readable(lake), duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            found = connection.sql(f"SELECT {', '.join(columns)} FROM ({select})").to_arrow_table()
    except LakeError:
        return None
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


class Snapshot:
    """One visible state of the lake, opened for reading; every table is a view named after it."""

    def __init__(self, lake: Path, catalog: Catalog | None = None) -> None:
        self.catalog = read_catalog(lake) if catalog is None else catalog
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        for spec in tables().values():
            files = data_files(lake, spec.name, self.catalog)
            with readable(lake):
                self.connection.execute(f'CREATE VIEW "{spec.name}" AS {rows_select(spec, files)}')
        self._lake = lake

    def rows(self, query: str, parameters: Iterable[Any] = ()) -> list[dict[str, Any]]:
        """Run a query; one dict a row."""
        with readable(self._lake):
            return list(self.connection.sql(query, params=list(parameters)).to_arrow_table().to_pylist())

    def keys(self, name: str) -> set[tuple[Any, ...]]:
        """The keys of a table that are there."""
        columns = ", ".join(f'"{column}"' for column in table(name).key)
        with readable(self._lake):
            return set(self.connection.execute(f'SELECT {columns} FROM "{name}"').fetchall())

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
