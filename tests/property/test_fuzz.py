"""Bytes that nobody meant to be read: every reader gives items or a reason, soon, whatever was done to its input."""

from __future__ import annotations

import gzip
import hashlib
import json
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.speed.pages import warc_member
from pipeline.config import SAMPLES_DIR
from pipeline.sources.csv_file import read_csv
from pipeline.sources.feed_document import FeedContent, FeedDocument, parse_feed
from pipeline.sources.fetch import FetchError, Rules, checked_url
from pipeline.sources.html_page import Page, read_page
from pipeline.sources.items import FailedItem, GatedPage, ParsedArticle, RejectedInput
from pipeline.sources.jsonl import read_jsonl
from pipeline.sources.parquet_file import read_parquet
from pipeline.sources.raw import RawObject
from pipeline.sources.text_file import read_text
from pipeline.sources.warc import read_warc
from pipeline.text.moments import EARLIEST
from pipeline.text.urls import canonical_url
from tests.articles import record
from tests.sources.test_feeds import entry, rss

SECONDS = 10
HTML = (SAMPLES_DIR / "articles" / "cameroon_school.html").read_bytes()
RECORDS = [record(number) for number in (1, 2, 3)]
TOKENS = [
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", "\U0001fffe\ufdd0".encode(), b"\xe2\x80\xae", b"\r\n\r\n", b"\n", b'"', b"'", b"\\", b"\\ud800", b"\\u0000",
    b"<", b">", b"</", b"<!--", b"]]>", b"<![CDATA[", b"&#0;", b"&#xD800;", b"&#99999999;", b"&a;", b"<!DOCTYPE a [<!ENTITY a 'b'>]>",
    b"<script>", b'<meta charset="utf-16">', b'<base href="//[">', b'<link rel="canonical" href="http://[::1">', b'<time datetime="+999999-13-45T99:99Z">',
    b'<script type="application/ld+json">{"@type":"NewsArticle","datePublished":["x"],"author":[[[]]],"headline":{}}</script>',
    b"0", b"-1", b"99999999999999999999", b"1e999", b"NaN", b"null", b"[", b"{", b"[" * 2_000, b'{"a":' * 2_000, b"=cmd|", b"0001-01-01", b"9999-12-31T23:59:59-14:00",
    b"Content-Length: 99999999\r\n", b"Content-Encoding: gzip\r\n", b"Transfer-Encoding: chunked\r\n", b"WARC/1.0\r\n", b"WARC-Type: revisit\r\n", b"\x1f\x8b\x08\x00",
]  # fmt: skip
"""What breaks parsers, put into what is whole."""
NOISE = st.binary(min_size=1, max_size=400) | st.lists(
    st.sampled_from([*TOKENS, b"<p>", b"</p>", b'a="', b"text,published_at\n", b"2025-03-05", b"Two were killed in Konduga on Monday."]),
    min_size=1,
    max_size=30,
).map(b"".join)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed with up to six places changed: put in, cut out, said twice, overwritten, cut off."""
    content = whole = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 200)))
        put = draw(st.sampled_from(TOKENS) | st.binary(max_size=12))
        how = draw(st.sampled_from(["insert", "replace", "overwrite", "twice", "end"]))
        content = {
            "insert": content[:start] + put + content[start:],
            "replace": content[:start] + put + content[end:],
            "overwrite": content[:start] + put + content[start + len(put) :],
            "twice": content[:end] + content[start:end] + content[end:],
            "end": content[:start],
        }[how]
    return content or whole  # an empty file is refused before it is read


@contextmanager
def in_time() -> Iterator[None]:
    """Fail what hangs."""

    def hang(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"it did not end within {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _raw(folder: str, content: bytes, name: str) -> RawObject:
    path = Path(folder) / "raw"
    path.write_bytes(content)
    return RawObject(path, hashlib.sha256(content).hexdigest(), name, name)


def _check_item(item: object) -> None:
    """An article as the lake may hold it, or a reason that can be shown."""
    if isinstance(item, ParsedArticle):
        assert item.text.strip()
        assert item.published_at.utcoffset() is not None
        assert item.published_at >= EARLIEST
        "".join((item.text, item.title or "", item.url or "", *item.authors)).encode()
    elif isinstance(item, FailedItem):
        assert item.reason_code
        f"{item.value}{item.content}".encode()
    else:
        assert isinstance(item, GatedPage)


def _read_file(read: Callable[[RawObject], Iterator[object]], name: str) -> Callable[[bytes], None]:
    def check(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder, in_time(), suppress(RejectedInput):
            for found in read(_raw(folder, content, name)):
                _check_item(read_page(found) if isinstance(found, Page) else found)

    return check


def _read_html(content: bytes) -> None:
    page = Page(
        content=content, location="x", raw_sha256="0", name="x_2025-03-05.html", url="https://a.example/1"
    )
    with in_time():
        for is_gated in (False, True):
            _check_item(read_page(page, is_gated))


def _read_feed(content: bytes) -> None:
    with in_time():
        found = parse_feed(FeedDocument(content, "https://a.example/feed"))
    assert isinstance(found, FeedContent)
    for item in found.items:
        if item.url is not None:  # whatever the feed says: fetching it is refused with a reason
            assert canonical_url(item.url)
            with suppress(FetchError):
                assert checked_url(item.url, Rules()).host


def _parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(RECORDS), sink, row_group_size=2)
    return bytes(sink.getvalue())


JSONL = b"\n".join(json.dumps(one).encode() for one in RECORDS)
CSV = b"id,title,text,published_at\n" + b"".join(f'{n},"A ""b""","Two killed,\nthree hurt.",2025-03-05\n'.encode() for n in range(3))  # fmt: skip
ENTRY_POINTS: dict[str, tuple[list[bytes], Callable[[bytes], None], int]] = {
    "jsonl": ([JSONL], _read_file(read_jsonl, "x.jsonl"), 300),
    "csv": ([CSV, CSV.replace(b",", b"\t"), CSV.decode().encode("utf-16")], _read_file(read_csv, "x.csv"), 300),
    "text": ([b"Title\n\nSeven killed in Konduga on Monday."], _read_file(lambda raw: iter([read_text(raw)]), "x_2025-03-05.txt"), 150),
    "warc": ([warc_member(1, HTML) + warc_member(2, HTML), gzip.decompress(warc_member(1, HTML))], _read_file(read_warc, "x.warc"), 150),
    "html": ([HTML], _read_html, 150),
    "feed": ([rss(entry(1), entry(2)).body], _read_feed, 150),
    "parquet": ([_parquet()], _read_file(read_parquet, "x.parquet"), 10),
}  # fmt: skip
"""What is read, how, and how often in the short version."""


def _fuzz(kind: str, times: int) -> None:
    seeds, check, _ = ENTRY_POINTS[kind]
    given(damaged(seeds) | NOISE)(
        settings(max_examples=times, deadline=None, database=None, suppress_health_check=list(HealthCheck))(
            check
        )
    )()


@pytest.mark.parametrize("kind", ENTRY_POINTS)
def test_damaged_input_is_read_or_rejected(kind: str) -> None:
    _fuzz(kind, ENTRY_POINTS[kind][2])


@pytest.mark.drill
@pytest.mark.parametrize("kind", ENTRY_POINTS)
def test_much_damaged_input_is_read_or_rejected(kind: str) -> None:
    _fuzz(kind, 100 * ENTRY_POINTS[kind][2])
