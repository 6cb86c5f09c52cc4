"""What the pages say of a lake that brought this much on these days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from pipeline.batches.history import history
from pipeline.batches.reporting import report_data
from pipeline.batches.volumes import volumes
from pipeline.config import Settings
from pipeline.lake.catalog import Catalog, write_catalog
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.store import append
from pipeline.quality.ledger import COUNTS
from pipeline.quality.trends import Measure, check_trends
from pipeline.report.dashboard import render_dashboard
from pipeline.report.history import History, history_findings
from pipeline.report.verdict import Finding, batch_findings
from pipeline.schema.tables import arrow_table, tables

START = dt.datetime(2026, 11, 1, 6, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


def _row(name: str, at: dt.datetime, **values: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"string": "x", "int32": 1, "int64": 1, "float64": 0.5, "bool": True,
                             "date": at.date(), "timestamp": at}  # fmt: skip
    return {column.name: plain.get(column.type, []) for column in tables()[name].columns} | values


def made_lake(
    settings: Settings,
    days: Sequence[Mapping[str, int] | None],
    results: Mapping[int, Sequence[dict[str, Any]]] | None = None,
) -> None:
    """A lake with a batch ``b-DAY`` of each day that is not ``None``: articles of each outlet, and expectations judged."""
    rows: dict[str, list[dict[str, Any]]] = {"batches": [], "articles": [], "quality_results": []}
    for day, brought in enumerate(days):
        if brought is None:
            continue
        at, batch = START + day * DAY, f"b-{day}"
        count = sum(brought.values())
        ledger = dict.fromkeys((*COUNTS, "reports_accepted"), 0) | {
            "items_fetched": count, "items_parsed": count, "articles_new": count, "versions_extracted": count,
        }  # fmt: skip
        rows["batches"].append(_row("batches", at, batch_id=batch, source=None, **ledger))
        rows["articles"] += [
            _row("articles", at, article_id=f"{outlet}-{day}-{n}", source_name=outlet, batch_id=batch, published_year=at.year)
            for outlet, many in brought.items()
            for n in range(many)
        ]  # fmt: skip
        for result in (results or {}).get(day, ()):
            rows["quality_results"].append(_row("quality_results", at, batch_id=batch) | result)
    settings.lake.mkdir(parents=True, exist_ok=True)
    versions = {
        name: append(settings.lake, name, arrow_table(name, found), batch_id="b")
        for name, found in rows.items()
        if found
    }
    write_catalog(settings.lake, Catalog(1, versions, "b", {}))


def dashboard(settings: Settings) -> tuple[History, list[Finding]]:
    """What the dashboard shows, and its findings."""
    with Snapshot(settings.lake) as snapshot:
        shown = history(settings, snapshot)
    return shown, history_findings(shown)


def of_batch(settings: Settings, day: int) -> list[Finding]:
    """The findings of the page of a day's batch."""
    with Snapshot(settings.lake) as snapshot:
        return batch_findings(report_data(f"b-{day}", settings, snapshot))


def judged(outlet: str, tolls: Sequence[float], places: Sequence[float]) -> dict[int, list[dict[str, Any]]]:
    """The trends of an outlet's batches, one a day: those killed, and the share of reports without a country."""
    found = {}
    history: dict[str, list[float]] = {}
    for day, (killed, empty) in enumerate(zip(tolls, places, strict=True)):
        outcomes = check_trends(
            outlet,
            [
                Measure("killed", "killed, all reports together", killed, slack=50),
                Measure("empty:country_code", "the share of reports without country code", empty, 0.2, is_share=True),
            ],
            history,
        )  # fmt: skip
        found[day] = [asdict(outcome) for outcome in outcomes]
        for outcome in outcomes:
            history.setdefault(outcome.expectation, []).insert(0, float(outcome.observed or 0))
    return found


def test_tolls_far_from_usual_are_the_first_thing_that_both_pages_say(home: Settings) -> None:
    results = judged("Outlet A", [158.0] * 8 + [1580.0], [0.0] * 8 + [0.5])
    made_lake(home, [{"Outlet A": 30, "B": 2}] * 8 + [{"Outlet A": 30}], results)
    shown, [toll, others, *_] = dashboard(home)
    usual = "usual is between 79 and 237, as in its last 8 batches (median 158)."
    assert toll.sentence == f"Outlet A tells of 1,580 killed on 2026-11-09, all reports together; {usual}"
    assert others.sentence == (
        "Also far from usual on 2026-11-09: of Outlet A, the share of reports without country code (50%)."
    )
    assert "expectations failed" not in " ".join(finding.sentence for finding in history_findings(shown))
    first, second, *_ = of_batch(home, 8)
    assert first.sentence == f"Outlet A tells of 1,580 killed in this batch, all reports together; {usual}"
    assert second.sentence == others.sentence.replace("on 2026-11-09", "in this batch")


