"""Users' SQL against ``incidents.duckdb``: reading only, without network or other files, within limits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.errors import QueryError
from pipeline.lake.catalog import REMEDY
from pipeline.lake.snapshot import sql_text

MEMORY_LIMIT = "4GB"
QUERY_SECONDS = 300.0
_DAMAGE_WORDS = (".parquet", "TProtocolException", "Decompression")
"""What DuckDB says over a file that is gone, cut short or overwritten."""
_READING = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.RELATION}


@contextmanager
def reading(database: Path, lake: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the views and the lake's files, and nothing else.

    Raises:
        QueryError: there is no database yet.
    """
    if not database.exists():
        raise QueryError(f"There is no {database} yet. Publish articles first: incidents run PATH.")
    connection = duckdb.connect(str(database), read_only=True)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET autoload_known_extensions = false")
        connection.execute(f"SET allowed_directories = [{sql_text(str(lake))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def run_query(connection: duckdb.DuckDBPyConnection, sql: str, *, seconds: float = QUERY_SECONDS) -> pa.Table:
    """Run one statement that reads; stops it after ``seconds``.

    Raises:
        QueryError: the SQL is wrong, is more than one statement, writes, or takes too long.
    """
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(f"The SQL cannot be read: {error}") from error
    if len(statements) != 1 or statements[0].type not in _READING:
        raise QueryError(
            "Only one statement that reads is allowed: SELECT, WITH, FROM, DESCRIBE, SUMMARIZE, SHOW, EXPLAIN."
        )
    timer = threading.Timer(seconds, connection.interrupt)
    timer.start()
    try:
        relation = connection.sql(statements[0])
        return pa.table({}) if relation is None else relation.to_arrow_table()
    except duckdb.InterruptException as error:
        raise QueryError(
            f"The query took more than {seconds:g} seconds and was stopped. Narrow it down."
        ) from error
    except duckdb.Error as error:
        is_damage = isinstance(error, duckdb.IOException) or any(word in str(error) for word in _DAMAGE_WORDS)
        raise QueryError(f"{error}. {REMEDY}" if is_damage else str(error)) from error
    finally:
        timer.cancel()
