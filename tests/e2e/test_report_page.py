"""The report in a browser: nothing is fetched, nothing runs that an article brought, it fits a phone."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, sync_playwright
from selectolax.lexbor import LexborHTMLParser

from pipeline import stages
from pipeline.config import SAMPLES_DIR, Settings
from pipeline.report.model import ReportData
from pipeline.report.page import page_bytes, render_report
from pipeline.schema.tables import tables

PAYLOADS = (
    "<script>document.documentElement.setAttribute('data-hit', 1)</script>",
    '"><img src=x onerror="document.documentElement.setAttribute(\'data-hit\', 1)">',
    '"><svg onload="document.documentElement.setAttribute(\'data-hit\', 1)">',
    "javascript:document.documentElement.setAttribute('data-hit', 1)",
    "</style><script>document.documentElement.setAttribute('data-hit', 1)</script>",
    "{{ 7 * 7 }}{% raw %}\u202e\x1b[31m\x00",
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


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
        sources=[{"source": text, "state": "dry", "articles": None, "sentence": text}],
        by_source=[{"source": text, "day": None, "articles": 1, "reports": 1, "quarantined": 1}],
    )


def _open(browser: Browser, path: Path, **context: Any) -> tuple[Any, list[str], list[str]]:
    page = browser.new_context(**context).new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())
    return page, requests, complaints


@pytest.mark.browser
@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_of_an_article_runs_or_fetches(browser: Browser, tmp_path: Path, payload: str) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(page_bytes(render_report(hostile_data(payload))))
    page, requests, complaints = _open(browser, path)
    for summary in page.query_selector_all("summary"):
        summary.click()
    assert page.evaluate("document.documentElement.getAttribute('data-hit')") is None
    assert requests == [path.as_uri()]
    assert complaints == []
    assert page.query_selector_all("script, img, iframe, object, form, a[href^='javascript']") == []


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_real_report_fits_the_screen_and_needs_nothing_from_outside(
    browser: Browser, home: Settings, width: int, scheme: str
) -> None:
    path = Path(stages.write_batch_report(stages.run([SAMPLES_DIR / "articles"], home), home))
    page, requests, complaints = _open(
        browser, path, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    assert requests == [path.as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("article.incident").count() > 25
    assert page.locator("figure svg").count() == 2
    assert "OK:" in page.locator(".verdict").inner_text()


def _without_charts(text: str) -> ReportData:
    return replace(hostile_data(text), incidents=[])


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_stays_text(text: str) -> None:
    plain = LexborHTMLParser(render_report(_without_charts("plain")))
    page = LexborHTMLParser(render_report(_without_charts(text)))
    for tag in ("script", "img", "iframe", "style", "form", "input", "td", "li"):
        assert len(page.css(tag)) == len(plain.css(tag)), tag
