"""People's decisions: what is corrected, accepted or retracted is so in the lake, stays so, and leaves a trace."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipeline import stages
from pipeline.batches import publication, review
from pipeline.batches.alarms import batch_warnings
from pipeline.batches.decisions import orphaned_decisions, read_decisions
from pipeline.batches.dossier import dossier
from pipeline.batches.lake_check import check_lake
from pipeline.batches.publication import published_ledger
from pipeline.batches.rebuild import rebuild
from pipeline.batches.reporting import write_batch_report
from pipeline.batches.reprocess import Selection, reprocess, select_versions
from pipeline.batches.review import Decision
from pipeline.cli import app
from pipeline.config import Settings
from pipeline.errors import OutdatedError, ReviewError, SourceError
from pipeline.extract.protocol import get_extractor
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.ledger import balances
from tests.articles import record


def ask(home: Settings, sql: str) -> list[dict[str, Any]]:
    """Rows of a query, as an analyst's DuckDB gives them."""
    with duckdb.connect(str(home.database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows: list[dict[str, Any]] = connection.sql(sql).to_arrow_table().to_pylist()
        return rows


def decide(home: Settings, action: str, target: str, *, is_accepted: bool = False, **corrections: str) -> str:
    """One decision, published."""
    decision = Decision(action, target, "read the article", "Ada", corrections, is_accepted)
    return stages.finish(stages.ingest_decisions([decision], home), home)


def report(home: Settings, number: int) -> dict[str, Any]:
    """The published report of an article; ``{}`` where it has none."""
    found = ask(
        home,
        f"SELECT r.* FROM incident_reports AS r JOIN articles USING (article_id) WHERE source_article_id = 't-{number}'",
    )
    return found[0] if found else {}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake of a few articles; a record and a text file without a date are in quarantine."""
    root = tmp_path_factory.mktemp("review")
    found = Settings(home=root / "home", lake=root / "home" / "lake", workers=1)
    undated = {name: value for name, value in record(5).items() if name != "published_at"}
    lines = [record(1), record(2), record(3), record(4), undated]
    (root / "in").mkdir()
    (root / "in" / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    body = record(6)["text"]
    (root / "in" / "base.txt").write_text(f"A base\n\n{body}\n", encoding="utf-8")
    stages.run([root / "in"], found)
    return found


def _full_disk(*_args: object, **_kwargs: object) -> int:
    raise OSError(28, "No space left on device")


def open_row(home: Settings, condition: str) -> str:
    """The id of the one open quarantine row that meets the condition."""
    [row] = ask(home, f"SELECT quarantine_id FROM quarantine WHERE replayed_at IS NULL AND {condition}")
    return str(row["quarantine_id"])


def test_a_correction_holds_leaves_a_trace_and_survives_reprocessing(home: Settings) -> None:
    before = report(home, 1)
    batch_id = decide(home, "correct", before["report_id"], fatalities_best="9", fatalities_high="9")
    after = report(home, 1)
    assert (before["fatalities_best"], after["fatalities_best"], after["report_id"]) == (
        3,
        9,
        before["report_id"],
    )
    ledger = published_ledger(batch_id, home.lake)
    assert ledger is not None
    assert all(left == right for _, left, right in balances(ledger))
    traces = ask(
        home,
        f"SELECT action, field, reason, reviewer_name FROM revisions WHERE batch_id = '{batch_id}' ORDER BY ALL",
    )
    assert traces == [
        {
            "action": "changed",
            "field": None,
            "reason": "corrected by Ada: read the article",
            "reviewer_name": None,
        },
        {
            "action": "correct",
            "field": "fatalities_best",
            "reason": "read the article",
            "reviewer_name": "Ada",
        },
        {
            "action": "correct",
            "field": "fatalities_high",
            "reason": "read the article",
            "reviewer_name": "Ada",
        },
    ]
    tables = (
        ask(home, "SELECT * FROM incident_reports ORDER BY ALL"),
        ask(home, "SELECT count(*) AS n FROM deletions"),
    )
    assert len(list(stages.reprocess(Selection(article_ids=(after["article_id"],)), home))) == 1
    assert (
        ask(home, "SELECT * FROM incident_reports ORDER BY ALL"),
        ask(home, "SELECT count(*) AS n FROM deletions"),
    ) == tables


def test_a_correction_that_would_be_rejected_is_refused_unless_it_is_accepted_with_it(tmp_path: Path) -> None:
    home = _filled(tmp_path, record(1))
    before = report(home, 1)
    with pytest.raises(ReviewError, match=r"best number of killed is not above the high.*--accept"):
        decide(home, "correct", before["report_id"], fatalities_high="1")
    with pytest.raises(ReviewError, match="not later than the day after"):
        decide(home, "correct", before["report_id"], date_start="2025-03-20", date_end="2025-03-20")
    assert report(home, 1) == before
    later = {"date_start": "2025-03-20", "date_end": "2025-03-20"}
    decide(home, "correct", before["report_id"], is_accepted=True, **later)
    decide(home, "correct", before["report_id"], place_name="Bama")
    assert (str(report(home, 1)["date_start"]), report(home, 1)["place_name"]) == ("2025-03-20", "Bama")
    assert ask(home, "FROM quarantine WHERE replayed_at IS NULL") == []


def test_what_follows_from_a_corrected_field_is_corrected_with_it(tmp_path: Path) -> None:
    home = _filled(tmp_path, record(1))
    parties = {"perpetrators": "al-Shabaab", "targets": "Somali troops; farmers"}
    decide(home, "correct", report(home, 1)["report_id"], country_code="SYR", **parties)
    corrected = report(home, 1)
    assert (corrected["country_code"], corrected["country_name"]) == ("SYR", "Syria")
    with pytest.raises(ReviewError, match="one of the names of its code"):
        decide(home, "correct", corrected["report_id"], country_name="Iraq")
    assert [(a["name"], a["role"], a["actor_type"]) for a in corrected["actors"]] == [
        ("al-Shabaab", "perpetrator", "rebel_group"),
        ("Somali troops", "target", "state_forces"),
        ("farmers", "target", "civilians"),
    ]
    assert ask(home, "SELECT actor1, actor2, assoc_actor_2, interaction FROM v_acled") == [
        {
            "actor1": "al-Shabaab",
            "actor2": "Somali troops",
            "assoc_actor_2": "farmers",
            "interaction": "State forces-Rebel group",
        }
    ]


def test_a_decision_that_would_change_nothing_is_refused(tmp_path: Path) -> None:
    home = _filled(tmp_path, record(1))
    key = report(home, 1)["report_id"]
    with pytest.raises(ReviewError, match="nothing to undo"):
        decide(home, "restore", key)
    decide(home, "retract", key)
    for action, corrections in (("retract", {}), ("correct", {"fatalities_low": "1"})):
        with pytest.raises(ReviewError, match=r"stays so\. .*--undo"):
            decide(home, action, key, **corrections)
    decide(home, "restore", key)
    assert report(home, 1)["report_id"] == key
    newer = record(1, published_at="2025-03-06", text=record(9)["text"])
    (tmp_path / "b.jsonl").write_text(json.dumps(newer), encoding="utf-8")
    stages.run([tmp_path / "b.jsonl"], home)
    with pytest.raises(ReviewError, match="a newer one has superseded"):
        decide(home, "correct", key, fatalities_low="1")


def test_a_corrected_row_is_checked_like_all_others_and_published_when_it_is_accepted(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(
            review, "failed_anew", lambda *_: []
        )  # as if an expectation were newer than the decision
        decide(home, "correct", report(home, 4)["report_id"], date_start="2025-03-20", date_end="2025-03-20")
    assert report(home, 4) == {}
    key = open_row(home, "table_name = 'incident_reports'")
    found = dossier(key, home)
    assert found["failed_expectations"] == [
        "The incident is not later than the day after its article was published."
    ]
    assert found["row"]["date_start"] == "2025-03-20"
    assert "6 soldiers" in {quote["quote"] for quote in found["quotes"]}
    decide(home, "correct", key, date_start="2025-03-22", date_end="2025-03-22")
    later = open_row(home, "table_name = 'incident_reports'")
    assert (later != key, dossier(later, home)["row"]["date_start"]) == (True, "2025-03-22")
    [told] = ask(
        home,
        "SELECT old_value, new_value FROM revisions WHERE field = 'date_start' ORDER BY decided_at DESC LIMIT 1",
    )
    assert told == {"old_value": '"2025-03-20"', "new_value": '"2025-03-22"'}
    decide(home, "accept", later)
    assert str(report(home, 4)["date_start"]) == "2025-03-22"
    assert report(home, 4)["incident_year"] == 2025
    assert ask(home, "SELECT * FROM quarantine WHERE replayed_at IS NULL AND stage = 'validate'") == []


def test_a_retracted_report_is_gone_with_its_figures_until_it_is_restored(home: Settings) -> None:
    before = report(home, 2)
    batch_id = decide(home, "retract", before["report_id"])
    assert report(home, 2) == {}
    own = f"WHERE report_id = '{before['report_id']}'"
    assert ask(home, f"FROM casualty_figures {own}") == []
    [deletion] = ask(home, f"FROM deletions {own}")
    assert (deletion["cause"], deletion["reason"]) == ("retracted", "retracted by Ada: read the article")
    gone = ask(
        home, f"SELECT entity, reason FROM revisions WHERE batch_id = '{batch_id}' AND action = 'removed'"
    )
    assert {row["reason"] for row in gone} == {deletion["reason"]}
    assert {row["entity"] for row in gone} >= {"incident_reports", "casualty_figures"}
    [ledger] = ask(home, f"FROM ledger WHERE batch_id = '{batch_id}'")
    assert ledger["rows_retracted"] >= 2
    assert ledger["is_conserved"]
    decide(home, "restore", before["report_id"])
    assert {**report(home, 2), "batch_id": None} == {**before, "batch_id": None}


def test_a_record_and_a_text_file_without_a_date_are_published_when_they_get_one(home: Settings) -> None:
    waiting = "replayed_at IS NULL AND stage = 'ingest'"
    ids = [row["quarantine_id"] for row in ask(home, f"FROM quarantine WHERE {waiting}")]
    assert len(ids) == 2
    dated = [Decision("correct", one, "see the index", "Ada", {"published_at": "2025-03-05"}) for one in ids]
    stages.finish(stages.ingest_decisions(dated, home), home)
    assert report(home, 5)["fatalities_best"] == 7
    [row] = ask(home, "SELECT published_on::VARCHAR AS day FROM articles WHERE source_name = 'base'")
    assert row == {"day": "2025-03-05"}
    shown = (
        CliRunner().invoke(app, ["quarantine", "show", ids[0]], env={"INCIDENTS_HOME": str(home.home)}).stdout
    )
    assert "closed since 20" in shown
    with pytest.raises(SourceError, match="Closed already"):
        dossier(ids[0], home)
    filtered = ["quarantine", "list", "--reason", "missing_published_at"]
    listed = CliRunner().invoke(app, filtered, env={"INCIDENTS_HOME": str(home.home)}).stdout
    assert listed == "Nothing in quarantine matches.\n"
    assert ask(home, f"FROM quarantine WHERE {waiting}") == []


@pytest.mark.parametrize(
    ("corrections", "told"),
    [
        ({"text": ""}, "The record has no text"),
        ({"text": "..."}, "The record has no text"),
        ({"published_at": "null"}, "No publication date"),
        ({"published_at": "9999-01-01"}, "The publication date is not usable"),
        ({"id": "../x"}, "holds a path step"),
        ({"author": "Ada"}, "no field author"),
    ],
)
def test_a_corrected_record_that_would_be_rejected_again_is_refused(
    undated: Settings, corrections: dict[str, str], told: str
) -> None:
    dated = {"published_at": "2025-03-05"} | corrections
    decision = Decision("correct", open_row(undated, "stage = 'ingest'"), "why", "Ada", dated)
    with pytest.raises(ReviewError, match=told):
        stages.ingest_decisions([decision], undated)


@pytest.fixture(scope="module")
def undated(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake with one record in quarantine, which has no date."""
    return _filled(tmp_path_factory.mktemp("undated"), record(1, published_at=None))


@pytest.mark.parametrize("published_at", ["2025-03-05", "2025-03-05T23:30:00-05:00"])
def test_a_record_that_contradicts_another_becomes_its_next_version_when_it_is_corrected(
    tmp_path: Path, published_at: str
) -> None:
    """As it does where it is delivered with the date."""
    first = record(1, published_at=published_at)
    second = first | {"text": first["text"].replace("3 soldiers", "30 soldiers")}
    home = _filled(tmp_path, first, second)
    shown = report(home, 1)["fatalities_best"]
    batch_id = decide(home, "correct", open_row(home, "stage = 'ingest'"), published_at="2025-03-07")
    ledger = published_ledger(batch_id, home.lake)
    assert ledger is not None
    assert (ledger["articles_updated"], ledger["articles_new"]) == (1, 0)
    assert ask(home, "SELECT fatalities_best AS n FROM counted_reports") == [{"n": 33 - shown}]
    assert ask(home, "SELECT source_name AS s, source_article_id AS i FROM articles") == [
        {"s": "Test Wire", "i": "t-1"}
    ]


def test_what_is_not_corrected_of_a_contradicting_record_stays_as_it_was_told(tmp_path: Path) -> None:
    first = record(1, published_at="2025-03-05T23:30:00-05:00")
    home = _filled(tmp_path, first, first | {"text": first["text"].replace("3 soldiers", "30 soldiers")})
    decide(home, "correct", open_row(home, "stage = 'ingest'"), id="t-2")
    [times] = ask(
        home,
        "SELECT count(DISTINCT (published_at, published_on, published_at_certainty)) AS n, count(*) AS articles FROM articles",
    )
    assert times == {"n": 1, "articles": 2}


@pytest.mark.parametrize(
    ("corrections", "told"),
    [
        ({"fatalities": "3"}, "no field 'fatalities'"),
        ({"report_id": "r-1"}, "no field 'report_id'"),
        ({"fatalities_best": "many"}, "takes a whole number"),
        ({"fatalities_best": "-1"}, "at least 0"),
        ({"event_type": "War"}, "takes one of"),
        ({"event_type": "null"}, "may not be empty"),
        ({"date_start": "5 March"}, "a day like"),
        ({"country_code": "nigeria"}, "the form"),
    ],
)
def test_a_wrong_correction_is_refused_before_anything_is_written(
    home: Settings, corrections: dict[str, str], told: str
) -> None:
    state = sorted(path.name for path in home.staging.iterdir())
    decision = Decision("correct", report(home, 3)["report_id"], "why", "Ada", corrections)
    with pytest.raises(ReviewError, match=told):
        stages.ingest_decisions([decision], home)
    assert sorted(path.name for path in home.staging.iterdir()) == state


@pytest.mark.parametrize(
    ("reason", "reviewer", "told"),
    [
        (" ", "Ada", "needs a reason"),
        ("why", "", "the name of who decided"),
        ("why\0", "Ada", "no character"),
        ("why", "\ud800", "no character"),
    ],
)
def test_a_decision_whose_reason_or_name_cannot_be_kept_is_refused(
    home: Settings, reason: str, reviewer: str, told: str
) -> None:
    with pytest.raises(ReviewError, match=told):
        review.check_decision(Decision("retract", report(home, 3)["report_id"], reason, reviewer), home)


def test_a_decision_published_in_between_is_not_lost_and_one_killed_half_way_is_not_seen(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = report(home, 3)["report_id"]
    first, second = (
        stages.ingest_decisions([Decision("correct", key, "why", "Ada", {name: value})], home)
        for name, value in (("place_name", "Bama"), ("admin1_name", "Yobe"))
    )
    for batch_id in (first, second):
        stages.extract(batch_id, home)
        stages.validate(batch_id, home)
    stages.publish(first, home)
    with pytest.raises(OutdatedError, match="Validate it again"):
        stages.publish(second, home)
    before = ask(home, "FROM incident_reports ORDER BY ALL")
    stages.validate(second, home)
    with monkeypatch.context() as patch:
        # The old row is deleted from the Delta table by then.
        patch.setattr(publication, "append", _full_disk)
        with pytest.raises(OSError, match="No space left"):
            stages.publish(second, home)
    assert ask(home, "FROM incident_reports ORDER BY ALL") == before
    stages.publish(second, home)
    after = report(home, 3)
    assert (after["place_name"], after["admin1_name"]) == ("Bama", "Yobe")


def test_another_extractor_version_makes_its_articles_outdated_once(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected = report(home, 1)["fatalities_best"]
    everything = select_versions(Selection(), home, extractor="rules")
    chosen = Selection(source="Test Wire", since=dt.date(2025, 3, 5), country="nga")
    assert set(select_versions(chosen, home, extractor="rules")) < set(everything)
    assert len(select_versions(chosen, home, extractor="rules")) == 5
    monkeypatch.setattr(get_extractor("rules"), "version", "next")
    monkeypatch.setattr("pipeline.batches.reprocess.ARTICLES_A_BATCH", 4)
    outdated = Selection(is_outdated=True)
    going = stages.reprocess(outdated, home)
    next(going)
    going.close()
    assert len(list(stages.reprocess(outdated, home))) >= 2
    assert list(stages.reprocess(outdated, home)) == []
    assert ask(home, "SELECT DISTINCT extractor_version AS v FROM incident_reports") == [{"v": "next"}]
    assert report(home, 1)["fatalities_best"] == corrected


def test_a_killed_reprocessing_goes_on_and_reads_what_has_come_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = _filled(tmp_path, record(1), record(2), record(3))
    monkeypatch.setattr("pipeline.batches.reprocess.ARTICLES_A_BATCH", 1)

    def read(killed_after: int | None = None) -> list[str]:
        going = reprocess(Selection(), home, extractor="rules", finish=str, progress=told.append)
        batch_ids = list(itertools.islice(going, killed_after))
        going.close()
        return batch_ids

    told: list[str] = []
    first = read(killed_after=2)
    (tmp_path / "more.jsonl").write_text(json.dumps(record(4)) + "\n")
    stages.run([tmp_path / "more.jsonl"], home)
    second = read(killed_after=4)
    assert second[:2] == first
    assert len(set(second)) == 4
    assert "going on with 3 articles" in told[2]
    assert read() == second[3:]
    assert not list(home.reprocessing.iterdir())


def test_a_quote_goes_when_all_that_rested_on_it_is_corrected_and_the_figure_that_differs_warns(
    tmp_path: Path,
) -> None:
    home = _filled(tmp_path, record(1))
    key = report(home, 1)["report_id"]
    decide(home, "correct", key, fatalities_low="2")
    assert "fatalities" in {quote["field"] for quote in report(home, 1)["evidence"]}
    four = dict.fromkeys(
        ("fatalities_low", "fatalities_best", "fatalities_high", "fatalities_security_forces"), "1"
    )
    batch_id = decide(home, "correct", key, **four)
    corrected = report(home, 1)
    assert (corrected["fatalities_low"], corrected["fatalities_high"]) == (1, 1)
    assert "fatalities" not in {quote["field"] for quote in corrected["evidence"]}
    warned = (
        f"FROM quality_results WHERE batch_id = '{batch_id}' AND expectation = 'check:figure_fits_its_report'"
    )
    assert [row["unexpected_count"] for row in ask(home, warned)] == [1]


def test_a_decision_whose_article_comes_in_a_new_version_is_warned_of_and_listed(tmp_path: Path) -> None:
    home = _filled(tmp_path, record(1), record(2))
    first, second = report(home, 1)["report_id"], report(home, 2)["report_id"]
    decide(home, "correct", first, fatalities_low="2")
    decide(home, "retract", second)
    later = {"published_at": "2025-03-06"}
    again = [record(n, text=record(n)["text"] + " Write to us.", **later) for n in (1, 2)]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(line) + "\n" for line in again))
    batch_id = stages.run([tmp_path / "b.jsonl"], home)
    assert [report(home, n)["fatalities_best"] for n in (1, 2)] == [3, 4]
    assert any("decided about the old one: decide again" in line for line in batch_warnings(batch_id, home))
    with Snapshot(home.lake) as snapshot:
        assert {(row["action"], row["entity_id"]) for row in orphaned_decisions(snapshot)} == {
            ("correct", first),
            ("retract", second),
        }


def test_the_figures_of_a_claim_that_is_taken_back_go_with_it(tmp_path: Path) -> None:
    text = (
        record(1)["text"]
        + " At least 350 people have been killed in Borno since January, the United Nations said."
    )
    home = _filled(tmp_path, record(1, text=text))
    [claim] = ask(home, "SELECT claim_id FROM aggregate_claims")
    figures = f"FROM casualty_figures WHERE claim_id = '{claim['claim_id']}'"
    assert len(ask(home, figures)) == 1
    decide(home, "retract", claim["claim_id"])
    assert ask(home, "FROM aggregate_claims") == []
    assert ask(home, figures) == []
    assert check_lake(home).damages == []


def test_classes_may_add_up_to_more_than_an_open_toll(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "MAIDUGURI, Nigeria – At least 5 people were killed on Monday when Boko Haram fighters attacked a base in Konduga."
    home = _filled(tmp_path, record(1, text=text))
    assert report(home, 1)["fatalities_high"] is None
    decide(
        home,
        "correct",
        report(home, 1)["report_id"],
        fatalities_civilians="4",
        fatalities_security_forces="3",
    )
    assert (report(home, 1)["fatalities_low"], report(home, 1)["fatalities_civilians"]) == (5, 4)
    monkeypatch.setattr(review, "failed_anew", lambda *_: [])
    decide(home, "correct", report(home, 1)["report_id"], fatalities_high="6")
    assert report(home, 1) == {}
    [deletion] = ask(home, "FROM deletions WHERE replaced_by IS NULL")
    assert deletion["cause"] == "quarantined"
    assert "Killed by class" in deletion["reason"]


class Copy:
    """A copy of the incident reports, kept in step as the documentation says."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.reached: dt.datetime | None = None
        self.generation: str | None = None

    def visit(self, home: Settings) -> None:
        [seen] = ask(
            home,
            "SELECT max(committed_at) AS reached, (SELECT generation FROM catalog_version) AS generation FROM batches",
        )
        if seen["generation"] != self.generation:
            self.rows, self.reached = {}, None
        after = f"> TIMESTAMPTZ '{(self.reached or dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).isoformat()}'"
        for dropped in ask(home, f"SELECT report_id FROM deletions WHERE deleted_at {after}"):
            self.rows.pop(dropped["report_id"], None)
        loaded = (
            "SELECT r.* FROM incident_reports AS r JOIN batches AS b USING (batch_id) WHERE b.committed_at"
        )
        self.rows |= {row["report_id"]: row for row in ask(home, f"{loaded} {after}")}
        self.reached, self.generation = seen["reached"], seen["generation"]


def test_a_copy_is_kept_in_step_whatever_is_decided_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, copy = _filled(tmp_path, record(1), record(2)), Copy()

    def visit() -> None:
        copy.visit(home)
        held = ask(home, "FROM incident_reports")
        assert copy.rows == {row["report_id"]: row for row in held}
        assert len(copy.rows) == len(held)

    visit()
    decide(home, "correct", report(home, 1)["report_id"], fatalities_low="2")
    visit()
    decide(home, "retract", report(home, 2)["report_id"])
    newer = record(1, published_at="2025-03-06", text=record(9)["text"])
    (tmp_path / "b.jsonl").write_text(json.dumps(newer), encoding="utf-8")
    stages.run([tmp_path / "b.jsonl"], home)
    visit()
    monkeypatch.setattr(get_extractor("rules"), "version", "next")
    assert list(stages.reprocess(Selection(is_outdated=True), home))
    visit()
    rebuild(home, extractor="rules", progress=lambda _line: None, now=dt.datetime.now(dt.UTC))
    visit()


def test_the_page_of_an_older_batch_does_not_become_the_latest(tmp_path: Path) -> None:
    home = _filled(tmp_path, record(1))
    [first] = ask(home, "SELECT batch_id FROM batches")
    latest = home.reports / "latest.html"
    decide(home, "retract", report(home, 1)["report_id"])
    newest = latest.read_bytes()
    page = write_batch_report(first["batch_id"], home).read_text(encoding="utf-8")
    assert latest.read_bytes() == newest
    assert "1 of the 1 reports that the batch read are not shown" in page


def _filled(folder: Path, *records: dict[str, Any]) -> Settings:
    home = Settings(home=folder / "home", lake=folder / "home" / "lake", workers=1)
    (folder / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in records), encoding="utf-8")
    stages.run([folder / "a.jsonl"], home)
    return home


def test_every_decision_is_in_the_raw_store_and_none_is_orphaned(home: Settings) -> None:
    with Snapshot(home.lake) as snapshot:
        held = snapshot.rows(
            "SELECT * EXCLUDE (batch_id) FROM revisions WHERE reviewer_name IS NOT NULL ORDER BY decided_at, revision_id"
        )
        assert orphaned_decisions(snapshot) == []
    assert read_decisions(home.raw) == held
    assert len(held) > 4
