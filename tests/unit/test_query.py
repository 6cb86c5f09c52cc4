"""Users' SQL reads and does nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pipeline import stages
from pipeline.config import SAMPLES_DIR, Settings
from pipeline.errors import QueryError
from pipeline.lake.query import reading, run_query

ATTACKS = (
    "COPY (SELECT 1) TO '{lake}/evil.parquet'",
    "COPY articles TO '/tmp/out.csv'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM '{lake}/../airflow/jwt.key'",
    "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
    "SELECT * FROM glob('/*')",
    "INSTALL httpfs",
    "LOAD httpfs",
    "ATTACH '/tmp/other.duckdb'",
    "CREATE TABLE t AS SELECT 1",
    "DROP VIEW articles",
    "SET enable_external_access = true",
    "PRAGMA enable_profiling",
    "CALL pragma_version()",
    "EXPORT DATABASE '/tmp/export'",
    "DELETE FROM articles",
    "SELECT 1; SELECT 2",
    "CHECKPOINT",
    "SELECT getenv('HOME')",
    "not sql at all",
    "",
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root = tmp_path_factory.mktemp("lake")
    home = Settings(home=root, lake=root / "lake", workers=1)
    stages.run([SAMPLES_DIR / "articles" / "tigris_wire.jsonl"], home)
    return home


def _files(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }


@pytest.mark.parametrize("sql", ATTACKS)
def test_is_refused_and_changes_nothing(lake: Settings, sql: str) -> None:
    before = _files(lake.lake)
    with reading(lake.database, lake.lake) as connection, pytest.raises(QueryError):
        run_query(connection, sql.format(lake=lake.lake))
    assert _files(lake.lake) == before


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM articles",
        "FROM ledger",
        "DESCRIBE articles",
        "SUMMARIZE incident_reports",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
    ],
)
def test_is_answered(lake: Settings, sql: str) -> None:
    with reading(lake.database, lake.lake) as connection:
        assert run_query(connection, sql).num_rows >= 1


def test_an_endless_query_is_stopped(lake: Settings) -> None:
    with reading(lake.database, lake.lake) as connection, pytest.raises(QueryError, match="was stopped"):
        run_query(connection, "SELECT count(*) FROM range(1000000000) a, range(1000000000) b", seconds=0.2)
