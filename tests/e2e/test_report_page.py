"""The report in a browser: nothing is fetched, nothing runs that an article brought, it fits a phone."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from playwright.sync_api import Browser
from selectolax.lexbor import LexborHTMLParser

from bench.speed.dashboard import made_lake
from pipeline import stages
from pipeline.batches.history import history
from pipeline.batches.reporting import report_data
from pipeline.batches.reprocess import Selection
from pipeline.config import SAMPLES_DIR, Settings
from pipeline.lake.snapshot import Snapshot
from pipeline.report.dashboard import render_dashboard
from pipeline.report.history import History, Line, history_findings
from pipeline.report.model import Intake, ReportData, Trend
from pipeline.report.page import page_bytes, render_report
from pipeline.report.verdict import batch_findings
from pipeline.schema.tables import tables
from tests.articles import record
from tests.browser import grave_findings, launched_browser, open_page

PAYLOADS = (
    "<script>document.documentElement.setAttribute('data-hit', 1)</script>",
    '"><img src=x onerror="document.documentElement.setAttribute(\'data-hit\', 1)">',
    '"><svg onload="document.documentElement.setAttribute(\'data-hit\', 1)">',
    "javascript:document.documentElement.setAttribute('data-hit', 1)",
    "</style><script>document.documentElement.setAttribute('data-hit', 1)</script>",
    "{{ 7 * 7 }}{% raw %}\u202e\x1b[31m\x00",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    with launched_browser() as launched:
        yield launched


def _row(table: str, text: str) -> dict[str, Any]:
    """A row with ``text`` in every text column."""
    now = dt.datetime(2025, 3, 5, tzinfo=dt.UTC)
    plain: dict[str, Any] = {
        "string": text,
        "int32": 3,
        "int64": 3,
        "float64": 0.5,
        "bool": False,
        "date": now.date(),
        "timestamp": now,
    }
    row = {
        c.name: plain.get(c.type, [text] if c.type == "list<string>" else []) for c in tables()[table].columns
    }
    if "evidence" in row:
        row["evidence"] = [{"field": text, "start": 0, "end": max(1, len(text)), "quote": text}]
    return row


def hostile_sources(text: str) -> list[dict[str, Any]]:
    shared = {"source": text, "articles": None, "sentence": text, "since": dt.date(2025, 3, 4)}
    return [shared | {"state": state} for state in ("dry", "silent")]


def hostile_data(text: str) -> ReportData:
    """A report every text of which is ``text``."""
    article = {
        "source_name": text,
        "title": text,
        "url": text,
        "published_at": dt.datetime(2025, 3, 5, tzinfo=dt.UTC),
        "text": text or "x",
    }
    incident = _row("incident_reports", text) | article | {"latitude": 10.0, "longitude": 20.0}
    return ReportData(
        batch=_row("batches", text),
        balances=[(text, 1, 1)],
        expectations=[_row("quality_results", text) | {"severity": "reject"}],
        quarantined=[_row("quarantine", text)],
        incidents=[incident],
        aggregate_claims=[_row("aggregate_claims", text)],
        sources=hostile_sources(text),
        trends=[Trend(text, measure, text, text, text) for measure in ("killed", "injured")],
        by_source=[{"source": text, "day": None, "articles": 1, "reports": 1, "quarantined": 1}],
    )


def hostile_history(text: str) -> History:
    """A dashboard every text of which is ``text``."""
    day = dt.datetime(2025, 3, 5, tzinfo=dt.UTC)
    line = Line(text, [1.0, None, 0.5], 3, 6, text, {0: "jump"})
    batch = _row("batches", text) | {"is_conserved": True}
    return History(
        written_at=day,
        days=[day.date() - dt.timedelta(days=back) for back in (2, 1, 0)],
        ledger_by_day=[batch | {"batches": 1}, None, batch | {"batches": 1}],
        ledger=batch,
        batches=[batch],
        unbalanced=0,
        expectations=[line],
        met=1,
        intakes={text: Intake(3, 2, 3, 2), f"{text}.": Intake(9, 1, 9, 0)},
        failed_last=1,
        trends=[Trend(text, measure, text, text, text) for measure in ("killed", "injured")],
        reasons=[line],
        open_quarantine=1,
        nulls=[line],
        volumes=[line],
        idle=[1],
        sources=hostile_sources(text),
    )


@pytest.mark.browser
@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("kind", ["batch", "dashboard"])
def test_no_text_of_an_article_runs_or_fetches(
    browser: Browser, tmp_path: Path, payload: str, kind: str
) -> None:
    text = (
        render_report(hostile_data(payload))
        if kind == "batch"
        else render_dashboard(hostile_history(payload))
    )
    path = tmp_path / "page.html"
    path.write_bytes(page_bytes(text))
    page, requests, complaints = open_page(browser, path)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.getAttribute('data-hit')") is None
    assert requests == [path.as_uri()]
    assert complaints == []
    assert page.query_selector_all("script, img, iframe, object, form, a[href^='javascript']") == []
    assert len(page.query_selector_all("style")) == 1


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Real pages: of the samples, of inputs that are half rejected, of 90 made-up days, of nothing."""
    folder = tmp_path_factory.mktemp("pages")
    home = Settings(home=folder, lake=folder / "lake", workers=1)
    batch = Path(
        stages.write_batch_report(stages.run([SAMPLES_DIR / "articles" / "sahel_courier.jsonl"], home), home)
    )
    wrong = folder / "wrong.jsonl"
    wrong.write_text('{broken\n{"text": "no date"}\n', encoding="utf-8")
    rejected = Path(stages.write_batch_report(stages.run([wrong], home), home))
    grown = Settings(home=folder / "grown", lake=folder / "grown" / "lake", workers=1)
    made_lake(grown, 45, 1, dt.datetime(2025, 6, 30, 12, tzinfo=dt.UTC))
    found = {"batch": batch, "rejected": rejected, "dashboard": home.reports / "index.html"}
    for name, settings in (("grown", grown), ("empty", replace(grown, lake=folder / "none"))):
        found[name] = folder / f"{name}.html"
        with Snapshot(settings.lake) as snapshot:
            found[name].write_bytes(page_bytes(render_dashboard(history(settings, snapshot))))
    return found


