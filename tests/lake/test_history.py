"""The states of a lake: each commit is kept, can be asked for, and one that is not kept says so."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from bench.speed.staged import article_row, stage_batch
from pipeline.batches.publication import publish
from pipeline.cli import app
from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.lake.catalog import Catalog, history_path, read_catalog, write_catalog
from pipeline.lake.history import kept_versions, state_as_of
from pipeline.lake.views import database_as_of

DAYS = [dt.datetime(2025, 3, day, 12, tzinfo=dt.UTC) for day in (1, 2, 3)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Three batches of one article each, committed on three days; the third changes the first article."""
    root = tmp_path_factory.mktemp("lake")
    home = Settings(home=root, lake=root / "lake", workers=1)
    changed = article_row(0, revision=1)
    publish(stage_batch(home, "b-1", [article_row(0)]), home, now=DAYS[0])
    publish(stage_batch(home, "b-2", [article_row(1)]), home, now=DAYS[1])
    publish(stage_batch(home, "b-3", [changed], updated=[changed["version"]]), home, now=DAYS[2])
    return home


def _articles(lake: Path, asked: str) -> int:
    with database_as_of(lake, asked) as database, duckdb.connect(str(database), read_only=True) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM versions.articles").fetchall()
        return int(count)


@pytest.mark.parametrize(
    ("asked", "articles"),
    [
        ("1", 1),
        ("2", 2),
        ("3", 3),
        ("2025-03-01T12:00:00+00:00", 1),
        ("2025-03-02T11:59:59Z", 1),
        ("2025-03-03", 2),
        ("2025-03-03T13:00:00+01:00", 3),
        ("2026-01-01", 3),
    ],
)
def test_the_lake_is_asked_as_it_was(lake: Settings, asked: str, articles: int) -> None:
    assert _articles(lake.lake, asked) == articles


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("2025-03-01T11:59:59Z", "Kept are the states 1, committed 2025-03-01T12:00:00"),
        ("0", "has no state 0"),
        ("4", "has no state 4. Kept are the states 1"),
        ("yesterday", "'yesterday' is no time and no version"),
        ("²", "'²' is no time and no version"),
    ],
)
def test_a_state_that_is_not_kept_is_refused_with_what_is(lake: Settings, asked: str, said: str) -> None:
    with pytest.raises(LakeError, match=said):
        state_as_of(lake.lake, asked)


def test_an_empty_lake_has_no_states(tmp_path: Path) -> None:
    assert kept_versions(tmp_path) == []
    with pytest.raises(LakeError, match="Nothing is published yet"):
        state_as_of(tmp_path, "2025-01-01")


def test_a_copy_of_a_state_that_was_never_committed_is_not_shown(lake: Settings) -> None:
    uncommitted = history_path(lake.lake, 4)
    uncommitted.write_bytes(history_path(lake.lake, 3).read_bytes().replace(b'"version": 3', b'"version": 4'))
    try:
        assert kept_versions(lake.lake) == [1, 2, 3]
        assert state_as_of(lake.lake, "2030-01-01").version == 3
    finally:
        uncommitted.unlink()


def test_a_file_in_the_history_that_is_named_by_no_number_is_none_of_its_states(lake: Settings) -> None:
    foreign = history_path(lake.lake, 0).parent / "².json"
    foreign.write_bytes(b"{}")
    try:
        assert kept_versions(lake.lake) == [1, 2, 3]
    finally:
        foreign.unlink()


def test_a_clock_that_was_set_back_does_not_turn_the_order_around(tmp_path: Path) -> None:
    for version, day in ((1, DAYS[2]), (2, DAYS[0])):
        write_catalog(tmp_path, Catalog(version), now=day)
    assert read_catalog(tmp_path).committed_at == DAYS[2]


def test_a_lake_of_before_there_was_history_keeps_its_state_with_the_next_commit(tmp_path: Path) -> None:
    (tmp_path / "catalog.json").write_text('{"version": 7, "tables": {}, "batch_id": "b-7", "sources": {}}')
    write_catalog(tmp_path, Catalog(8), now=DAYS[0])
    assert kept_versions(tmp_path) == [7, 8]
    assert state_as_of(tmp_path, "7").batch_id == "b-7"
    with pytest.raises(LakeError, match="Kept are the states 7 to 8"):
        state_as_of(tmp_path, "2025-02-28")


def test_the_command_line_lists_states_and_asks_one(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCIDENTS_HOME", str(lake.home))
    listed = CliRunner().invoke(app, ["lake", "history", "--json", "--limit", "2"])
    assert [(row["version"], row["batch_id"], row["operation"]) for row in json.loads(listed.stdout)] == [
        (2, "b-2", "publish"),
        (3, "b-3", "publish"),
    ]
    asked = CliRunner().invoke(app, ["query", "--json", "--as-of", "2", "SELECT count(*) AS n FROM articles"])
    assert json.loads(asked.stdout) == [{"n": 2}]
