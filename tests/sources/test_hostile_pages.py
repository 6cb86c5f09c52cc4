"""Hostile pages: each is contained in ten seconds and a gibibyte, is quarantined with its reason, and the batch goes on."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from pipeline.sources.html_page import Page, read_page, web_address
from pipeline.sources.items import FailedItem, ParsedArticle
from pipeline.sources.raw import keep_raw
from pipeline.sources.registry import Item, read_items
from pipeline.text.guard import ITEM_MEMORY_BYTES, map_guarded
from tests.sources.test_warc import member, page

TEXT = b"Three people were killed on Monday when a bomb went off near the market, the police said. " * 3
HEAD = b'<html><head><meta property="article:published_time" content="2025-03-05T08:00:00Z"></head><body>'
GOOD = HEAD + b"<article><p>" + TEXT + b"</p></article></body></html>"

HOSTILE: dict[str, tuple[bytes, str]] = {
    "300,000 attributes on a tag": (HEAD + b"<p " + b" ".join(b"a%d=1" % n for n in range(300_000)) + b">" + TEXT, "parse_failed"),
    "100,000 nested divs": (HEAD + b"<div>" * 100_000 + TEXT, "parse_failed"),
    "100,000 nested and closed divs": (HEAD + b"<div>" * 100_000 + TEXT + b"</div>" * 100_000, "parse_failed"),
    "nested divs behind closed ones": (HEAD + b"</p>" * 100_000 + b"<div>" * 100_000 + TEXT, "parse_failed"),
    "a million paragraphs": (HEAD + b"<p>word</p>" * 1_000_000, "page_too_large"),
    "paragraphs up to the size limit": (HEAD + b"<article>" + b"<p>Three words here.</p>" * 200_000, "parse_failed"),
    "a paragraph of 50 MB": (HEAD + b"<p>" + b"word " * 10_000_000 + b"</p>", "page_too_large"),
    "an unclosed comment of 1 MB": (HEAD + b"<!--" + b"word " * 200_000, "no_main_text"),
    "NULs": (b"\0\0\0" + GOOD, "binary_file"),
    "nothing but noise": (bytes(range(128, 256)) * 40, "undecodable_text"),
    "an empty body": (HEAD + b"</body></html>", "no_main_text"),
    "a date in the future": (GOOD.replace(b"2025-03-05", b"2190-03-05"), "bad_published_at"),
    "a date with two readings": (GOOD.replace(b"2025-03-05T08:00:00Z", b"03/04/2025"), "bad_published_at"),
}  # fmt: skip


def article_of(content: bytes, *, url: str | None = "https://news.example/1") -> ParsedArticle:
    read = read_page(Page(content=content, location="a:1", raw_sha256="0" * 64, url=url))
    assert isinstance(read, ParsedArticle), read
    return read


def items_of(path: Path) -> list[Item]:
    return list(read_items([keep_raw(path, path.parent / "raw")], workers=1))


def test_each_is_quarantined_and_the_batch_goes_on(tmp_path: Path) -> None:
    """All in one archive, a good page behind each; every page is taken by one worker in its turn."""
    content = b"".join(
        member(page, number) + member(GOOD, 100 + number) for number, (page, _) in enumerate(HOSTILE.values())
    )
    (tmp_path / "a.warc.gz").write_bytes(content)
    items = items_of(tmp_path / "a.warc.gz")
    names = {str(2 * place + 1): name for place, name in enumerate(HOSTILE)}
    failed = {
        names[item.input_location.rpartition(":")[2]]: item.reason_code
        for item in items
        if isinstance(item, FailedItem)
    }
    assert failed == {name: reason for name, (_, reason) in HOSTILE.items()}
    assert sum(isinstance(item, ParsedArticle) for item in items) == len(HOSTILE)


def _fill_memory(_item: int) -> int:
    return len(bytearray(2 * ITEM_MEMORY_BYTES))


def _hang(_item: int) -> None:
    while True:
        time.perf_counter()


def test_an_item_that_needs_too_much_memory_or_time_is_stopped() -> None:
    [memory] = map_guarded(_fill_memory, [1], workers=1)
    assert (memory.is_limit, memory.failure) == (True, "it needed more than 1 GiB of memory")
    [hung] = map_guarded(_hang, [1], workers=1, seconds=1)
    assert (hung.is_limit, hung.failure) == (True, "it took more than 1 seconds")


def test_broken_utf8_in_a_page_is_flagged_and_the_rest_is_read() -> None:
    article = article_of(
        GOOD.replace(b"near the market", "à l’école \xe9 Alger, ".encode() + b"\xff\xfe near")
    )
    assert (article.charset, article.text_flags) == ("damaged:utf-8", ("lost_characters",))
    assert "\ufffd" in article.text


def test_mojibake_is_flagged_and_left_as_it_came() -> None:
    twice = "L’armée a été attaquée à l’école près du marché".encode().decode("cp1252").encode()
    article = article_of(GOOD.replace(b"Three people", twice))
    assert "mojibake" in article.text_flags
    assert "armÃ©e" in article.text


def test_marks_of_direction_do_not_disguise_a_name() -> None:
    head = '<meta property="og:title" content="Bomb \u202eetirw\u202c kills"><meta name="author" content="By \u2067Ana\u2069 Lopes"><title>x'
    article = article_of(GOOD.replace(b"<head>", b"<head>" + head.encode() + b"</title>"))
    assert (article.title, article.authors) == ("Bomb etirw kills", ("Ana Lopes",))


@pytest.mark.parametrize(
    ("said", "base", "address"),
    [
        ("https://news.example/real", "", "https://news.example/real"),
        ("/real", "", "https://news.example/real"),
        ("/real", '<base href="https://evil.example/">', "https://news.example/real"),
        ("https://evil.example/1", "", "https://news.example/1"),
        ("//evil.example/1", '<base href="https://evil.example/">', "https://news.example/1"),
        ("javascript:alert(1)", "", "https://news.example/1"),
        ("file:///etc/passwd", "", "https://news.example/1"),
        ("https://[", "", "https://news.example/1"),
    ],
)  # fmt: skip
def test_a_page_cannot_claim_another_address(said: str, base: str, address: str) -> None:
    link = f'<head>{base}<link rel="canonical" href="{said}">'
    assert article_of(GOOD.replace(b"<head>", link.encode())).url == address


@pytest.mark.parametrize("value", ["/path", "javascript:x", "data:text/html,x", "file:///x", "http://", "https://a b\x00.example/", "https://a.example/" + "x" * 3000, None])  # fmt: skip
def test_what_is_no_web_address_is_none(value: str | None) -> None:
    assert web_address(value) is None


def test_deep_and_broken_json_ld_says_nothing() -> None:
    for block in ("[" * 100_000, '{"@type": "NewsArticle", "headline": 5, "author": [[[{}]]], "datePublished": {}}', "{" * 9, '"' + "x" * 99_999):  # fmt: skip
        linked = f'<head><script type="application/ld+json">{block}</script>'.encode()
        article = article_of(GOOD.replace(b"<head>", linked))
        assert (article.authors, article.published_at_source) == ((), "open_graph")


def test_archives_of_another_kind_and_of_no_length_are_one_failed_item(tmp_path: Path) -> None:
    arc = b"filedesc://a.arc 0.0.0.0 20250101000000 text/plain 77\n1 0 News\nURL IP-address Archive-date Content-type Archive-length\n\n"
    for name, content, reason in (
        ("arc.warc", arc, "broken_warc"),
        ("arc.warc.gz", gzip.compress(arc), "broken_warc"),
        ("empty.warc.gz", b"", "empty_file"),
        ("nothing.warc.gz", gzip.compress(b""), "broken_warc"),
    ):
        (tmp_path / name).write_bytes(content)
        [item] = items_of(tmp_path / name)
        assert isinstance(item, FailedItem)
        assert item.reason_code == reason


def test_a_record_without_its_last_line_break_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(member(page(1), is_packed=False).removesuffix(b"\r\n\r\n"))
    assert [type(item) for item in items_of(tmp_path / "a.warc")] == [ParsedArticle]
