"""Commits: one at a time, whole, once; what never committed is undone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import deltalake
import duckdb
import pytest

from pipeline import stages
from pipeline.batches import publication
from pipeline.batches.publication import published_ledger
from pipeline.config import Settings
from pipeline.errors import ContractError, LakeError
from pipeline.lake.digest import lake_digest
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.views import shown_version
from pipeline.quality.ledger import balances
from tests.articles import record


def _prepared(home: Settings, path: Path) -> str:
    batch_id = stages.ingest([path], home)
    stages.extract(batch_id, home)
    stages.validate(batch_id, home)
    return batch_id


def test_two_batches_read_at_once_publish_a_shared_article_once(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    first = _prepared(home, write_jsonl("a.jsonl", record(1), record(2)))
    second = _prepared(home, write_jsonl("b.jsonl", record(2), record(3, language="fr"), record(4)))
    for batch_id in (first, second):
        ledger = stages.publish(batch_id, home)
        assert all(left == right for _, left, right in balances(ledger))
    assert (ledger["articles_new"], ledger["articles_duplicate"], ledger["reports_accepted"]) == (2, 1, 1)
    with Snapshot(home.lake) as snapshot:
        assert snapshot.rows("SELECT count(*) AS n, count(DISTINCT article_id) AS d FROM articles") == [
            {"n": 4, "d": 4}
        ]


@pytest.mark.parametrize("appended", [1, 2, 4])
def test_a_batch_that_died_between_tables_is_never_seen_and_leaves_nothing(
    home: Settings, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, appended: int
) -> None:
    stages.run([write_jsonl("a.jsonl", record(1))], home)
    before = lake_digest(home.database)
    real, done = publication.append, []

    def dying(*args: object, **kwargs: object) -> int:
        if len(done) == appended:
            raise OSError(28, "No space left on device")
        done.append(1)
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(publication, "append", dying)
    lost = _prepared(home, write_jsonl("b.jsonl", record(2), record(3)))
    with pytest.raises(OSError, match="No space left"):
        stages.publish(lost, home)
    monkeypatch.undo()
    monkeypatch.setenv("INCIDENTS_HOME", str(home.home))
    assert lake_digest(home.database) == before
    stages.run([write_jsonl("c.jsonl", record(4))], home)
    with Snapshot(home.lake) as snapshot:
        assert {
            row["source_article_id"] for row in snapshot.rows("SELECT source_article_id FROM articles")
        } == {"t-1", "t-4"}
    assert deltalake.DeltaTable(home.lake / "articles").to_pyarrow_table().num_rows == 2
    stages.publish(lost, home)
    with Snapshot(home.lake) as snapshot:
        assert snapshot.rows("SELECT count(*) AS n FROM articles") == [{"n": 4}]


def test_a_run_that_died_before_the_views_were_made_is_mended_by_the_next(
    home: Settings, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_jsonl("a.jsonl", record(1))

    def dying(*_args: object) -> None:
        raise LakeError("killed")

    monkeypatch.setattr(publication, "refresh_database", dying)
    with pytest.raises(LakeError):
        stages.run([path], home)
    assert shown_version(home.database) is None
    monkeypatch.undo()
    stages.run([path], home)
    assert shown_version(home.database) == 1


def test_many_processes_publishing_the_same_and_other_batches_at_once(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    shared = write_jsonl("shared.jsonl", *(record(n) for n in range(4)))
    own = write_jsonl("own.jsonl", record(1), record(100))
    command = [sys.executable, "-m", "pipeline.cli", "run", "--json"]
    running = [
        subprocess.Popen([*command, str(path)], env=os.environ, stdout=subprocess.DEVNULL)
        for path in (shared, shared, own)
    ]
    assert [process.wait(timeout=300) for process in running] == [0, 0, 0]
    with duckdb.connect(str(home.database), read_only=True) as connection:
        assert connection.execute(
            "SELECT count(*), count(DISTINCT article_id) FROM versions.articles"
        ).fetchone() == (5, 5)
        assert connection.execute("SELECT count(*), bool_and(is_conserved) FROM ledger").fetchone() == (
            2,
            True,
        )


def test_a_reader_keeps_its_snapshot_through_a_commit(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    stages.run([write_jsonl("a.jsonl", record(1))], home)
    with duckdb.connect(str(home.database), read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM articles").fetchone() == (1,)
        stages.run([write_jsonl("b.jsonl", record(2))], home)
        assert reader.execute("SELECT count(*) FROM articles").fetchone() == (1,)


def test_counts_that_do_not_add_up_publish_nothing(
    home: Settings, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = _prepared(home, write_jsonl("a.jsonl", record(1)))
    from pipeline.batches.staging import StagedBatch

    staged = StagedBatch(home.staging, batch_id)
    staged.write_note("ingest", staged.read_note("ingest") | {"items_fetched": 7})
    with pytest.raises(ContractError, match="7 is not 1"):
        stages.publish(batch_id, home)
    assert published_ledger(batch_id, home.lake) is None
    assert not home.database.exists()


@pytest.mark.parametrize("stage", [stages.extract, stages.validate, stages.publish])
def test_a_twin_that_comes_too_late_changes_nothing(
    home: Settings, write_jsonl: Callable[..., Path], stage: Callable[..., dict[str, int]]
) -> None:
    path = write_jsonl("a.jsonl", record(1))
    batch_id = stages.ingest([path], home)
    seen: list[str] = []
    begun: list[bool] = []

    def overtaken(work: Callable[..., dict[str, int]]) -> Callable[..., dict[str, int]]:
        def late(*args: object, **kwargs: object) -> dict[str, int]:
            if not begun:
                begun.append(True)
                seen.append(stages.run([path], home))
            return work(*args, **kwargs)

        return late

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages.extraction, "extract", overtaken(stages.extraction.extract))
        patch.setattr(stages.validation, "validate", overtaken(stages.validation.validate))
        patch.setattr(stages.publication, "publish", overtaken(stages.publication.publish))
        stage(batch_id, home)
    assert seen == [batch_id]
    with Snapshot(home.lake) as snapshot:
        assert snapshot.rows("SELECT count(*) AS n FROM articles") == [{"n": 1}]
