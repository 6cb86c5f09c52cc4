"""Declared sources over time: late articles, the ledger of a source, and the alarm where one dries up or floods."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from airflow.sdk.exceptions import AirflowFailException
from selectolax.lexbor import LexborHTMLParser
from typer.testing import CliRunner

from pipeline import stages
from pipeline.batches import arrivals, extraction, publication, reporting, validation
from pipeline.batches.source_states import source_states
from pipeline.batches.staging import StagedBatch
from pipeline.cli import app, main
from pipeline.config import Settings
from pipeline.doctor import examine
from pipeline.lake.catalog import read_catalog
from pipeline.lake.store import data_files
from pipeline.orchestration import tasks
from pipeline.schema.tables import tables
from pipeline.sources import streams
from pipeline.sources.declaration import Declaration
from pipeline.sources.fetched import Fetched, State
from tests.articles import AnyOptions, record

START = dt.datetime(2025, 3, 10, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@dataclass
class Wire:
    """A source that hands over lines as they arrive, and the clock by which it is read."""

    home: Settings
    lines: list[str] = field(default_factory=list)

    def fetch(self, _declaration: Declaration, state: State, folder: Path) -> Fetched:
        """The lines that are new."""
        found = self.lines[state.get("next", 0) :]
        path = folder / "wire.jsonl"
        path.write_text("".join(f"{line}\n" for line in found))
        return Fetched([path] if found else [], {"next": len(self.lines)})

    def declare(self, *, since: dt.datetime = START - 30 * DAY, **bounds: Any) -> None:
        """Write the declaration, as if at ``since``."""
        path = self.home.sources / "wire.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"kind": "list", "licence": "invented", "bounds": bounds}))
        os.utime(path, (since.timestamp(), since.timestamp()))

    def publish(self, now: dt.datetime, *arriving: dict[str, Any] | str) -> str:
        """Publish what arrives as one batch, read at ``now``."""
        self.lines += [line if isinstance(line, str) else json.dumps(line) for line in arriving]
        batch_id = arrivals.ingest_source("wire", self.home, now=now)
        assert batch_id is not None
        staged = StagedBatch(self.home.staging, batch_id)
        extraction.extract(staged, self.home, extractor_name="rules", now=now, progress=lambda _line: None)
        validation.validate(staged, self.home, now=now)
        publication.publish(staged, self.home, now=now)
        return batch_id

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Rows of the database that analysts open."""
        with duckdb.connect(str(self.home.database), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return list(connection.sql(query).to_arrow_table().to_pylist())

    def state(self, now: dt.datetime) -> tuple[str, int | None]:
        [found] = source_states(self.home, now=now)
        return found.state, found.articles


@pytest.fixture
def wire(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire(home)
    monkeypatch.setattr(streams, "STREAMS", (streams.Stream("list", "a list", made.fetch, AnyOptions),))
    return made


def on(day: dt.datetime, number: int, **changes: Any) -> dict[str, Any]:
    """An article published on a day."""
    return record(number, published_at=day.isoformat(), **changes)


def test_a_late_article_is_counted_and_changes_nothing_but_what_it_touches(wire: Wire) -> None:
    wire.declare()
    wire.publish(START, on(START - 2 * DAY, 1), on(START - DAY, 2))
    before, files = _stored(wire), _files(wire.home)
    [sources] = wire.ask("FROM sources")
    assert (sources["late_articles"], sources["watermark"]) == (0, START - 8 * DAY)
    late = wire.publish(START + DAY, on(START - 20 * DAY, 3))
    [after] = wire.ask("FROM sources")
    assert after == sources | {
        "articles": 3,
        "late_articles": 1,
        "first_published_at": START - 20 * DAY,
        "last_first_seen_at": START + DAY,
        "delay_median_hours": 48.0,
        "delay_p95_hours": after["delay_p95_hours"],
    }
    [article] = wire.ask(f"SELECT article_id FROM articles WHERE batch_id = '{late}'")
    for name, rows in _stored(wire).items():
        assert [row for row in rows if row in before[name]] == before[name], name
        added = [row for row in rows if row not in before[name]]
        touched = late if name in {"batches", "quality_results"} else article["article_id"]
        assert all(touched in row for row in added), name
    assert len(_stored(wire)["incident_reports"]) == 1 + len(before["incident_reports"])
    assert all(set(held) <= set(_files(wire.home)[name]) for name, held in files.items())


def _stored(wire: Wire) -> dict[str, list[str]]:
    """Every stored row as text, by table."""
    return {
        name: [str(row) for row in wire.ask(f'SELECT * FROM versions."{name}" ORDER BY ALL')]
        for name in tables()
    }


def _files(home: Settings) -> dict[str, list[str]]:
    catalog = read_catalog(home.lake)
    return {name: data_files(home.lake, name, catalog) for name in tables()}


def test_the_ledger_of_a_source_adds_up_over_its_batches(wire: Wire) -> None:
    wire.declare()
    wire.publish(START, on(START - DAY, 1), on(START - DAY, 2), "no article")
    wire.publish(
        START + DAY,
        on(START - DAY, 1),
        on(START, 2, title="Mended"),
        on(START - DAY, 1, title="Another of the same time"),
        on(START, 3),
    )
    stages.run([_file(wire.home, on(START, 9, source="Files"))], wire.home)
    [ledger] = wire.ask("FROM source_ledger")
    assert ledger == {
        "source": "wire",
        "batches": 2,
        "first_committed_at": START,
        "last_committed_at": START + DAY,
        "items_fetched": 7,
        "items_parsed": 6,
        "items_failed": 1,
        "items_gated": 0,
        "articles_new": 3,
        "articles_updated": 1,
        "articles_duplicate": 1,
        "articles_conflicting": 1,
        "is_conserved": True,
    }
    by_run = wire.ask("SELECT source, items_fetched FROM ledger ORDER BY committed_at")
    assert [(row["source"], row["items_fetched"]) for row in by_run] == [
        ("wire", 3),
        ("wire", 4),
        (None, 1),
    ]


def _file(home: Settings, *records: dict[str, Any]) -> Path:
    path = home.home / "given.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


def test_a_source_dries_up_and_floods_as_its_window_moves_on(wire: Wire) -> None:
    wire.declare(minimum=1, maximum=2, since=START - DAY / 2)
    assert wire.state(START) == ("ok", 0)
    assert wire.state(START + DAY) == ("dry", 0)
    wire.publish(START, on(START - DAY, 1), on(START - DAY, 2))
    assert wire.state(START) == ("ok", 2)
    wire.publish(START + DAY / 2, on(START - DAY, 3), on(START - DAY, 1))
    assert wire.state(START) == ("ok", 2)
    assert wire.state(START + DAY / 2) == ("flood", 3)
    assert wire.state(START + DAY) == ("ok", 1)
    assert wire.state(START + 3 * DAY / 2) == ("dry", 0)
    wire.declare(minimum=1, maximum=2, since=START + 4 * DAY)
    assert wire.state(START + 4 * DAY) == ("dry", 0)


def test_what_came_another_way_does_not_keep_a_source_alive(wire: Wire) -> None:
    wire.declare(minimum=1)
    stages.run([_file(wire.home, on(START, 1))], wire.home)
    assert wire.state(dt.datetime.now(dt.UTC)) == ("dry", 0)


def test_a_batch_above_the_volume_is_warned_of_and_published_whole(wire: Wire) -> None:
    wire.declare(maximum=2)
    held = wire.publish(START, on(START, 1), on(START, 2))
    above = wire.publish(START + DAY, *(on(START, number) for number in (3, 4, 5)))
    warned = wire.ask(
        "SELECT batch_id, severity, element_count, unexpected_count, is_passed FROM quality_results "
        "WHERE expectation = 'volume:wire' ORDER BY element_count"
    )
    assert [tuple(row.values()) for row in warned] == [
        (held, "warn", 2, 0, True),
        (above, "warn", 3, 1, False),
    ]
    assert wire.ask("SELECT count(*) AS n FROM articles") == [{"n": 5}]
    page = LexborHTMLParser(reporting.write_batch_report(above, wire.home).read_text())
    assert "expectations warn; no row was dropped for that" in _text(page, ".verdict")
    shown = _text(page, "section[aria-labelledby=sources]")
    assert "of the declared source wire" in _text(page, "body")
    assert "flood 3 wire brought 3 articles in the last 24 hours; at most 2 are expected." in shown


def _text(page: LexborHTMLParser, selector: str) -> str:
    return " ".join(node.text(separator=" ") for node in page.css(selector)).replace("\n", " ")


def test_a_page_written_again_later_says_the_same_of_the_sources(wire: Wire) -> None:
    wire.declare(minimum=1)
    first = wire.publish(START, on(START, 1))
    written = reporting.write_batch_report(first, wire.home).read_text()
    wire.publish(START + DAY, on(START, 2))
    assert reporting.write_batch_report(first, wire.home).read_text() == written


def test_a_page_is_written_though_a_declaration_is_broken(home: Settings) -> None:
    home.sources.mkdir(parents=True)
    (home.sources / "wire.yaml").write_text("kind: [list")
    batch_id = stages.run([_file(home, record(1))], home)
    page = LexborHTMLParser((home.reports / f"{batch_id}.html").read_text())
    assert "broken" in _text(page, "section[aria-labelledby=sources]")


def test_the_alarm_fails_with_the_sentences_and_is_silent_without_sources(home: Settings, wire: Wire) -> None:
    assert tasks.check_sources() == []
    wire.declare()
    assert tasks.check_sources() == ["wire brought 0 articles in the last 24 hours, as expected."]
    wire.declare(minimum=3)
    (home.sources / "other.yaml").write_text("licence: invented\n")
    with pytest.raises(AirflowFailException) as failed:
        tasks.check_sources()
    broken, dry = str(failed.value).splitlines()
    assert "other.yaml is wrong" in broken
    assert dry.startswith("wire brought 0 articles in the last 24 hours; at least 3 are expected.")


def test_the_command_line_and_the_doctor_tell_the_state(home: Settings, wire: Wire) -> None:
    wire.declare(minimum=1, window_hours=1)
    sentence = "wire brought 0 articles in the last hour; at least 1 are expected."
    [declared] = json.loads(CliRunner().invoke(app, ["sources", "--json"]).stdout)["declared"]
    assert (declared["name"], declared["state"], declared["articles_in_window"]) == ("wire", "dry", 0)
    assert declared["finding"].startswith(sentence)
    assert f"dry: {sentence}" in CliRunner().invoke(app, ["sources"]).stdout
    [found] = [finding for finding in examine(home) if finding.check == "freshness of wire"]
    assert not found.is_well
    assert found.finding.startswith(sentence)
    wire.publish(dt.datetime.now(dt.UTC), record(1))
    [found] = [finding for finding in examine(home) if finding.check == "freshness of wire"]
    assert found.is_well


def test_a_declaration_of_no_kind_or_with_wrong_options_is_told_before_it_is_fetched(home: Settings) -> None:
    home.sources.mkdir(parents=True)
    wrong = {
        "nosuch": ({"kind": "nosuch"}, "unknown kind 'nosuch'"),
        "feed": ({"kind": "feed", "options": {"urll": "https://a.example"}}, "unknown field `urll`"),
        "topic": ({"kind": "kafka", "options": {"servers": "a", "topic": "b", "security": {"group.id": "c"}}}, "group.id under security"),
    }  # fmt: skip
    for name, (declaration, _) in wrong.items():
        (home.sources / f"{name}.yaml").write_text(yaml.safe_dump({"licence": "invented"} | declaration))
    findings = {finding.check: finding for finding in examine(home)}
    told = {state.source: state for state in source_states(home, now=START)}
    for name, (_, sentence) in wrong.items():
        assert not findings[f"source {name}"].is_well
        assert sentence in findings[f"source {name}"].finding
        assert told[name].state == "broken"
    listed = json.loads(CliRunner().invoke(app, ["sources", "--json"]).stdout)["declared"]
    assert [(source["name"], source["state"]) for source in listed] == [(n, "broken") for n in sorted(wrong)]


def test_whatever_a_kind_fails_with_is_told_and_the_other_sources_are_fetched(
    home: Settings, wire: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(_declaration: Declaration, _state: State, _folder: Path) -> Fetched:
        raise LookupError("unknown encoding: x-unknown")

    broken = streams.Stream("broken", "always fails", failing, AnyOptions)
    monkeypatch.setattr(streams, "STREAMS", (*streams.STREAMS, broken))
    wire.declare()
    (home.sources / "abc.yaml").write_text(yaml.safe_dump({"kind": "broken", "licence": "invented"}))
    wire.lines.append(json.dumps(record(1)))
    monkeypatch.setattr("sys.argv", ["incidents", "fetch", "abc", "nowhere", "wire", "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert (
        "The source abc (kind broken) cannot be read: LookupError: unknown encoding: x-unknown." in said.err
    )
    assert "No source 'nowhere' is declared" in said.err
    assert wire.ask("SELECT count(*) AS n FROM articles") == [{"n": 1}]
