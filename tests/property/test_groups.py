"""Groups, and which of their articles do not count, are the same carried over from an earlier state's file as made of all pairs."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any
from zlib import crc32

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.speed.staged import blank_row
from pipeline.batches.duplicates import duplicate_rows
from pipeline.batches.supersession import catch_up, superseded_rows
from pipeline.lake import groups
from pipeline.lake.catalog import Catalog, read_catalog, write_catalog
from pipeline.lake.counting import UNCOUNTED_TABLE
from pipeline.lake.duplicates import GROUPS_TABLE
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.store import append, remove
from pipeline.lake.supersession import SUPERSEDED
from pipeline.lake.views import refresh_database, write_database
from pipeline.schema.tables import arrow_table
from pipeline.text.near_duplicates import MAX_NEIGHBOURS
from tests.property.test_duplicates import ARTICLES, Row, article_row


def _commit(lake: Path, number: int, batch: list[Row]) -> None:
    """Publish the articles that are new, as one commit."""
    catalog = catch_up(lake, read_catalog(lake), batch_id=f"b-{number}")
    with Snapshot(lake, catalog) as snapshot:
        new = {(row["article_id"], row["version"]): row for row in batch}
        held = snapshot.held("articles", ("article_id", "version"), new.keys())
        articles = [row for key, row in new.items() if key not in held]
        rows = {"articles": articles, SUPERSEDED: superseded_rows(snapshot, articles, batch_id="b")}
        rows |= duplicate_rows(snapshot, articles, batch_id="b")
        rows["incident_reports"] = _reports(articles, number)
        known = snapshot.rows("SELECT report_id FROM incident_reports ORDER BY hash(report_id) LIMIT 2")
    tables = dict(catalog.tables)
    if number % 2 and known:
        gone = [row["report_id"] for row in known]
        tables["incident_reports"] = remove(lake, "incident_reports", batch_id="b", keys=gone)
    for name, found in rows.items():
        if found:
            tables[name] = append(lake, name, arrow_table(name, found), batch_id=f"b-{number}")
    write_catalog(lake, Catalog(catalog.version + 1, tables, f"b-{number}"))


def _reports(articles: list[Row], number: int) -> list[Row]:
    """None to three reports of each article, some of what did not happen."""
    told = [(row, n) for row in articles for n in range(crc32(row["version"].encode()) % 4)]
    return [
        blank_row("incident_reports") | {
            "report_id": f"r-{number}-{row['version']}-{n}", "article_id": row["article_id"], "article_version": row["version"],
            "status": "foiled" if n == 2 else "actual",
        }
        for row, n in told
    ]  # fmt: skip


def _groups(database: Path) -> list[Any]:
    """The groups, and the articles in them that do not count."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return [
            connection.execute(f"FROM {name} ORDER BY ALL").fetchall()
            for name in (GROUPS_TABLE, UNCOUNTED_TABLE)
        ]


def _all_again(lake: Path) -> list[Any]:
    """What all pairs and reports give."""
    fresh = lake.parent / f"fresh-{read_catalog(lake).version}.duckdb"
    write_database(fresh, lake, read_catalog(lake))
    return _groups(fresh)


@given(
    st.lists(ARTICLES, max_size=24, unique=True),
    st.randoms(use_true_random=False),
    st.integers(2, 5),
    st.integers(0, 5),
)
@settings(max_examples=4, deadline=None)
def test_carried_over_groups_are_those_of_all_pairs(
    specs: list[tuple[int, int, int]], order: random.Random, cuts: int, missed: int
) -> None:
    crowd = [article_row(100 + number, number % 3, number % 4) for number in range(4 * MAX_NEIGHBOURS)]
    rows = [*crowd, *(article_row(*spec) for spec in specs)]
    order.shuffle(rows)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        carried: list[bool] = []
        real = groups._carry_over
        patch.setattr(groups, "_carry_over", lambda *given: carried.append(real(*given)) or carried[-1])
        lake, database = Path(folder) / "lake", Path(folder) / "incidents.duckdb"
        lake.mkdir()
        for number in range(cuts):
            _commit(lake, number, rows[number::cuts])
            if number != missed:  # a run may die before the file is made: the next carries over two commits
                refresh_database(database, lake)
                assert _groups(database) == _all_again(lake)
        assert carried == [True] * (len(carried))
        assert len(carried) >= cuts - 2


def test_groups_of_another_lake_are_not_carried_over() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "incidents.duckdb"
        for name, commits in (("one", 1), ("two", 2)):
            lake = Path(folder) / name
            lake.mkdir()
            for number in range(commits):
                _commit(lake, number, [article_row(10 * number + n, commits, n) for n in range(3)])
            refresh_database(database, lake)
        assert _groups(database) == _all_again(lake)