@pytest.mark.browser
@pytest.mark.parametrize("name", ["batch", "rejected", "dashboard", "grown", "empty"])
def test_a_page_can_be_used_by_everybody_and_needs_nothing_from_outside(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    path = pages[name]
    for width, scheme in ((1280, "light"), (390, "dark")):
        page, requests, complaints = open_page(
            browser, path, viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        assert grave_findings(page) == [], (width, scheme)
        assert requests == [path.as_uri()]
        assert complaints == []
        page.context.close()


@pytest.mark.browser
def test_the_keyboard_reaches_the_content_and_the_tables(browser: Browser, pages: dict[str, Path]) -> None:
    page, _, _ = open_page(browser, pages["batch"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None
    levels = page.eval_on_selector_all("h1, h2, h3", "all => all.map(one => +one.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@pytest.mark.browser
def test_the_pages_of_real_batches_say_what_to_think_of_them(
    browser: Browser, pages: dict[str, Path]
) -> None:
    good, _, _ = open_page(browser, pages["batch"])
    assert "OK:" in good.locator(".verdict").inner_text()
    assert good.locator("article.incident").count() > 3
    assert good.locator("svg.map circle").count() > 3
    bad, _, _ = open_page(browser, pages["rejected"])
    assert "Do not use" in bad.locator(".verdict").inner_text()
    assert "incidents quarantine show q-" in bad.locator("#quarantine ~ div").first.inner_text()
    bad.goto(pages["dashboard"].as_uri())
    bad.get_by_role("link", name=pages["batch"].stem).click()
    assert bad.url == pages["batch"].as_uri()


def _told(home: Settings, batch_id: str) -> list[list[tuple[str, str]]]:
    """Level and sentence of what the batch's page and the dashboard find of what came in."""
    with Snapshot(home.lake) as snapshot:
        found = (
            batch_findings(report_data(batch_id, home, snapshot)),
            history_findings(history(home, snapshot)),
        )
    links = ("#quarantine", "#batches")
    return [[(one.level, one.sentence) for one in some if one.link in links] for some in found]


def test_both_pages_tell_what_was_rejected(
    home: Settings, tmp_path: Path, write_jsonl: Callable[..., Path]
) -> None:
    first = stages.run([write_jsonl("good.jsonl", record(1), record(2), record(3))], home)
    assert _told(home, first) == [[], []]
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{broken\n{also\n")
    batch_id = stages.run([broken], home)
    today = dt.datetime.now(dt.UTC).date()
    assert _told(home, batch_id) == [
        [("stop", "2 of 2 inputs were rejected: what is left is no fair picture of them.")],
        [
            ("look", f"2 of 5 inputs of {today} were rejected and are not published."),
            ("look", f"More than half of what came in with {batch_id} was rejected."),
        ],
    ]


def test_articles_in_a_language_that_is_not_read_are_told_once_and_were_not_rejected(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    text = "Hombres armados mataron a siete soldados el lunes en una base militar, dijo el ejército en un comunicado."
    spanish = [record(number, text=text, title=None, language="es") for number in (1, 2)]
    batch_id = stages.run([write_jsonl("es.jsonl", *spanish)], home)
    today = dt.datetime.now(dt.UTC).date()
    told = "2 of 2 articles{} are in a language that is not read: nothing is known of what they tell."
    on_dashboard = [("look", told.format(f" of {today}"))]
    assert _told(home, batch_id) == [[("look", told.format(""))], on_dashboard]
    [again] = stages.reprocess(Selection(), home)
    assert _told(home, again) == [[], on_dashboard]


def _without_incidents(text: str) -> ReportData:
    return replace(hostile_data(text), incidents=[])


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_stays_text(text: str) -> None:
    for made, plainly in (
        (render_report(_without_incidents(text)), render_report(_without_incidents("plain"))),
        (render_dashboard(hostile_history(text)), render_dashboard(hostile_history("plain"))),
    ):
        page, plain = LexborHTMLParser(made), LexborHTMLParser(plainly)
        for tag in ("script", "img", "iframe", "style", "form", "input", "td", "li", "rect"):
            assert len(page.css(tag)) == len(plain.css(tag)), tag
