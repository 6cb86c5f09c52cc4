"""Entries that a feed changes: fetched again, where something may have changed, and a version where something has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline import stages
from pipeline.config import Settings
from pipeline.sources import revisions
from pipeline.sources.intake import sort_intake
from pipeline.sources.items import ParsedArticle
from tests.broker import rows
from tests.sources.test_feeds import Follower, declare, entry, news, page, rss
from tests.sources.web import Reply, Site, serving

HOUR = revisions.SECONDS_BETWEEN_UPDATES


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as running:
        yield running


def updated(number: int, moment: str) -> str:
    return entry(number, more=f"<a:updated xmlns:a='http://www.w3.org/2005/Atom'>{moment}</a:updated>")


def with_validators(number: int) -> Any:
    def reply(request: Any) -> Reply:
        if request.headers.get("If-None-Match") == '"p1"' and request.headers.get("If-Modified-Since"):
            return Reply(status=304, headers={})
        found = page(number)
        found.headers |= {"ETag": '"p1"', "Last-Modified": "Wed, 05 Mar 2025 08:00:00 GMT"}
        return found

    return reply


def test_an_updated_entry_is_asked_for_again_and_only_what_changed_is_sent(
    site: Site, tmp_path: Path
) -> None:
    site.replies |= {"/1": with_validators(1), "/2": page(2)}
    site.replies["/feed"] = rss(updated(2, "2025-03-05T09:00:00Z"), updated(1, "2025-03-05T09:00:00Z"))
    follower = Follower(site, tmp_path)
    assert follower.pages() == news(1, 2)
    follower.clock.time += HOUR
    assert follower.pages() == []
    site.replies["/feed"] = rss(updated(2, "2025-03-05T10:00:00Z"), updated(1, "2025-03-05T10:00:00Z"))
    pages, failed = follower.poll()
    assert failed == []
    assert [(found.url, found.modified) for found in pages] == [(news(2)[0], "2025-03-05T10:00:00+00:00")]
    assert site.asked.count("/1") == site.asked.count("/2") == 2
    assert follower.pages() == []


def test_a_changed_title_or_content_counts_and_an_earlier_date_does_not(site: Site, tmp_path: Path) -> None:
    site.replies |= {"/1": page(1), "/feed": rss(updated(1, "2025-03-05T09:00:00Z"))}
    follower = Follower(site, tmp_path)
    follower.pages()
    follower.clock.time += HOUR
    site.replies["/feed"] = rss(updated(1, "2025-03-05T08:00:00Z"))
    assert follower.pages() == []
    site.replies["/feed"] = rss(updated(1, "2025-03-05T08:00:00Z").replace("Clash 1", "Clash one"))
    [found], _ = follower.poll()
    noticed = dt.datetime.fromisoformat(found.modified or "").timestamp()
    assert 0 <= follower.clock.time - noticed < 60


def test_a_change_within_the_hour_waits_and_is_not_lost(site: Site, tmp_path: Path) -> None:
    def feed(request: Any) -> Reply:
        if request.headers.get("If-None-Match") == '"second"':
            return Reply(status=304, headers={})
        return second

    first, second = rss(entry(1)), rss(entry(1, more="<description>Corrected.</description>"))
    second.headers["ETag"] = '"second"'
    site.replies |= {"/1": page(1), "/feed": first}
    follower = Follower(site, tmp_path)
    assert follower.pages() == news(1)
    site.replies["/feed"] = feed
    assert follower.pages() == []
    follower.clock.time += HOUR
    assert follower.pages() == news(1)
    assert follower.pages() == []
    assert site.headers[-1].get("If-None-Match") == '"second"'


def test_an_entry_that_changes_with_each_poll_is_fetched_so_many_times(site: Site, tmp_path: Path) -> None:
    site.replies["/1"] = page(1)
    follower = Follower(site, tmp_path)
    for number in range(20):
        site.replies["/feed"] = rss(entry(1, more=f"<description>Read {number} times.</description>"))
        follower.pages()
        follower.clock.time += HOUR
    assert site.asked.count("/1") == 1 + revisions.MAX_UPDATES


def test_a_full_text_that_changed_is_taken_again(site: Site, tmp_path: Path) -> None:
    follower = Follower(site, tmp_path, full_text=True)
    for text in ("First", "Second"):
        site.replies["/feed"] = rss(entry(1, more=f"<description>{text}</description>"))
        [found], _ = follower.poll()
        assert text.encode() in found.content
        follower.clock.time += HOUR


def test_a_corrected_page_is_a_version_and_one_that_only_says_so_a_duplicate(
    home: Settings, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisions, "SECONDS_BETWEEN_UPDATES", 0.0)
    declare(home, "courier", url=f"{site.url}/feed", allow_private=True, ports=[site.port], delay_seconds=0)
    date = "2025-03-05T08:00:00+00:00"
    for hour, killed in ((9, 1), (10, 1), (11, 5)):
        shown = updated(1, f"2025-03-05T{hour:02}:00:00Z").replace("http://news.example", site.url)
        site.replies |= {"/1": page(killed, date), "/feed": rss(shown)}
        stages.run_source("courier", home)
    assert rows(home, "SELECT sum(articles_new) AS new, sum(articles_updated) AS updated, sum(articles_duplicate) AS same, sum(articles_conflicting) AS bad FROM batches") == [
        {"new": 1, "updated": 1, "same": 1, "bad": 0}
    ]  # fmt: skip
    [current] = rows(
        home, "SELECT text, modified_at FROM articles ORDER BY modified_at DESC NULLS LAST LIMIT 1"
    )
    assert "7 soldiers" in current["text"]
    assert current["modified_at"] == dt.datetime(2025, 3, 5, 11, tzinfo=dt.UTC)


def test_versions_by_their_time_of_change_are_sorted_in_any_order() -> None:
    moment = dt.datetime(2025, 3, 5, tzinfo=dt.UTC)
    first = ParsedArticle(
        source_article_id="a", source_name="s", url=None, title=None, text="one", language="en", published_at=moment,
        published_on=moment.date(), published_at_source="record", content_type="html", charset="utf-8",
        input_location="x", raw_sha256="0" * 64,
    )  # fmt: skip
    later = msgspec.structs.replace(first, text="two", modified_at=moment + dt.timedelta(hours=1))
    rival = msgspec.structs.replace(later, text="three")
    for order in permutations([first, later, rival]):
        found = sort_intake(order, {})
        assert found.new == [first]
        assert found.updated == [min(later, rival, key=lambda a: a.version)]
        assert len(found.conflicting) == 1
