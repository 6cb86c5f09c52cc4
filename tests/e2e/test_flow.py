"""The whole flow through the stages, on files: what goes in comes out, once, in any order and any chunks."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipeline import stages
from pipeline.batches.publication import published_ledger
from pipeline.config import SAMPLES_DIR, Settings
from pipeline.errors import SourceError
from pipeline.lake.digest import lake_digest
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.ledger import balances
from tests.articles import record


def ledger_of(batch_id: str, home: Settings) -> dict[str, int]:
    ledger = published_ledger(batch_id, home.lake)
    assert ledger is not None
    assert all(left == right for _, left, right in balances(ledger))
    return ledger


def test_the_samples_become_incidents_and_every_item_is_accounted_for(home: Settings) -> None:
    ledger = ledger_of(stages.run([SAMPLES_DIR], home), home)
    assert ledger["items_fetched"] == ledger["items_parsed"] + ledger["items_failed"] + ledger["items_gated"]
    assert ledger["reports_accepted"] > 25
    with duckdb.connect(str(home.database), read_only=True) as connection:
        [(reports,)] = connection.execute("SELECT count(*) FROM incident_reports").fetchall()
        assert reports == ledger["reports_accepted"]
        assert connection.execute("SELECT bool_and(is_conserved) FROM ledger").fetchone() == (True,)


def test_a_second_run_of_the_same_files_changes_nothing(home: Settings) -> None:
    first = stages.run([SAMPLES_DIR / "articles"], home)
    before = lake_digest(home.database)
    assert stages.run([SAMPLES_DIR / "articles"], home) == first
    assert lake_digest(home.database) == before
    with Snapshot(home.lake) as snapshot:
        assert snapshot.rows("SELECT count(*) AS n FROM batches") == [{"n": 1}]


def test_half_the_files_first_or_another_order_gives_the_same_lake(home: Settings, tmp_path: Path) -> None:
    stages.run([SAMPLES_DIR], home)
    whole = lake_digest(home.database)
    files = sorted(path for path in SAMPLES_DIR.rglob("*") if path.is_file())
    random.Random(7).shuffle(files)
    other = Settings(home=tmp_path / "other", lake=tmp_path / "other" / "lake", workers=1)
    stages.run(files[: len(files) // 2], other)
    stages.run(list(reversed(files)), other)
    assert lake_digest(other.database) == whole


def test_the_same_records_cut_into_other_files_give_the_same_lake(
    home: Settings, tmp_path: Path, write_jsonl: Callable[..., Path]
) -> None:
    records = [record(n) for n in range(6)]
    stages.run([write_jsonl("all/a.jsonl", *records)], home)
    other = Settings(home=tmp_path / "other", lake=tmp_path / "other" / "lake", workers=1)
    for name, part in (("x", records[4:]), ("y", records[:2] + records[3:5]), ("z", records)):
        stages.run([write_jsonl(f"{name}/part.jsonl", *part)], other)
    assert lake_digest(other.database) == lake_digest(home.database)


def test_a_later_version_replaces_what_the_views_show(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    stages.run([write_jsonl("a.jsonl", record(1))], home)
    corrected = record(
        1, text=record(1)["text"].replace("3 soldiers", "Five soldiers"), published_at="2025-03-06"
    )
    ledger = ledger_of(stages.run([write_jsonl("b.jsonl", corrected)], home), home)
    assert (ledger["articles_new"], ledger["articles_updated"]) == (0, 1)
    with duckdb.connect(str(home.database), read_only=True) as connection:
        assert connection.execute("SELECT fatalities_best FROM incident_reports").fetchall() == [(5,)]
        assert connection.execute("SELECT count(*) FROM versions.articles").fetchone() == (2,)


@pytest.mark.parametrize("swapped", [False, True])
def test_two_bodies_of_one_id_and_time_show_the_same_one_in_any_order(
    home: Settings, write_jsonl: Callable[..., Path], swapped: bool
) -> None:
    bodies = [
        record(1),
        record(1, text="KIDAL, Mali – Thirty soldiers were killed in a clash near Kidal on Monday."),
    ]
    for number, body in enumerate(reversed(bodies) if swapped else bodies):
        stages.run([write_jsonl(f"{number}.jsonl", body)], home)
    with Snapshot(home.lake) as snapshot:
        held = snapshot.rows("SELECT reason_code FROM quarantine")
    with duckdb.connect(str(home.database), read_only=True) as connection:
        shown = connection.execute("SELECT place_name FROM incident_reports").fetchall()
    assert len(shown) == 1
    assert shown == [("Konduga",)]
    assert held in ([{"reason_code": "conflicting_duplicate"}], [])


def test_a_folder_without_files_is_an_error_that_says_so(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no files"):
        stages.run([tmp_path / "empty"], home)


def test_real_articles_are_all_accounted_for(home: Settings, evaluation: Path) -> None:
    ledger = ledger_of(stages.run([evaluation / "articles"], home), home)
    assert ledger["items_fetched"] == 250
    assert ledger["articles_new"] == ledger["versions_extracted"] + ledger["versions_failed"] == 250


def test_replay_closes_what_is_mended_and_keeps_what_is_not(
    home: Settings, tmp_path: Path, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "x", "text": "cut\n', encoding="utf-8")
    stages.run(
        [
            bad,
            write_jsonl("long.jsonl", record(1, id="x" * 300)),
            write_jsonl("fr.jsonl", record(2, language="fr")),
        ],
        home,
    )
    monkeypatch.setattr("pipeline.sources.fields.MAX_ID_LENGTH", 400)
    replayed = stages.finish(stages.ingest_quarantined([], home), home)
    ledger = ledger_of(replayed, home)
    assert (
        ledger["items_failed"],
        ledger["articles_new"],
        ledger["versions_replayed"],
        ledger["reports_accepted"],
    ) == (1, 1, 1, 1)
    with Snapshot(home.lake) as snapshot:
        rows = snapshot.rows(
            "SELECT reason_code, replayed_at IS NOT NULL AS closed FROM quarantine ORDER BY reason_code"
        )
    assert rows == [
        {"reason_code": "broken_json", "closed": False},
        {"reason_code": "id_too_long", "closed": True},
        {"reason_code": "unsupported_language", "closed": False},
    ]
