"""A lake that an older product wrote: columns that came later are NULL and are stored from the next write on; other changes are refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import pyarrow as pa
import pytest

from bench.speed.staged import article_row, blank_row, report_row, stage_batch
from pipeline import stages
from pipeline.batches.history import history
from pipeline.batches.lake_check import check_lake
from pipeline.batches.maintenance import compact_lake
from pipeline.batches.publication import publish, published_ledger
from pipeline.batches.rebuild import rebuild
from pipeline.batches.reporting import report_data
from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.lake.catalog import Catalog, write_catalog
from pipeline.lake.history import state
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.store import append, stored_table
from pipeline.lake.views import database_as_of, write_database
from pipeline.schema.tables import arrow_table, table, tables
from tests.articles import record

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NEWER = {
    "articles": ["text_flags", "charset", "published_at_certainty"],
    "batches": ["source", "items_gated", "rows_retracted"],
    "incident_reports": ["abducted"],
}


def old_lake(root: Path, tables: dict[str, pa.Table]) -> Settings:
    """A lake of one commit as an older product made it."""
    home = Settings(home=root, lake=root / "lake", workers=1)
    for name, rows in tables.items():
        partitions = list(table(name).partition_by) or None
        deltalake.write_deltalake(home.lake / name, rows, partition_by=partitions)
    write_catalog(home.lake, Catalog(1, dict.fromkeys(tables, 0), "b-old"))
    return home


@pytest.fixture
def reduced(tmp_path: Path) -> Settings:
    """A lake without the newer columns of its tables, and without the tables that came later."""
    article = article_row(1)
    batch = blank_row("batches") | {"batch_id": "b-old"}
    rows = {"articles": [article], "incident_reports": [report_row(article)], "batches": [batch]}
    made = {name: arrow_table(name, found).drop_columns(NEWER[name]) for name, found in rows.items()}
    return old_lake(tmp_path, made)


def _rows(home: Settings, sql: str, version: int | None = None) -> list[dict[str, Any]]:
    with Snapshot(home.lake, None if version is None else state(home.lake, version)) as snapshot:
        return snapshot.rows(sql)


def test_columns_that_came_later_are_null_in_an_old_lake(reduced: Settings) -> None:
    assert _rows(reduced, "SELECT title, charset, text_flags FROM articles") == [
        {"title": "Article 1", "charset": None, "text_flags": None}
    ]
    assert published_ledger("b-old", reduced.lake) is not None
    write_database(reduced.database, reduced.lake, state(reduced.lake, 1))
    with Snapshot(reduced.lake) as snapshot:
        assert report_data("b-old", reduced, snapshot).is_conserved
        told = history(reduced, snapshot)
    assert (told.unbalanced, told.ledger["items_gated"], told.batches[0]["is_conserved"]) == (0, 0, True)
    damages = [damage.damage for damage in check_lake(reduced).damages]
    assert [damage for damage in damages if "ledger" in damage or "rows have no" in damage] == []
    with duckdb.connect(str(reduced.database), read_only=True) as connection:
        shown = connection.execute(
            "SELECT items_gated, rows_retracted, is_conserved FROM v_ledger"
        ).fetchall()
    assert shown == [(0, 0, True)]


def test_a_table_is_read_by_its_first_file_only_while_it_has_the_columns_it_was_made_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = table("batches")
    older = dataclasses.replace(
        newer, columns=tuple(c for c in newer.columns if c.name not in NEWER["batches"])
    )
    rows = arrow_table("batches", [blank_row("batches") | {"batch_id": "b-1"}])
    monkeypatch.setattr("pipeline.lake.store.table", lambda _: older)
    versions = [append(tmp_path, "batches", rows.drop_columns(NEWER["batches"]), batch_id="b-1")]
    versions += [append(tmp_path, "batches", rows.drop_columns(NEWER["batches"]), batch_id="b-2")]
    monkeypatch.setattr("pipeline.lake.store.table", lambda _: newer)
    versions += [append(tmp_path, "batches", rows, batch_id="b-3")]
    states = [Catalog(1, {"batches": version}) for version in versions]
    assert [stored_table(tmp_path, "batches", one).is_uniform for one in states] == [True, True, False]
    for count, one in enumerate(states, start=1):
        with Snapshot(tmp_path, one) as snapshot:
            asked = "SELECT count(*) AS n, count(items_gated) AS told FROM batches"
            assert snapshot.rows(asked) == [{"n": count, "told": int(count == 3)}]


def test_the_next_batch_adds_the_columns_and_earlier_states_stay_readable(reduced: Settings) -> None:
    publish(stage_batch(reduced, "b-new", [article_row(2)]), reduced, now=NOW)
    asked = "SELECT source_name, charset, text_flags FROM articles ORDER BY source_name"
    grown = [
        {"source_name": "Outlet 1", "charset": None, "text_flags": None},
        {"source_name": "Outlet 2", "charset": "charset", "text_flags": []},
    ]
    assert _rows(reduced, asked) == grown
    assert _rows(reduced, "SELECT count(*) AS n, count(items_gated) AS told FROM batches") == [
        {"n": 2, "told": 1}
    ]
    compact_lake(reduced)
    assert _rows(reduced, asked) == grown
    assert _rows(reduced, asked, 1) == grown[:1]
    with database_as_of(reduced.lake, "1"):
        pass


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda rows: rows.append_column("mood", pa.array(["grim"])),
            "batches .* has the column mood, which is not",
        ),
        (
            lambda rows: rows.drop_columns("source").append_column("outlet", pa.array(["x"])),
            "batches .* has the column outlet, which is not declared: columns are not dropped or renamed",
        ),
        (
            lambda rows: rows.set_column(
                rows.column_names.index("items_parsed"), "items_parsed", pa.array([1], pa.int32())
            ),
            "batches .* has the column items_parsed as .*integer.* types are not changed",
        ),
    ],
)
def test_a_column_that_was_dropped_renamed_or_retyped_is_refused_and_nothing_is_published(
    tmp_path: Path, change: Any, said: str
) -> None:
    rows = arrow_table("batches", [blank_row("batches") | {"batch_id": "b-old"}])
    home = old_lake(tmp_path, {"batches": change(rows)})
    assert _rows(home, "SELECT batch_id, items_parsed FROM batches")[0]["batch_id"] == "b-old"
    with pytest.raises(LakeError, match=said):
        publish(stage_batch(home, "b-new", [article_row(2)]), home, now=NOW)
    assert _rows(home, "SELECT batch_id FROM batches") == [{"batch_id": "b-old"}]
    assert _rows(home, "SELECT count(*) AS n FROM articles") == [{"n": 0}]


def test_a_field_may_be_added_to_a_list_of_structs(tmp_path: Path) -> None:
    article = article_row(1)
    actor = {"name": "x", "role": "target", "actor_id": None, "actor_type": "civilians"}
    rows = arrow_table("incident_reports", [report_row(article) | {"actors": [actor]}])
    place = rows.column_names.index("actors")
    old = pa.array([[{"name": "x", "role": "target"}]])
    home = old_lake(tmp_path, {"incident_reports": rows.set_column(place, "actors", old)})
    without = {"name": "x", "role": "target", "actor_id": None, "actor_type": None}
    asked = "SELECT actors FROM incident_reports ORDER BY report_id"
    assert _rows(home, asked) == [{"actors": [without]}]
    publish(stage_batch(home, "b-new", [article_row(2)]), home, now=NOW)
    assert [row["actors"] for row in _rows(home, asked) if row["actors"]] == [[without]]


def test_a_rebuild_makes_the_tables_again_as_they_are_declared_now(
    home: Settings, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    stages.run([write_jsonl("a.jsonl", record(1), record(2))], home)
    told = _rows(home, "SELECT report_id, fatalities_best FROM incident_reports ORDER BY ALL")
    spec = table("incident_reports")
    columns = tuple(
        dataclasses.replace(c, type="int64") if c.name == "fatalities_best" else c for c in spec.columns
    )
    changed = dataclasses.replace(spec, columns=columns, partition_by=("incident_year",))
    monkeypatch.setitem(tables(), "incident_reports", changed)
    new = write_jsonl("b.jsonl", record(3))
    with pytest.raises(LakeError, match="incidents lake rebuild"):
        stages.run([new], home)
    rebuild(home, extractor="rules", progress=lambda _line: None, now=dt.datetime.now(dt.UTC))
    assert _rows(home, "SELECT report_id, fatalities_best FROM incident_reports ORDER BY ALL") == told
    stages.run([new], home)
    assert _rows(
        home, "SELECT typeof(fatalities_best) AS kind, count(*) AS n FROM incident_reports GROUP BY ALL"
    ) == [{"kind": "BIGINT", "n": 3}]
    assert check_lake(home).damages == []
