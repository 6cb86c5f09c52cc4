"""Feeds and lists of addresses: each article once, whatever the servers and the feeds do."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest

from pipeline import cli, stages
from pipeline.batches.publication import advance_source, published_ledger
from pipeline.batches.staging import SourceAdvance
from pipeline.config import Settings
from pipeline.doctor import examine
from pipeline.errors import ConfigError, SourceError, SupersededError
from pipeline.lake.catalog import read_catalog
from pipeline.lake.snapshot import Snapshot
from pipeline.sources.declaration import Declaration
from pipeline.sources.feed_document import FeedContent, FeedDocument, read_feed
from pipeline.sources.feeds import fetch_feed
from pipeline.sources.fetched import Fetched, SourceUnavailable, State
from pipeline.sources.html_page import Page
from pipeline.sources.items import FailedItem
from pipeline.sources.raw import keep_raw
from pipeline.sources.url_list import fetch_urls
from pipeline.sources.warc import read_warc
from tests.sources.web import Clock, Reply, Site, serving, world_of

FEED_TYPE = {"Content-Type": "application/rss+xml; charset=utf-8"}
TEXT = """MAIDUGURI, Nigeria – {killed} soldiers were killed on Monday when Boko Haram fighters attacked a base in Konduga,
the army said. The attackers came on motorcycles and burned two vehicles before they fled."""


def page(number: int, date: str = "") -> Reply:
    meta = f'<meta property="article:published_time" content="{date}">' if date else ""
    return Reply(
        f"""<html lang="en"><head><title>Clash {number}</title>{meta}</head><body><nav>Home</nav><article><p>
{TEXT.format(killed=number + 2)}</p></article></body></html>""".encode()
    )


def rss(*entries: str) -> Reply:
    items = "".join(f"<item>{entry}</item>" for entry in entries)
    content = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Courier</title>{items}</channel></rss>'
    return Reply(content.encode(), headers=dict(FEED_TYPE))


def entry(number: int, *, more: str = "", date: str = "Wed, 05 Mar 2025 08:00:00 GMT") -> str:
    return f"<title>Clash {number}</title><link>http://news.example/{number}</link><guid>id-{number}</guid><pubDate>{date}</pubDate>{more}"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as running:
        yield running


class Follower:
    """Polls a source like the pipeline does: what it learnt goes through JSON into the next poll."""

    def __init__(self, site: Site, folder: Path, kind: str = "feed", **options: Any) -> None:
        self.clock = Clock()
        self.state: State = {}
        self.polls = 0
        self._site, self._folder = site, folder
        self._fetch = {"feed": fetch_feed, "urls": fetch_urls}[kind]
        given = {"url": "http://news.example/feed"} if kind == "feed" else {}
        self._declaration = Declaration(
            name="courier", kind=kind, licence="invented", options=given | options
        )

    def poll(self) -> tuple[list[Page], list[FailedItem]]:
        """The pages and failed items of one poll."""
        self.polls += 1
        folder = self._folder / str(self.polls)
        folder.mkdir()
        try:
            fetched: Fetched = self._fetch(
                self._declaration, self.state, folder, world_of(self._site, self.clock)
            )
        except SourceUnavailable as error:
            self.state = json.loads(json.dumps(error.state))
            raise
        self.state = json.loads(json.dumps(fetched.state))
        items = [item for path in fetched.files for item in read_warc(keep_raw(path, self._folder / "raw"))]
        return [i for i in items if isinstance(i, Page)], [i for i in items if isinstance(i, FailedItem)]

    def pages(self) -> list[str]:
        """The addresses of the pages of one poll that fails nowhere."""
        pages, failed = self.poll()
        assert failed == []
        return [str(found.url) for found in pages]


def news(*numbers: int) -> list[str]:
    return [f"http://news.example/{number}" for number in numbers]


def test_each_entry_is_fetched_once(site: Site, tmp_path: Path) -> None:
    site.replies |= {f"/{n}": page(n) for n in range(1, 5)} | {"/feed": rss(entry(2), entry(1))}
    follower = Follower(site, tmp_path)
    assert follower.pages() == news(1, 2)
    assert follower.pages() == []
    site.replies["/feed"] = rss(
        entry(3),
        entry(2).replace("/2<", "/2?utm_source=rss#top<").replace("id-2", "renamed"),
        entry(4).replace("id-4", "id-1"),
    )
    assert follower.pages() == news(3)
    assert site.asked.count("/1") == site.asked.count("/2") == 1


def test_what_has_not_changed_is_not_sent_again(site: Site, tmp_path: Path) -> None:
    site.replies |= {f"/{n}": page(n) for n in (1, 2)}

    def feed(request: Any) -> Reply:
        if (
            request.headers.get("If-None-Match") == '"v1"'
            and request.headers.get("If-Modified-Since") == "yesterday"
        ):
            return Reply(status=304, headers={"ETag": '"v1"'})
        reply = rss(entry(1))
        reply.headers |= {"ETag": '"v1"', "Last-Modified": "yesterday"}
        return reply

    site.replies["/feed"] = feed
    follower = Follower(site, tmp_path)
    assert follower.pages() == news(1)
    state = follower.state
    assert follower.pages() == []
    assert follower.state == state


def test_the_feed_says_what_the_page_does_not(site: Site, tmp_path: Path) -> None:
    site.replies |= {
        "/1": page(1),
        "/feed": rss(entry(1).replace("Clash 1", "Clash &lt;b&gt; in\n Konduga  é")),
    }
    [found], _ = Follower(site, tmp_path).poll()
    assert found.published == "2025-03-05T08:00:00+00:00"
    assert found.title == "Clash <b> in Konduga é"


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize(("encoding", "pack"), [("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)])  # fmt: skip
def test_what_came_packed_is_read_from_the_archive(
    site: Site, tmp_path: Path, encoding: str, pack: Callable[[bytes], bytes], is_chunked: bool
) -> None:
    plain = page(1).body
    headers = {"Content-Type": "text/html; charset=cp1252", "Content-Encoding": encoding}
    site.replies["/1"] = Reply(
        pack(plain), headers=headers | ({"Transfer-Encoding": "chunked"} if is_chunked else {})
    )
    [found], failed = Follower(site, tmp_path, "urls", urls=news(1)).poll()
    assert (found.content, found.charset, failed) == (plain, "cp1252", [])


def test_the_feed_dates_a_page_whose_own_date_is_none(home: Settings, site: Site) -> None:
    site.replies |= {
        "/1": page(1, "last Tuesday"),
        "/feed": rss(entry(1).replace("http://news.example", site.url)),
    }
    declare(home, "courier", url=f"{site.url}/feed", allow_private=True, ports=[site.port], delay_seconds=0)
    stages.run_source("courier", home)
    with Snapshot(home.lake) as snapshot:
        [article] = snapshot.rows("SELECT * FROM articles")
    assert (article["published_at_source"], str(article["published_on"])) == ("feed", "2025-03-05")


def test_a_poll_fetches_so_many_pages_and_the_next_ones_the_rest(site: Site, tmp_path: Path) -> None:
    site.replies |= {f"/{n}": page(n) for n in range(1, 6)}
    site.replies["/feed"] = rss(*(entry(n) for n in (5, 4, 3, 2, 1)))
    follower = Follower(site, tmp_path, max_items=2)
    assert [follower.pages() for _ in range(4)] == [news(1, 2), news(3, 4), news(5), []]


def test_a_page_that_fails_is_tried_three_times_and_then_told(site: Site, tmp_path: Path) -> None:
    site.replies |= {"/1": Reply(status=500), "/2": page(2), "/feed": rss(entry(2), entry(1))}
    follower = Follower(site, tmp_path, delay_seconds=0)
    assert follower.pages() == []
    follower.clock.time += 90
    assert follower.pages() == news(2)
    follower.clock.time += 90_000
    _, failed = follower.poll()
    assert [(f.reason_code, f.value, f.content) for f in failed] == [
        ("fetch_failed", "http://news.example/1: HTTP 500 Internal Server Error", "http://news.example/1")
    ]
    follower.clock.time += 90_000
    assert follower.pages() == []
    assert site.asked.count("/1") == 3


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(status=404), "page_gone"),
        (Reply(status=410), "page_gone"),
        (Reply(b"%PDF-1.7", headers={"Content-Type": "application/pdf"}), "page_not_html"),
        (Reply(b"hello", headers={}), "page_not_html"),
        (Reply(status=302, headers={"Location": "http://169.254.169.254/"}), "fetch_refused"),
        (Reply(b"x" * 20_000_001), "page_too_large"),
    ],
)
def test_what_another_try_cannot_mend_is_told_at_once(
    site: Site, tmp_path: Path, reply: Reply, code: str
) -> None:
    site.replies |= {"/1": reply, "/2": page(2), "/feed": rss(entry(2), entry(1))}
    follower = Follower(site, tmp_path)
    pages, failed = follower.poll()
    assert ([str(p.url) for p in pages], [f.reason_code for f in failed]) == (news(2), [code])
    assert follower.pages() == []


@pytest.mark.parametrize(
    "link", ["file:///etc/passwd", "http://[::1", "http://user:pw@news.example/", "mailto:a@b.example"]
)
def test_an_entry_that_leads_nowhere_is_told_once(site: Site, tmp_path: Path, link: str) -> None:
    site.replies["/feed"] = rss(f"<title>A</title><link>{link}</link>", "<title>No address</title>")
    follower = Follower(site, tmp_path)
    _, failed = follower.poll()
    assert [f.reason_code for f in failed] == ["fetch_refused", "fetch_refused"]
    assert follower.pages() == []


def test_robots_txt_is_asked_once_a_day_and_obeyed(site: Site, tmp_path: Path) -> None:
    site.replies |= {f"/{n}": page(n) for n in (1, 2, 3)}
    site.replies["/robots.txt"] = Reply(b"User-agent: IncidentPipeline\nDisallow: /1\nCrawl-delay: 7")
    site.replies["/feed"] = rss(entry(3), entry(2), entry(1))
    follower = Follower(site, tmp_path)
    pages, failed = follower.poll()
    assert [str(p.url) for p in pages] == news(2, 3)
    assert [(f.reason_code, f.value) for f in failed] == [("robots_disallowed", "http://news.example/1")]
    assert "/1" not in site.asked
    assert follower.clock.waits == [2, 7, 7]
    site.replies["/feed"] = rss(entry(4))
    follower.poll()
    assert site.asked.count("/robots.txt") == 1
    follower.clock.time += 90_000
    site.replies["/feed"] = rss(entry(5))
    follower.poll()
    assert site.asked.count("/robots.txt") == 2


def test_robots_txt_of_the_site_behind_a_redirect_is_obeyed(site: Site, tmp_path: Path) -> None:
    site.replies |= {
        "/robots.txt": lambda request: Reply(
            b"User-agent: *\nDisallow: /" if request.headers["Host"] == "closed.example" else b""
        ),
        "/1": Reply(status=302, headers={"Location": "http://closed.example/2"}),
        "/2": page(2),
        "/3": Reply(status=302, headers={"Location": "http://open.example/2"}),
    }
    pages, failed = Follower(site, tmp_path, "urls", urls=news(1, 3)).poll()
    assert [str(found.url) for found in pages] == ["http://open.example/2"]
    assert [(f.reason_code, f.value) for f in failed] == [
        ("robots_disallowed", "http://closed.example/2, to which http://news.example/1 leads")
    ]


def test_where_robots_txt_cannot_be_read_nothing_is_fetched_now(site: Site, tmp_path: Path) -> None:
    site.replies |= {"/1": page(1), "/feed": rss(entry(1)), "/robots.txt": Reply(status=503)}
    follower = Follower(site, tmp_path)
    assert follower.pages() == []
    assert "/1" not in site.asked
    del site.replies["/robots.txt"]
    follower.clock.time += 120
    assert follower.pages() == news(1)


def test_a_crawl_delay_is_honoured_up_to_a_bound(site: Site, tmp_path: Path) -> None:
    site.replies |= {"/1": page(1), "/2": page(2), "/robots.txt": Reply(b"User-agent: *\nCrawl-delay: 86400")}
    follower = Follower(site, tmp_path, "urls", urls=news(1, 2))
    assert follower.pages() == news(1, 2)
    assert follower.clock.waits == [20, 20]


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("600", 600), ("5", 60), ("Thu, 09 Oct 2025 09:53:20 GMT", 1_200), ("soon", 60), ("-1", 60), ("9" * 30, 86_400), ("Thu, 09 Oct 1903 09:53:20 GMT", 60)],
)  # fmt: skip
@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_patience_gets_it(
    site: Site, tmp_path: Path, status: int, retry_after: str, seconds: int
) -> None:
    site.replies |= {"/1": Reply(status=status, headers={"Retry-After": retry_after}), "/2": page(2)}
    follower = Follower(site, tmp_path, "urls", urls=news(1, 2), delay_seconds=0)
    started = follower.clock.time = 1_760_002_400.0
    assert follower.pages() == []
    assert follower.state["hosts"]["news.example"]["paused_until"] == started + seconds
    follower.clock.time += seconds - 1
    assert follower.pages() == []
    assert "/2" not in site.asked
    follower.clock.time += 2
    assert follower.pages() == news(2)


def test_a_server_in_trouble_is_left_alone_twice_as_long_each_time(site: Site, tmp_path: Path) -> None:
    site.replies["/feed"] = Reply(status=502)
    follower = Follower(site, tmp_path)
    waits = []
    for _ in range(13):
        with pytest.raises(SourceError, match="HTTP 502 Bad Gateway"):
            follower.poll()
        until = follower.state["frontier"]["hosts"]["news.example"]["paused_until"]
        waits.append(until - follower.clock.time)
        with pytest.raises(SourceError, match="left alone until"):
            follower.poll()
        follower.clock.time = until
    assert waits == [*(60 * 2**n for n in range(11)), 86_400, 86_400]
    assert len(site.asked) == 13
    site.replies["/feed"] = rss()
    assert follower.pages() == []
    assert follower.state["frontier"]["hosts"] == {}


def test_full_texts_need_no_pages(site: Site, tmp_path: Path) -> None:
    content = f"<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'><![CDATA[<p>{TEXT.format(killed=9)}</p>]]></content:encoded>"
    site.replies |= {"/2": page(2), "/feed": rss(entry(2), entry(1, more=content))}
    follower = Follower(site, tmp_path, full_text=True)
    pages, failed = follower.poll()
    assert ([str(p.url) for p in pages], failed) == (news(1, 2), [])
    assert b"<p>MAIDUGURI, Nigeria \xe2\x80\x93 9 soldiers" in pages[0].content
    assert "/1" not in site.asked
    assert follower.pages() == []


def test_entries_are_forgotten_long_after_the_feed_has_dropped_them(site: Site, tmp_path: Path) -> None:
    site.replies |= {"/1": page(1), "/2": page(2), "/feed": rss(entry(2), entry(1))}
    follower = Follower(site, tmp_path)
    assert follower.pages() == news(1, 2)
    for _ in range(4):
        follower.clock.time += 40 * 86_400
        site.replies["/feed"] = rss(entry(1))
        assert follower.pages() == []
    assert len(follower.state["frontier"]["seen"]) == 2


def test_a_list_of_addresses_is_fetched_once_each(site: Site, tmp_path: Path) -> None:
    site.replies |= {f"/{n}": page(n) for n in (1, 2, 3)}
    listed = tmp_path / "list.txt"
    listed.write_text(
        "# invented\nhttp://news.example/1\n\n http://news.example/1#again \nhttp://news.example/2?fbclid=x\n"
    )
    follower = Follower(site, tmp_path, "urls", file=str(listed), urls=news(3))
    site.replies["/2?fbclid=x"] = page(2)
    assert follower.pages() == [
        "http://news.example/3",
        "http://news.example/1",
        "http://news.example/2?fbclid=x",
    ]
    assert follower.pages() == []


@pytest.mark.parametrize("options", [{}, {"url": 5}, {"url": "http://a.example/", "max_items": 0}, {"url": "http://a.example/", "maxitems": 5}, {"url": "http://a.example/", "contact": "a\r\nX: y"}])  # fmt: skip
def test_wrong_options_are_told(site: Site, tmp_path: Path, options: dict[str, Any]) -> None:
    declaration = Declaration(name="courier", kind="feed", licence="invented", options=options)
    with pytest.raises(ConfigError, match=r"The options of the source courier \(kind feed\) are wrong"):
        fetch_feed(declaration, {}, tmp_path, world_of(site))


@pytest.mark.parametrize(("options", "error"), [({"file": "list.txt"}, "absolute path"), ({"file": "/nowhere/list.txt"}, "cannot be read"), ({"urls": ["http://a.example/"] * 10_001}, "over 10,000")])  # fmt: skip
def test_a_list_that_cannot_be_read_is_told(
    site: Site, tmp_path: Path, options: dict[str, Any], error: str
) -> None:
    with pytest.raises((ConfigError, SourceError), match=error):
        Follower(site, tmp_path, "urls", **options).poll()


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    + "]><rss><channel><title>&j;</title></channel></rss>"
)
QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]><rss><channel><title>{"&a;" * 100_000}</title></channel></rss>'
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY xxe SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><item><title>&xxe;</title></item></channel></rss>'
HOSTILE: dict[str, bytes] = {
    "billion laughs": LAUGHS.encode(),
    "billion laughs in UTF-16": LAUGHS.encode("utf-16"),
    "billion laughs in UTF-16 without a mark": ('<?xml version="1.0" encoding="UTF-16LE"?>' + LAUGHS).encode("utf-16-le"),
    "billion laughs in UTF-32": LAUGHS.encode("utf-32"),
    "billion laughs in UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>' + LAUGHS.encode("utf-7"),
    "quadratic blow-up": QUADRATIC.encode(),
    "external entity": EXTERNAL.encode(),
    "external entity, small letters": EXTERNAL.replace("DOCTYPE", "doctype").encode(),
    "external entity behind a comment": EXTERNAL.replace("<!DOCTYPE", "<!-- <![CDATA[ --><!DOCTYPE").encode(),
    "external entity behind a comment without an end": ("<!-- " + EXTERNAL).encode(),
    "deep nesting": b"<rss><channel>" + b"<a>" * 200_000,
    "deep nesting, closed": b"<rss><channel>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</channel></rss>",
    "many comments without an end": b"<rss>" + b"<!--" * 1_200_000,
    "many tags without an end": b"<rss>" + b"<a " * 1_600_000,
    "50 MB": b"<rss>" + b" " * 50_000_000 + b"</rss>",
    "100,000 entries": b'<rss version="2.0"><channel>' + b"<item><link>a</link></item>" * 100_000 + b"</channel></rss>",
    "a page": b"<html><body>Not found</body></html>",
    "a path of this machine": b"/etc/passwd",
    "an address": b"http://127.0.0.1:1/",
    "nothing": b"",
    "noise": bytes(range(256)) * 100,
    "an unknown character set": b'<?xml version="1.0" encoding="rot13"?><rss version="2.0"><channel/></rss>',
}  # fmt: skip


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_feed_is_refused(name: str) -> None:
    found = read_feed(FeedDocument(HOSTILE[name], "http://news.example/feed"))
    assert found.items == []
    assert found.problem


def read(content: bytes, charset: str | None = None) -> FeedContent:
    return read_feed(FeedDocument(content, "http://news.example/feed/", charset))


def test_feeds_as_they_come_are_read() -> None:
    item = "<item><title>Größe – 1</title><link>../a?b=1&amp;c=2</link><pubDate>Wed, 05 Mar 2025 23:30:00 -0500</pubDate></item>"
    feed = f'<?xml version="1.0" encoding="{{}}"?><rss version="2.0"><channel>{item}</channel></rss>'
    for codec, content in {
        "utf-8": feed.format("UTF-8").encode(),
        "utf-8 with a mark": feed.format("UTF-8").encode("utf-8-sig"),
        "utf-8 called otherwise": feed.format("ISO-8859-1").encode(),
        "utf-16": feed.format("UTF-16").encode("utf-16"),
        "windows": feed.format("windows-1252").encode("cp1252"),
        "spaces before it": b"\n\n " + feed.format("UTF-8").encode(),
    }.items():
        found = read(content)
        assert found.problem is None, codec
        [one] = found.items
        assert (one.title, one.url, one.published) == (
            "Größe – 1", "http://news.example/a?b=1&c=2", "2025-03-06T04:30:00+00:00",
        ), codec  # fmt: skip


def test_what_looks_like_a_document_type_inside_an_article_is_text() -> None:
    content = "<description><![CDATA[<!DOCTYPE html><p>Hello</p>]]></description><!-- <!ENTITY -->"
    found = read(
        f'<rss version="2.0"><channel><item><link>http://a.example/</link>{content}</item></channel></rss>'.encode()
    )
    assert [item.html for item in found.items] == ["<!DOCTYPE html><p>Hello</p>"]


def test_half_a_character_does_no_harm(site: Site, tmp_path: Path) -> None:
    site.replies |= {
        "/1": page(1),
        "/feed": rss(
            entry(1)
            .replace("Clash 1", "A &#xD800; B &#x0000000000dfff;")
            .replace("id-1", "&#56320;&#9999999999999;")
        ),
    }
    site.replies["/feed"].headers |= {"ETag": '"\xe9\xff"', "Last-Modified": "x" * 9_000}  # type: ignore[union-attr]
    follower = Follower(site, tmp_path)
    assert [str(found.url) for found in follower.poll()[0]] == news(1)
    assert follower.pages() == []


def test_atom_is_read() -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry><id>urn:1</id><title>A</title>
    <link rel="alternate" href="http://a.example/1"/><updated>2025-03-05T10:00:00+02:00</updated>
    <content type="text">One.\n\nTwo &lt; three.</content></entry><entry><id>http://a.example/2</id><title>B</title></entry></feed>"""
    first, second = read(atom.encode()).items
    assert (first.url, first.entry_id, first.published) == (
        "http://a.example/1",
        "urn:1",
        "2025-03-05T08:00:00+00:00",
    )
    assert first.html == "<p>One.</p><p>Two &lt; three.</p>"
    assert (second.url, second.published) == ("http://a.example/2", None)


