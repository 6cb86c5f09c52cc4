"""Several writers and readers at once: a batch is published once, and a reader sees whole states only (drills R-4 and R-5)."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bench.speed.staged import article_row, stage_batch
from pipeline.batches.maintenance import compact_lake, vacuum_lake
from pipeline.batches.publication import publish, published_ledger
from pipeline.batches.staging import StagedBatch
from pipeline.config import Settings
from pipeline.errors import ContractError
from pipeline.lake.catalog import read_catalog
from pipeline.lake.database import open_database
from pipeline.lake.snapshot import Snapshot

PROCESSES = multiprocessing.get_context("spawn")
ARTICLES = 2
COUNTS = (
    "SELECT (SELECT count(*) FROM {schema}articles), (SELECT count(*) FROM {schema}incident_reports), "
    "(SELECT count(*) FROM {schema}article_signatures), (SELECT coalesce(sum(rows_accepted), 0)::BIGINT FROM {schema}batches)"
)


def _settings(root: Path) -> Settings:
    return Settings(home=root, lake=root / "lake", workers=1)


def _stage(home: Settings, number: int) -> str:
    articles = [article_row(number * ARTICLES + n) for n in range(ARTICLES)]
    return stage_batch(home, f"b-{number:05}", articles).batch_id


def _publish(home: Settings, batch_id: str) -> None:
    """As ``stages.finish`` does: a twin that comes too late finds the batch published, or its staging folder cleared."""
    try:
        publish(StagedBatch(home.staging, batch_id), home, now=dt.datetime.now(dt.UTC))
    except ContractError:
        if published_ledger(batch_id, home.lake) is None:
            raise


def _run(work: Callable[..., None], *given: Any) -> Any:
    process = PROCESSES.Process(target=work, args=given)
    process.start()
    return process


def _publish_all(root: str, batches: int, start: Any) -> None:
    """One of the writers: every batch, each together with the others."""
    home = _settings(Path(root))
    for number in range(batches):
        start.wait()
        _publish(home, f"b-{number:05}")


def _race(root: Path, rounds: int, writers: int) -> None:
    home = _settings(root)
    for number in range(rounds):
        _stage(home, number)
    start = PROCESSES.Barrier(writers)
    racing = [_run(_publish_all, str(root), rounds, start) for _ in range(writers)]
    for process in racing:
        process.join(timeout=120 + 20 * rounds)
    assert [process.exitcode for process in racing] == [0] * writers
    with Snapshot(home.lake) as snapshot:
        [told] = snapshot.rows("SELECT count(*) AS rows, count(DISTINCT batch_id) AS batches FROM batches")
        assert told == {"rows": rounds, "batches": rounds}
        for name, key in (("articles", "article_id"), ("incident_reports", "report_id")):
            [held] = snapshot.rows(f"SELECT count(*) AS n, count(DISTINCT {key}) AS d FROM {name}")
            assert held == {"n": rounds * ARTICLES, "d": rounds * ARTICLES}


def _commit_all(root: str, commits: int, vacuum_every: int) -> None:
    """The writer of the reader's drill: commits, with compactions and vacuums in between."""
    home = _settings(Path(root))
    for number in range(commits):
        _publish(home, _stage(home, number))
        if number % 7 == 6:
            compact_lake(home)
        if vacuum_every and number % vacuum_every == vacuum_every - 1:
            vacuum_lake(home, retain=dt.timedelta(minutes=5))


def _seen(home: Settings, way: str) -> tuple[int, ...]:
    """What a reader counts, by way of the tables or of the database file."""
    if way == "tables":
        with Snapshot(home.lake) as snapshot:
            [row] = snapshot.rows(COUNTS.format(schema=""))
            return tuple(row.values())
    with open_database(home.database) as connection:
        [found] = connection.execute(COUNTS.format(schema="main.")).fetchall()
        return tuple(found)


def _poll(root: Path, commits: int, vacuum_every: int = 0) -> int:
    home = _settings(root)
    _publish(home, _stage(home, commits))  # so that there is a database to read from the start
    committed = {(ARTICLES * n, ARTICLES * n, ARTICLES * n, 2 * ARTICLES * n) for n in range(1, commits + 2)}
    writer = _run(_commit_all, str(root), commits, vacuum_every)
    chance, polls, last = random.Random(1), 0, {"tables": 0, "file": 0}
    while writer.is_alive():
        way = chance.choice(list(last))
        counts = _seen(home, way)
        assert counts in committed
        assert counts[0] >= last[way]
        last[way] = counts[0]
        polls += 1
    writer.join()
    assert writer.exitcode == 0
    assert (
        _seen(home, "tables")
        == _seen(home, "file")
        == (*[ARTICLES * (commits + 1)] * 3, 2 * ARTICLES * (commits + 1))
    )
    assert read_catalog(home.lake).version > commits + commits // 7
    return polls


@pytest.mark.parametrize("writers", [2, 4])
def test_writers_of_the_same_batch_publish_it_once(tmp_path: Path, writers: int) -> None:
    _race(tmp_path, 3, writers)


@pytest.mark.drill
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("writers", [2, 3, 4])
def test_two_hundred_rounds_of_writers_of_the_same_batch_publish_each_once(
    tmp_path: Path, writers: int
) -> None:
    _race(tmp_path, 200, writers)


def test_a_reader_sees_whole_states_only_through_commits_and_compactions(tmp_path: Path) -> None:
    assert _poll(tmp_path, 8) > 0


@pytest.mark.drill
@pytest.mark.timeout(7200)
def test_a_reader_sees_whole_states_only_through_a_thousand_commits(tmp_path: Path) -> None:
    assert _poll(tmp_path, 1000, vacuum_every=100) > 1000


@pytest.mark.parametrize("fails", [False, True])
def test_a_database_that_is_replaced_while_it_is_opened_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    path, real, opened = tmp_path / "incidents.duckdb", duckdb.connect, []
    for number in range(3):
        with duckdb.connect(str(tmp_path / f"{number}.duckdb")) as connection:
            connection.execute(f"CREATE TABLE told AS SELECT {number} AS number")
    (tmp_path / "0.duckdb").replace(path)

    def replaced_meanwhile(name: str, **settings: Any) -> duckdb.DuckDBPyConnection:
        connection = real(name, **settings)
        opened.append(connection)
        if len(opened) < 3:
            (tmp_path / f"{len(opened)}.duckdb").replace(path)
            if fails:
                connection.close()
                raise duckdb.IOException("No more data remaining in MetadataReader")
        return connection

    monkeypatch.setattr("pipeline.lake.database.duckdb.connect", replaced_meanwhile)
    with open_database(path) as connection:
        assert connection.execute("SELECT number FROM told").fetchall() == [(2,)]
    assert len(opened) == 3


def test_a_database_that_cannot_be_opened_says_so_at_once(tmp_path: Path) -> None:
    (tmp_path / "incidents.duckdb").write_bytes(b"no database")
    with pytest.raises(duckdb.Error):
        open_database(tmp_path / "incidents.duckdb")
    with pytest.raises(duckdb.Error):
        open_database(tmp_path / "nowhere.duckdb")
