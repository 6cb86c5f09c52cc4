"""Upkeep: compaction and vacuum change no answer, and take no file that a kept state needs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import deltalake
import duckdb
import pytest
from typer.testing import CliRunner

from bench.speed.staged import article_row, stage_batch
from pipeline import stages
from pipeline.batches.maintenance import compact_lake, compact_where_due, vacuum_lake
from pipeline.batches.publication import publish
from pipeline.batches.rebuild import rebuild
from pipeline.cli import app
from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.lake import compaction
from pipeline.lake.catalog import Operation, begin_catalog, read_catalog, write_catalog
from pipeline.lake.digest import lake_digest
from pipeline.lake.history import kept_versions, state, state_as_of
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.store import CHECKPOINT_EVERY, append, data_files, table_path
from pipeline.lake.views import shown_version
from pipeline.schema.tables import arrow_table, tables
from tests.articles import record

COMMITS = 5
START = dt.datetime.now(dt.UTC) - dt.timedelta(days=100)


def filled(root: Path, commits: int = COMMITS) -> Settings:
    """A lake of so many batches of two articles, one committed every ten days; each changes an earlier article."""
    home = Settings(home=root, lake=root / "lake", workers=1)
    for number in range(commits):
        changed = article_row(max(0, number - 1), revision=1 if number else 0)
        staged = stage_batch(
            home, f"b-{number}", [article_row(10 + number), changed], updated=[changed["version"]][: number > 1]
        )  # fmt: skip
        publish(staged, home, now=START + dt.timedelta(days=10 * number))
    return home


@pytest.fixture
def lake(tmp_path: Path) -> Settings:
    return filled(tmp_path)


def _files(settings: Settings) -> set[Path]:
    return {path for path in settings.lake.rglob("*.parquet") if "_delta_log" not in path.parts}


def _visible_files(settings: Settings) -> int:
    catalog = read_catalog(settings.lake)
    return sum(len(data_files(settings.lake, name, catalog)) for name in catalog.tables)


def _articles(settings: Settings, version: int) -> int:
    with Snapshot(settings.lake, state(settings.lake, version)) as snapshot:
        assert all(snapshot.rows(f"SELECT count(*) FROM {name}") for name in tables())
        return len(snapshot.rows("SELECT article_id, version, text FROM articles"))


def test_compaction_is_a_commit_of_the_same_rows_in_fewer_files(lake: Settings) -> None:
    before, files = lake_digest(lake.database), _visible_files(lake)
    with duckdb.connect(str(lake.database), read_only=True) as reader:
        fewer = compact_lake(lake)
        assert reader.execute("SELECT count(*) FROM versions.articles").fetchone() == (2 * COMMITS,)
    assert fewer["articles"] == COMMITS - 1
    assert _visible_files(lake) == files - sum(fewer.values())
    made = read_catalog(lake.lake)
    assert (made.version, made.operation) == (COMMITS + 1, Operation.COMPACT)
    assert shown_version(lake.database) == COMMITS + 1
    assert lake_digest(lake.database) == before
    assert _articles(lake, COMMITS) == 2 * COMMITS
    assert compact_lake(lake) == {}
    assert read_catalog(lake.lake).version == COMMITS + 1


def test_publishing_goes_on_after_compaction(lake: Settings) -> None:
    compact_lake(lake)
    publish(stage_batch(lake, "b-more", [article_row(77)]), lake, now=dt.datetime.now(dt.UTC))
    assert _articles(lake, COMMITS + 2) == 2 * COMMITS + 1


def test_a_compaction_that_was_killed_before_its_commit_is_rolled_back(lake: Settings) -> None:
    before = lake_digest(lake.database)
    opened = deltalake.DeltaTable(table_path(lake.lake, "articles"))
    opened.optimize.compact()
    publish(
        stage_batch(lake, "b-0", []), lake, now=dt.datetime.now(dt.UTC)
    )  # published long ago: nothing is to be done
    publish(stage_batch(lake, "b-none", []), lake, now=dt.datetime.now(dt.UTC))
    assert lake_digest(lake.database) == before
    assert _articles(lake, COMMITS + 1) == 2 * COMMITS


def test_a_publish_compacts_every_few_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "COMMITS_BETWEEN_LOOKS", 3)
    monkeypatch.setattr(compaction, "MAX_SMALL_FILES", 2)
    home = filled(tmp_path, 4)
    operations = [state(home.lake, version).operation.value for version in kept_versions(home.lake)]
    assert operations == ["publish", "publish", "publish", "compact", "publish"]


def test_a_compaction_that_fails_does_not_fail_the_batch(
    lake: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_given: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compaction, "COMMITS_BETWEEN_LOOKS", 1)
    monkeypatch.setattr(compaction, "compact", full)
    compact_where_due(lake)
    assert "could not be compacted: [Errno 28]" in caplog.text


def test_vacuum_keeps_what_was_visible_in_the_time_that_is_retained_and_deletes_the_rest(
    lake: Settings,
) -> None:
    compact_lake(lake)
    before, files = lake_digest(lake.database), _files(lake)
    held = {name: data_files(lake.lake, name, state(lake.lake, 4)) for name in read_catalog(lake.lake).tables}
    done = vacuum_lake(lake, retain=dt.timedelta(days=65))
    # 100 days ago, 90, 80, 70: the last was visible 65 days ago.
    assert kept_versions(lake.lake) == [4, 5, 6]
    assert (done.states_forgotten, done.oldest_state) == (3, 4)
    assert lake_digest(lake.database) == before
    assert _files(lake) == files  # nothing that the state 4 needs was rewritten before it
    assert all(Path(file).exists() for listed in held.values() for file in listed)
    assert [_articles(lake, version) for version in (4, 5, 6)] == [8, 10, 10]
    with pytest.raises(LakeError, match="Kept are the states 4, committed"):
        state_as_of(lake.lake, "3")
    vacuum_lake(lake, retain=dt.timedelta(0))
    assert kept_versions(lake.lake) == [6]
    assert len(_files(lake)) == _visible_files(lake) < len(files)
    assert _articles(lake, 6) == 10
    publish(stage_batch(lake, "b-more", [article_row(77)]), lake, now=dt.datetime.now(dt.UTC))
    assert _articles(lake, 7) == 11


def test_vacuum_agrees_with_that_of_delta_lake(lake: Settings) -> None:
    compact_lake(lake)
    vacuum_lake(lake, retain=dt.timedelta(0))
    for name, version in read_catalog(lake.lake).tables.items():
        opened = deltalake.DeltaTable(table_path(lake.lake, name), version=version)
        found = opened.vacuum(0, dry_run=True, enforce_retention_duration=False, full=True)
        assert not any((table_path(lake.lake, name) / path).exists() for path in found)


def test_vacuum_deletes_what_killed_writers_left(lake: Settings) -> None:
    left = [
        lake.lake / "articles" / "published_year=2025" / "part-00000-left.parquet",
        lake.lake / ".catalog.json.abc.tmp",
        lake.lake / "history" / ".000000000009.json.abc.tmp",
        lake.lake / "history" / "000000000009.json",
        lake.home / f".{lake.database.name}.abc.tmp",
    ]
    for path in left:
        path.write_bytes(b"half")
    assert vacuum_lake(lake).files_deleted == len(left)
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("name", [f"{COMMITS:020}.json", "9" * 20 + ".json"])
def test_a_vacuum_deletes_nothing_of_a_table_whose_log_it_cannot_read(
    lake: Settings, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    compact_lake(lake)
    log = table_path(lake.lake, "articles") / "_delta_log" / name
    log.write_bytes(b"" if log.exists() else b"x")
    vacuum_lake(lake, retain=dt.timedelta(days=65))
    assert f"The log {log}" in caplog.text
    assert _articles(lake, COMMITS + 1) == 2 * COMMITS


def test_logs_are_dropped_up_to_the_checkpoint_that_the_oldest_kept_state_needs(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    begin_catalog(lake)
    for number in range(2 * CHECKPOINT_EVERY + 3):
        version = append(lake, "articles", arrow_table("articles", [article_row(number)]), batch_id="b")
        catalog = read_catalog(lake)
        write_catalog(lake, type(catalog)(catalog.version + 1, {"articles": version}))
    home = Settings(home=tmp_path, lake=lake, workers=1)
    vacuum_lake(home, retain=dt.timedelta(0))
    logs = sorted(path.name for path in (lake / "articles" / "_delta_log").glob("0*"))
    assert logs[0] == f"{2 * CHECKPOINT_EVERY:020}.checkpoint.parquet"
    assert _articles(home, 2 * CHECKPOINT_EVERY + 3) == 2 * CHECKPOINT_EVERY + 3


def test_the_command_line_compacts_and_vacuums(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCIDENTS_HOME", str(lake.home))
    assert json.loads(CliRunner().invoke(app, ["lake", "compact", "--json"]).stdout)["articles"] == 4
    done = json.loads(CliRunner().invoke(app, ["lake", "vacuum", "--retain", "0d", "--json"]).stdout)
    assert done["states_forgotten"] == 5
    for retained in ("soon", "999999d", "99999999999d", "9" * 5000 + "h", "²d"):
        asked = CliRunner().invoke(app, ["lake", "vacuum", "--retain", retained])
        assert f"'{retained}' is no length of time" in str(asked.exception)


def test_a_rebuild_that_compacts_keeps_the_times_of_batches(
    home: Settings, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "COMMITS_BETWEEN_LOOKS", 1)
    for number in range(3):
        stages.run([write_jsonl(f"{number}.jsonl", record(number))], home)
    asked = "SELECT batch_id, committed_at FROM batches ORDER BY ALL"
    with Snapshot(home.lake) as snapshot:
        before = snapshot.rows(asked)
    monkeypatch.setattr(compaction, "MAX_SMALL_FILES", 1)
    rebuild(home, extractor="rules", progress=lambda _line: None, now=dt.datetime.now(dt.UTC))
    with Snapshot(home.lake) as snapshot:
        assert snapshot.rows(asked) == before
