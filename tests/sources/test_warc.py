"""Web archives: HTML responses become articles, broken records are counted and read past."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline import stages
from pipeline.batches.publication import published_ledger
from pipeline.config import Settings
from pipeline.lake.snapshot import Snapshot
from pipeline.sources.html_page import Page
from pipeline.sources.items import FailedItem
from pipeline.sources.raw import keep_raw
from pipeline.sources.registry import read_items
from pipeline.sources.warc import read_warc

Header = tuple[str, str]


def page(number: int = 1, date: str = "2025-03-05", more: str = "") -> bytes:
    return f"""<html lang="en"><head><title>Clash {number}</title>
<meta property="article:published_time" content="{date}">{more}</head><body><nav>Home</nav><article><p>
MAIDUGURI, Nigeria – {number + 2} soldiers were killed on Monday when Boko Haram fighters attacked a base in Konduga,
the army said. The attackers came on motorcycles and burned two vehicles before they fled.</p></article></body></html>""".encode()


def member(
    content: bytes,
    number: int = 1,
    *,
    kind: str = "response",
    status: str = "200 OK",
    http: Sequence[Header] = (("Content-Type", "text/html; charset=utf-8"),),
    warc: dict[str, str] | None = None,
    is_packed: bool = True,
) -> bytes:
    block = content
    if kind in {"response", "request", "revisit"}:
        head = "GET / HTTP/1.1" if kind == "request" else f"HTTP/1.1 {status}"
        block = "\r\n".join([head, *(f"{name}: {value}" for name, value in http), "", ""]).encode() + content
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-0000-0000-{number:012}>",
        "WARC-Date": "2025-03-05T00:00:00Z",
        "WARC-Target-URI": f"https://news.example/{number}",
        "WARC-Block-Digest": "sha1:" + base64.b32encode(hashlib.sha1(block).digest()).decode(),
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
    } | (warc or {})
    lines = ["WARC/1.0", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    record = "\r\n".join(lines).encode() + block + b"\r\n\r\n"
    return gzip.compress(record, mtime=0) if is_packed else record


def read(tmp_path: Path, content: bytes, name: str = "a.warc.gz") -> tuple[list[Page], list[FailedItem]]:
    (tmp_path / name).write_bytes(content)
    items = list(read_warc(keep_raw(tmp_path / name, tmp_path / "raw")))
    return (
        [item for item in items if isinstance(item, Page)],
        [item for item in items if isinstance(item, FailedItem)],
    )


def reasons(failed: list[FailedItem]) -> list[str]:
    return [item.reason_code for item in failed]


def numbers(pages: list[Page]) -> list[str]:
    return [str(page.url).rpartition("/")[2] for page in pages]


@pytest.mark.parametrize("is_packed", [True, False])
def test_html_responses_are_pages_and_other_records_are_none(tmp_path: Path, is_packed: bool) -> None:
    given = [
        member(b"", kind="warcinfo", is_packed=is_packed),
        member(b"", kind="request", is_packed=is_packed),
        member(page(1), 1, is_packed=is_packed),
        member(b"PNG", 2, http=[("Content-Type", "image/png")], is_packed=is_packed),
        member(page(3), 3, status="404 Not Found", is_packed=is_packed),
        member(page(4), 4, kind="revisit", is_packed=is_packed),
        member(b"{}", kind="metadata", is_packed=is_packed),
        member(page(5), 5, is_packed=is_packed),
    ]
    pages, failed = read(tmp_path, b"".join(given))
    assert (numbers(pages), failed) == (["1", "5"], [])
    assert (pages[0].content, pages[0].charset) == (page(1), "utf-8")
    assert [found.location.rpartition(":")[2] for found in pages] == ["3", "8"]


def chunked(content: bytes) -> bytes:
    parts = [content[start : start + 100] for start in range(0, len(content), 100)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("coding", "encode"),
    [("Transfer-Encoding: chunked", chunked), ("Content-Encoding: gzip", gzip.compress)],
)
def test_encoded_payloads_are_decoded(tmp_path: Path, coding: str, encode: object) -> None:
    name, _, value = coding.partition(": ")
    packed = encode(page(1))  # type: ignore[operator]
    lying = [("Content-Type", "text/html"), (name, value)]
    pages, failed = read(
        tmp_path, member(packed, 1, http=lying) + member(page(2), 2, http=lying) + member(page(3), 3)
    )
    assert [found.content for found in pages] == [page(1), page(3)]
    assert reasons(failed) == ["broken_record"]


def test_an_archive_cut_off_gives_what_is_whole(tmp_path: Path) -> None:
    whole = member(page(1), 1) + member(page(2), 2)
    for missing in (1, 9, 40, 200):
        pages, failed = read(tmp_path, whole[:-missing])
        assert numbers(pages) in (["1"], ["1", "2"])
        assert len(pages) + len(failed) == 2
    assert reasons(failed) == ["broken_record"]
    plain = member(page(1), 1, is_packed=False) + member(page(2), 2, is_packed=False)
    pages, failed = read(tmp_path, plain[:-60], "a.warc")
    assert (numbers(pages), reasons(failed)) == (["1"], ["broken_record"])


def test_a_damaged_part_is_read_past(tmp_path: Path) -> None:
    first, second, third = (member(page(n), n) for n in (1, 2, 3))
    damaged = second[:40] + b"\xff" * 30 + second[70:]
    pages, failed = read(tmp_path, first + damaged + third + first)
    assert (numbers(pages), reasons(failed)) == (["1", "3", "1"], ["broken_warc"])
    pages, failed = read(tmp_path, b"noise" * 50 + first + b"noise\x1f\x8b\x08\x00noise" * 9 + third)
    assert (numbers(pages), reasons(failed)) == (["1", "3"], ["broken_warc", "broken_warc"])


def test_a_wrong_length_is_told_and_read_past(tmp_path: Path) -> None:
    plain = [member(page(n), n, is_packed=False) for n in (1, 2, 3)]
    length = next(line for line in plain[1].split(b"\r\n") if line.startswith(b"Content-Length"))
    for said in (
        b"Content-Length: 9999999",
        b"Content-Length: 5",
        b"Content-Length: -1",
        b"Content-Length: x",
    ):
        content = plain[0] + plain[1].replace(length, said, 1) + plain[2]
        pages, failed = read(tmp_path, content, "a.warc")
        assert numbers(pages)[0] == "1"
        assert failed


@pytest.mark.parametrize("content", [b"hello world" * 10, gzip.compress(b"hello" * 99, mtime=0), b"\x1f\x8b\x08\x00", b"filedesc://a.arc 0.0.0.0 20250101 text/plain 9\n1 0 x\n"])  # fmt: skip
def test_what_is_no_archive_is_one_failed_item(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.warc.gz").write_bytes(content)
    items = list(read_items([keep_raw(tmp_path / "a.warc.gz", tmp_path / "raw")], workers=1))
    assert [item.reason_code for item in items if isinstance(item, FailedItem)] == ["broken_warc"]
    assert len(items) == 1


def test_a_wrong_digest_and_a_cut_page_are_rejected(tmp_path: Path) -> None:
    right = member(page(1), 1, is_packed=False)
    wrong = member(page(2), 2, is_packed=False).replace(b"Konduga", b"Baghdad")
    cut = member(page(3), 3, is_packed=False, warc={"WARC-Truncated": "length"})
    pages, failed = read(tmp_path, right + wrong + cut, "a.warc")
    assert (numbers(pages), reasons(failed)) == (["1"], ["broken_record", "broken_record"])
    assert "digest" in failed[0].value
    assert failed[1].value == "its crawler cut it off (length)"


def test_bombs_are_contained(tmp_path: Path) -> None:
    packed = gzip.compress(b"a" * 200_000_000, 1)
    gzipped = [("Content-Type", "text/html"), ("Content-Encoding", "gzip")]
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/\r\nContent-Length: 2000000000\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=1) as out:
        out.write(head)
        for _ in range(300):
            out.write(bytes(1_000_000))
    started = time.monotonic()
    pages, failed = read(tmp_path, member(packed, 1, http=gzipped) + bomb.getvalue() + member(page(2), 2))
    assert (numbers(pages), reasons(failed)) == (["2"], ["page_too_large", "broken_warc"])
    assert time.monotonic() - started < 10


def test_a_file_full_of_false_starts_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(b"\x1f\x8b\x08\x00" * 100_000)
    raw = keep_raw(tmp_path / "a.warc.gz", tmp_path / "raw")
    failed = list(read_items([raw], workers=1))
    assert [item.reason_code for item in failed if isinstance(item, FailedItem)] == ["broken_warc"] * 2


@hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 1500), st.binary(min_size=1, max_size=40), st.booleans())
def test_no_damage_stops_the_reader(tmp_path: Path, at: int, noise: bytes, is_packed: bool) -> None:
    content = b"".join(member(page(n), n, is_packed=is_packed) for n in (1, 2, 3))  # fmt: skip
    damaged = content[:at] + noise + content[at + len(noise) :]
    pages, _failed = read(tmp_path, damaged)
    assert len(pages) <= 3


def test_an_archive_flows_to_the_lake(home: Settings, tmp_path: Path) -> None:
    liar = page(4, more='<link rel="canonical" href="https://other.example/4">')
    latin = page(5).replace("–".encode(), b"\xe9")
    content = b"".join(
        [
            member(page(1), 1),
            member(page(1), 1),
            member(b"<html><body><nav>Home</nav></body></html>", 2),
            member(page(3, date="soon").replace(b"article:published_time", b"x"), 3),
            member(liar, 4),
            member(latin, 5, http=[("Content-Type", "text/html; charset=cp1252")]),
            member(b"<div>" * 100_000, 6),
            member(page(7), 7)[:-50],
        ]
    )
    (tmp_path / "CC-NEWS-2025.warc.gz").write_bytes(content)
    ledger = published_ledger(stages.run([tmp_path / "CC-NEWS-2025.warc.gz"], home), home.lake)
    assert ledger is not None
    assert (ledger["items_fetched"], ledger["items_failed"], ledger["articles_new"]) == (8, 4, 3)
    with Snapshot(home.lake) as snapshot:
        rows = snapshot.rows("SELECT * FROM articles ORDER BY url")
        rejected = {row["reason_code"] for row in snapshot.rows("SELECT * FROM quarantine")}
    assert [row["url"] for row in rows] == [f"https://news.example/{n}" for n in (1, 4, 5)]
    assert {row["source_name"] for row in rows} == {"news.example"}
    assert rows[2]["charset"] == "header:cp1252"
    assert "Nigeria é 7 soldiers" in rows[2]["text"]
    assert rejected == {"no_main_text", "missing_published_at", "parse_failed", "broken_record"}
    kept = home.raw / rows[0]["raw_sha256"][:2] / rows[0]["raw_sha256"]
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == hashlib.sha256(content).hexdigest()