def test_an_expectation_is_told_in_the_words_of_its_newest_failure(home: Settings) -> None:
    results = judged("Outlet A", [158.0] * 6 + [1580.0, 15_800.0, 158.0], [0.0] * 9)
    made_lake(home, [{"Outlet A": 30}] * 9, results)
    [line] = dashboard(home)[0].expectations
    assert (
        line.name
        == "Of Outlet A, killed, all reports together: between 79 and 237, as in its last 7 batches (median 158)."
    )
    assert line.note == "batches, warn, observed 15800"
    assert [value for value in line.values[5:] if value] == [1.0, 1.0]


def test_what_failed_on_the_newest_day_is_among_the_lines_that_are_shown(home: Settings) -> None:
    wrong = [
        {"table_name": "articles", "expectation": f"e{n}", "sentence": f"Number {n} holds.", "severity": "reject",
         "element_count": 90, "unexpected_count": 9, "is_passed": False, "observed": None}
        for n in range(30)
    ]  # fmt: skip
    results = judged("Outlet A", [158.0] * 8 + [1580.0], [0.0] * 9)
    made_lake(home, [{"Outlet A": 30}] * 9, results | {3: results[3] + wrong})
    assert "Of Outlet A, killed" in dashboard(home)[0].expectations[0].name


def silence(findings: Sequence[Finding]) -> list[str]:
    """What findings say of silent sources."""
    return [finding.sentence for finding in findings if finding.sentence.startswith("Fallen silent")]


BOTH, ONE = {"a": 30, "b": 2}, {"a": 30}
B_IS_SILENT = ["Fallen silent: b (no article since 2026-11-08)."]


def test_a_silent_source_is_told_on_every_page_until_it_brings_again(home: Settings) -> None:
    days = [BOTH] * 8 + [ONE] * 12 + [BOTH, ONE]
    made_lake(home, days)
    for day in (7, 8, 9, 15, 19, 20, 21):
        assert silence(of_batch(home, day)) == (B_IS_SILENT if 8 <= day < 20 else []), day
    for last in (8, 9, 19, 20):
        made_lake(replace(home, lake=home.home / f"lake-{last}"), days[: last + 1])
        shown, findings = dashboard(replace(home, lake=home.home / f"lake-{last}"))
        assert silence(findings) == (B_IS_SILENT if last < 20 else [])
        assert [line.alarms for line in shown.volumes] == [{13 - min(last, 13) + 8: "fell silent"}, {}]


def test_a_source_is_not_silent_before_a_day_has_passed_without_it(home: Settings) -> None:
    made_lake(home, [BOTH] * 8 + [ONE])
    with Snapshot(home.lake) as snapshot:
        days = [START.date() + day * DAY for day in range(9)]
        told = {
            hours: [one.silent_since for one in volumes(snapshot, days, START + 8 * DAY + hours * HOUR)]
            for hours in (-1, 0)
        }
    assert told == {-1: [None, None], 0: [None, START.date() + 7 * DAY]}


def test_a_day_without_a_batch_blames_no_source_and_is_told_once(home: Settings) -> None:
    days = [BOTH] * 8 + [None] + [BOTH] * 2
    for last, told in ((9, ["Nothing new came in from any source on 2026-11-09."]), (10, [])):
        lake = replace(home, lake=home.home / f"lake-{last}")
        made_lake(lake, days[: last + 1])
        shown, findings = dashboard(lake)
        assert silence(findings) == []
        assert [f.sentence for f in findings if f.sentence.startswith("Nothing new came")] == told
        assert [line.alarms for line in shown.volumes] == [{}, {}]
    made_lake(home, [BOTH] * 8 + [None, None, ONE])
    assert silence(dashboard(home)[1]) == B_IS_SILENT
    assert "Nothing new came in from any source from 2026-11-09 to 2026-11-10." in [
        finding.sentence for finding in dashboard(home)[1]
    ]


def test_a_source_too_small_for_the_chart_is_judged_and_shown(home: Settings) -> None:
    many = {f"outlet {n}": 5 for n in range(30)}
    made_lake(home, [many | {"b": 1}] * 8 + [many])
    shown, findings = dashboard(home)
    assert silence(findings) == B_IS_SILENT
    assert "fell silent on 2026-11-09" in render_dashboard(shown)


def test_a_source_that_brings_the_same_from_its_first_day_on_never_jumps(home: Settings) -> None:
    for late in (0, 5):
        lake = replace(home, lake=home.home / f"lake-{late}")
        made_lake(lake, [ONE] * late + [ONE | {"new": 32}] * 12)
        shown, findings = dashboard(lake)
        assert [line.alarms for line in shown.volumes] == [{}, {}]
        assert findings == []


def test_silence_is_judged_by_a_declaration_that_sets_a_minimum(home: Settings) -> None:
    made_lake(home, [BOTH] * 8 + [ONE])
    home.sources.mkdir(parents=True)
    declared = home.sources / "b.yaml"
    for bounds, told in (("{}", B_IS_SILENT), ("{minimum: 1, window_hours: 96}", [])):
        declared.write_text(
            f"kind: feed\nlicence: invented\nbounds: {bounds}\noptions: {{url: 'https://a.example/'}}\n"
        )
        assert silence(of_batch(home, 8)) == told
        assert len(dashboard(home)[0].sources) == 1
