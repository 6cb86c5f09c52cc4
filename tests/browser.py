"""The system's Chromium for tests, and axe-core run on a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
_RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"


@contextmanager
def launched_browser() -> Iterator[Browser]:
    """Headless Chromium; the test is skipped where there is none."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


def grave_findings(page: Any) -> list[str]:
    """Serious and critical accessibility findings of axe-core; the page was opened with ``bypass_csp``."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    return [
        f"{found['id']}: {found['help']}: {found['nodes'][0]['html'][:200]}"
        for found in page.evaluate(_RUN)
        if found["impact"] in {"serious", "critical"}
    ]


def open_page(browser: Browser, path: Path, **context: Any) -> tuple[Any, list[str], list[str]]:
    """The file in a new context, with the requests it made and what it complained about."""
    page = browser.new_context(**context).new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())
    return page, requests, complaints
