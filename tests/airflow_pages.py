"""The data-quality pages of a standing Airflow: what the UI shows, and what it refuses without a login."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser import launched_browser


def answer(url: str, token: str | None = None) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of a page."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as found:
            return found.status, found.read().decode(), dict(found.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace"), dict(error.headers)


def check_refusals(base: str, reports: Path, run_id: str, token: str) -> None:
    """Nothing without a login, and nothing but pages with one."""
    pages = f"{base}/incidents-reports"
    secret = reports / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    (reports / f"b-{'0' * 20}.html").symlink_to(secret)
    names = ["index.html", *sorted(path.name for path in reports.glob("b-*.html"))]
    for path in (*names, f"run?dag_id=publish_incidents&run_id={quote(run_id)}", "secret.txt"):
        status, text, _ = answer(f"{pages}/{path}")
        assert status == 401, path
        assert "secret" not in text
    assert answer(f"{pages}/index.html", "no token")[0] in {401, 403}
    for path in (
        "secret.txt",
        "..%2Fsecret.txt",
        "%2e%2e/airflow/passwords.json",
        f"b-{'0' * 20}.html",
        "index.html%00",
    ):
        status, text, _ = answer(f"{pages}/{path}", token)
        assert status == 404, path
        assert "secret" not in text.replace("secret.txt", "")
    status, text, headers = answer(f"{pages}/index.html", token)
    assert (status, text) == (200, (reports / "index.html").read_text(encoding="utf-8"))
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@contextmanager
def logged_in(base: str, password: str) -> Iterator[Any]:
    """A page of the UI on which a person is logged in."""
    with launched_browser() as browser:
        page = browser.new_context(viewport={"width": 1300, "height": 900}).new_page()
        page.set_default_timeout(60_000)
        page.goto(base)
        page.fill("input[name=username]", "admin")
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
        page.get_by_text("Browse").first.wait_for()
        yield page
        page.context.close()


def check_views(base: str, run_id: str, batch_id: str, password: str) -> None:
    """The dashboard in the menu, and the batch's page on the Dag run's."""
    with logged_in(base, password) as page:
        page.goto(f"{base}/plugin/data-quality")
        page.frame_locator("iframe").get_by_role("link", name=batch_id).wait_for()
        page.goto(f"{base}/dags/publish_incidents/runs/{quote(run_id)}")
        page.get_by_role("link", name="Data quality").last.click()
        page.frame_locator("iframe").get_by_text(f"Batch {batch_id}").wait_for()


def correct_in_form(base: str, subject: str, reason: str, corrections: str, password: str) -> None:
    """Find a question under "Required Actions" and correct its row; the other decisions ask for a reason alone."""
    with logged_in(base, password) as page:
        page.goto(f"{base}/required_actions")
        page.get_by_role("link", name=subject).click()
        page.fill("[name=element_reason]", reason)
        for action in ("accept", "retract", "leave open"):
            expect(page.get_by_role("button", name=action, exact=True)).to_be_enabled()
        page.fill("[name=element_corrections]", corrections)
        page.get_by_role("button", name="correct", exact=True).click()
        page.get_by_text("response successful").wait_for()
