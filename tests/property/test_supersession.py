"""The set of superseded versions: the same in whatever order and batches versions come, and what sorting all of them gives."""

from __future__ import annotations

import datetime as dt
import random
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.speed.staged import START, blank_row, report_row
from pipeline.batches.supersession import catch_up, superseded_rows
from pipeline.lake.catalog import Catalog
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.store import append
from pipeline.lake.supersession import SUPERSEDED, misjudged_select
from pipeline.lake.views import write_database
from pipeline.schema.tables import arrow_table

Row = dict[str, Any]
VERSION = st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from("pqrs"))
"""Article, hour of publication, key: several versions of one time among them."""


def _row(article: int, hour: int, key: str) -> Row:
    moment = START + dt.timedelta(hours=hour)
    return blank_row("articles") | {
        "article_id": f"a-{article}", "version": f"v-{article}-{hour}-{key}", "published_at": moment,
        "published_on": moment.date(), "published_year": moment.year,
    }  # fmt: skip


def _published(lake: Path, batches: list[list[Row]], *, caught_up_first: bool) -> Catalog:
    """A lake of the batches; with ``caught_up_first`` false the set is made from all articles at the end."""
    catalog = Catalog()
    if caught_up_first:
        catalog = catch_up(lake, catalog, batch_id="b")
    for batch in batches:
        rows = {"articles": batch, "incident_reports": [report_row(row) for row in batch]}
        if caught_up_first:
            with Snapshot(lake, catalog) as snapshot:
                rows[SUPERSEDED] = superseded_rows(snapshot, batch, batch_id="b")
        versions = {
            name: append(lake, name, arrow_table(name, found), batch_id="b")
            for name, found in rows.items()
            if found
        }
        catalog = Catalog(1, catalog.tables | versions)
    return catch_up(lake, catalog, batch_id="b")


def _shown(lake: Path, catalog: Catalog) -> dict[str, list[Any]]:
    """The set, and what the views show with it and without it."""
    with Snapshot(lake, catalog) as snapshot:
        assert snapshot.rows(misjudged_select("articles")) == []
        kept = [tuple(row.values()) for row in snapshot.rows(f"SELECT article_id, version FROM {SUPERSEDED}")]
    assert len(kept) == len(set(kept))
    found: dict[str, list[Any]] = {"set": sorted(kept)}
    before = Catalog(1, {name: v for name, v in catalog.tables.items() if name != SUPERSEDED})
    for what, state in (("with", catalog), ("without", before)):
        write_database(lake.parent / "views.duckdb", lake, state)
        with duckdb.connect(str(lake.parent / "views.duckdb"), read_only=True) as connection:
            found[what] = [
                connection.execute(f"SELECT {columns} FROM {name} ORDER BY ALL").fetchall()
                for name, columns in (
                    ("articles", "article_id, version"),
                    ("incident_reports", "article_id, article_version"),
                )
            ]
    assert found["with"] == found["without"]
    return found


@given(
    st.lists(VERSION, min_size=1, max_size=12, unique=True),
    st.randoms(use_true_random=False),
    st.integers(1, 4),
)
@settings(max_examples=5, deadline=None)
def test_order_and_batches_do_not_matter_to_the_superseded_versions(
    specs: list[tuple[int, int, str]], order: random.Random, cuts: int
) -> None:
    rows = [_row(*spec) for spec in specs]
    shuffled = order.sample(rows, len(rows))
    batches = [batch for n in range(cuts) if (batch := shuffled[n::cuts])]
    with tempfile.TemporaryDirectory() as folder:
        whole, cut = Path(folder) / "whole", Path(folder) / "cut"
        for lake in (whole, cut):
            lake.mkdir()
        expected = _shown(whole, _published(whole, [rows], caught_up_first=False))
        assert _shown(cut, _published(cut, batches, caught_up_first=True)) == expected
        current = {row["article_id"] for row in rows}
        assert len(expected["set"]) == len(rows) - len(current)
