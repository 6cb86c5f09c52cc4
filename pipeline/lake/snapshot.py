"""Reading one visible state of the lake with DuckDB: every view is a file list, so a reader keeps its snapshot."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.errors import LakeError
from pipeline.lake.catalog import REMEDY, Catalog, read_catalog
from pipeline.lake.store import StoredTable, stored_table
from pipeline.schema.tables import Column, Table, table, tables

Row = dict[str, Any]
_WORD = re.compile(r"\w+")
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


def rows_select(spec: Table, stored: StoredTable) -> str:
    """A SELECT of all rows of a table from its Parquet files, with declared names, order and types."""
    if not stored.files:
        empty = ", ".join(_cast("NULL", column) for column in spec.columns)
        return f"SELECT {empty} WHERE false"
    listed = ", ".join(sql_text(file) for file in stored.files)
    kinds = ", ".join(f"{sql_text(name)}: {_partition_type(spec, name)}" for name in spec.partition_by)
    partitioned = f", hive_partitioning = true, hive_types = {{{kinds}}}" if spec.partition_by else ""
    names = ", ".join(_selected(column, stored) for column in spec.columns)
    # Looking for columns in all files opens each whenever a question is bound, however few it is about.
    united = "" if stored.is_uniform else ", union_by_name = true"
    return f"SELECT {names} FROM read_parquet([{listed}]{united}{partitioned})"


def _selected(column: Column, stored: StoredTable) -> str:
    """A column of a table as it is declared, from files of before it was stored or was changed too."""
    if column.name in stored.missing:
        return _cast("NULL", column)
    return _cast(f'"{column.name}"', column) if column.name in stored.changed else f'"{column.name}"'


def _cast(value: str, column: Column) -> str:
    return f'CAST({value} AS {duckdb_type(column.type)}) AS "{column.name}"'


def _partition_type(spec: Table, name: str) -> str:
    column: Column = next(c for c in spec.columns if c.name == name)
    return duckdb_type(column.type)


@contextmanager
def readable(lake: Path) -> Iterator[None]:
    """What is wrong with the lake's files as a LakeError that names the file and what to do."""
    try:
        yield
    except duckdb.Error as error:  # of several unrelated kinds, by what is wrong with a Parquet file
        told = " ".join(str(error).split()).rstrip(".")
        raise LakeError(f"A file of the lake {lake} cannot be read: {told}. {REMEDY}") from error


def table_rows(
    lake: Path, catalog: Catalog, name: str, columns: Sequence[str] = ("*",)
) -> list[dict[str, Any]] | None:
    """The rows of one table, whatever state the others are in; ``None`` where it cannot be read, or its log has lost some."""
    try:
        stored = stored_table(lake, name, catalog)
        if stored.rows != catalog.rows.get(name, stored.rows):
            return None
        select = rows_select(table(name), stored)
        with readable(lake), duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            found = connection.sql(f"SELECT {', '.join(columns)} FROM ({select})").to_arrow_table()
    except LakeError:
        return None
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


class Snapshot:
    """One visible state of the lake, for reading; a table is a view named after it, opened when a query first names it."""

    def __init__(self, lake: Path, catalog: Catalog | None = None) -> None:
        self.catalog = read_catalog(lake) if catalog is None else catalog
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute("SET parquet_metadata_cache = true")
        self._lake = lake
        self._opened: set[str] = set()

    def open(self, *names: str) -> None:
        """Make the views of tables, where they are not there yet.

        Raises:
            LakeError: a table is damaged.
        """
        for name in set(names) - self._opened:
            select = rows_select(table(name), stored_table(self._lake, name, self.catalog))
            with readable(self._lake):
                self.connection.execute(f'CREATE VIEW "{name}" AS {select}')
            self._opened.add(name)

    def is_uniform(self, name: str) -> bool:
        """Whether the table has the columns that it was made with: none was added since."""
        return stored_table(self._lake, name, self.catalog).is_uniform

    def rows(self, query: str, parameters: Iterable[Any] = ()) -> list[Row]:
        """Run a query; one dict a row."""
        self.open(*(tables().keys() & set(_WORD.findall(query))))
        with readable(self._lake):
            return list(self.connection.sql(query, params=list(parameters)).to_arrow_table().to_pylist())

    def execute(self, statement: str, parameters: Iterable[Any] = ()) -> None:
        """Run a statement that gives no rows, such as one that makes a table of intermediate results."""
        self.open(*(tables().keys() & set(_WORD.findall(statement))))
        with readable(self._lake):
            self.connection.execute(statement, list(parameters))

    def matching(
        self, name: str, columns: Sequence[str], by: Sequence[str], wanted: Collection[tuple[Any, ...]]
    ) -> list[Row]:
        """Columns of the rows of a table whose values in ``by`` are among the wanted ones."""
        if not wanted or name not in self.catalog.tables:
            return []
        kinds = table(name).arrow_schema
        asked = zip(*wanted, strict=True)
        schema = pa.schema([kinds.field(column) for column in by])
        arrays = [
            pa.array(values, kinds.field(column).type) for column, values in zip(by, asked, strict=True)
        ]
        self.connection.register("wanted", pa.Table.from_arrays(arrays, schema=schema))
        try:
            return self.rows(
                f'SELECT {_quoted(columns)} FROM "{name}" SEMI JOIN wanted USING ({_quoted(by)})'
            )
        finally:
            self.connection.unregister("wanted")

    def held(self, name: str, by: Sequence[str], wanted: Collection[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
        """The keys of the rows of a table whose values in ``by`` are among the wanted ones."""
        return {tuple(row.values()) for row in self.matching(name, table(name).key, by, wanted)}

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