def test_a_hostile_feed_is_an_error_that_says_so(site: Site, tmp_path: Path) -> None:
    site.replies["/feed"] = Reply(EXTERNAL.encode(), headers=dict(FEED_TYPE))
    with pytest.raises(
        SourceError, match=r"The feed of the source courier cannot be read: .*declares a DOCTYPE"
    ):
        Follower(site, tmp_path).poll()
    site.replies["/feed"] = Reply(b"x" * 5_000_001, headers=dict(FEED_TYPE))
    with pytest.raises(SourceError, match="over 5,000,000 bytes"):
        Follower(site, tmp_path / "raw").poll() if (tmp_path / "raw").mkdir() is None else None


def declare(home: Settings, name: str, **options: Any) -> None:
    home.sources.mkdir(parents=True, exist_ok=True)
    (home.sources / f"{name}.yaml").write_text(
        json.dumps({"kind": "feed", "licence": "invented", "options": options}), encoding="utf-8"
    )


def test_a_feed_flows_to_the_lake(
    home: Settings, site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site.replies |= {
        "/1": page(1),
        "/2": page(2, "2025-03-06"),
        "/4": Reply(b"<html><body>Home</body></html>"),
    }
    links = [entry(n).replace("http://news.example", site.url) for n in (4, 3, 2, 1)]
    site.replies["/feed"] = rss(*links)
    declare(home, "courier", url=f"{site.url}/feed", allow_private=True, ports=[site.port], delay_seconds=0)
    monkeypatch.setattr("sys.argv", ["incidents", "fetch", "courier"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    with Snapshot(home.lake) as snapshot:
        rows = snapshot.rows("SELECT * FROM articles ORDER BY url")
        [batch] = snapshot.rows("SELECT * FROM batches")
        rejected = snapshot.rows("SELECT * FROM quarantine ORDER BY reason_code")
        killed = snapshot.rows("SELECT fatalities_best FROM incident_reports ORDER BY 1")
    assert [(r["url"], r["published_at_source"], str(r["published_on"])) for r in rows] == [
        (f"{site.url}/1", "feed", "2025-03-05"),
        (f"{site.url}/2", "open_graph", "2025-03-06"),
    ]
    assert [row["reason_code"] for row in rejected] == ["no_main_text", "page_gone"]
    assert f"{site.url}/3: HTTP 404" in rejected[1]["reason"]
    assert rejected[1]["input_location"] == "courier/pages.warc.gz:3"
    assert [row["fatalities_best"] for row in killed] == [3, 4]
    assert (batch["source"], batch["items_fetched"], batch["items_failed"], batch["articles_new"]) == (
        "courier",
        4,
        2,
        2,
    )
    replay = published_ledger(stages.finish(stages.ingest_quarantined([], home), home), home.lake)
    assert replay is not None
    assert (replay["items_failed"], replay["articles_new"], replay["articles_duplicate"]) == (2, 0, 2)
    before = read_catalog(home.lake)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert "courier: nothing new." in capsys.readouterr().out
    assert read_catalog(home.lake) == before


def test_what_a_poll_learnt_is_kept_although_it_brought_nothing(home: Settings, site: Site) -> None:
    site.replies["/feed"] = Reply(status=503)
    declare(home, "courier", url=f"{site.url}/feed", allow_private=True, ports=[site.port])
    with pytest.raises(SourceError, match="HTTP 503"):
        stages.run_source("courier", home)
    with pytest.raises(SourceError, match="left alone until"):
        stages.run_source("courier", home)
    assert site.asked == ["/feed"]
    catalog = read_catalog(home.lake)
    assert (catalog.tables, catalog.source("courier").revision) == ({}, 1)


def test_a_poll_that_another_one_has_overtaken_changes_nothing(home: Settings) -> None:
    advance_source(SourceAdvance("courier", 0, {"etag": "new"}), home)
    with pytest.raises(SupersededError, match="another run was faster"):
        advance_source(SourceAdvance("courier", 0, {"etag": "old"}), home)
    assert read_catalog(home.lake).source("courier").state == {"etag": "new"}
    assert all(finding.is_well for finding in examine(home))


def test_the_same_pages_from_two_feeds_are_one_article(home: Settings, site: Site) -> None:
    site.replies |= {
        "/1": page(1),
        "/1?utm_source=b": page(1),
        "/a": rss(entry(1).replace("http://news.example", site.url)),
    }
    site.replies["/b"] = rss(entry(1).replace("http://news.example/1", f"{site.url}/1?utm_source=b"))
    ledgers = []
    for name in ("a", "b"):
        declare(home, name, url=f"{site.url}/{name}", allow_private=True, ports=[site.port], delay_seconds=0)
        batch_id = stages.run_source(name, home)
        assert batch_id is not None
        ledgers.append(published_ledger(batch_id, home.lake))
    assert [(x["articles_new"], x["articles_duplicate"]) for x in ledgers if x] == [(1, 0), (0, 1)]
