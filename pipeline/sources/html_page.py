"""HTML pages: one article a file, found among navigation and advertising; parsed in a process that can be killed."""

from __future__ import annotations

import hashlib
from urllib.parse import urljoin, urlsplit

import msgspec
from lxml.etree import _Element

from pipeline.ids import sha256_text
from pipeline.sources.fields import file_name_date, file_name_source, text_flags
from pipeline.sources.items import EXCERPT_CHARACTERS, FailedItem, GatedPage, ParsedArticle, RejectedInput
from pipeline.sources.raw import RawObject
from pipeline.sources.text_file import decode_content
from pipeline.text.candidates import is_candidate
from pipeline.text.decode import declared_charset
from pipeline.text.html import gate_text, hostile_feature, parse_page
from pipeline.text.language import judge_language, normalize_language
from pipeline.text.metadata import StatedDate
from pipeline.text.moments import read_moment
from pipeline.text.publication import Publication, choose_publication, infer_publication
from pipeline.text.urls import canonical_url

MAX_ADDRESS = 2_000


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of a page and what is known of them beside what the page says itself."""

    content: bytes
    location: str
    raw_sha256: str
    name: str | None = None
    """Name of the file that is the page; it may tell the date and the source."""
    url: str | None = None
    """Address the page was fetched from."""
    charset: str | None = None
    """Character set in the server's header."""
    published: str | None = None
    """Publication date in the feed that led to the page."""
    modified: str | None = None
    """When that feed told of a change."""
    title: str | None = None
    """Title in that feed."""


def read_html(raw: RawObject) -> ParsedArticle:
    """The article of a file."""
    return article_of_page(
        Page(content=raw.path.read_bytes(), location=raw.location, raw_sha256=raw.sha256, name=raw.name)
    )


def read_page(page: Page, is_gated: bool = False) -> ParsedArticle | GatedPage | FailedItem:
    """The article of a page, or why there is none. Where ``is_gated``, only pages with a word of conflict are read."""
    try:
        html, charset = decode_page(page)
        if is_gated and not is_candidate(gate_text(html)):
            return GatedPage(url=page.url, input_location=page.location, raw_sha256=page.raw_sha256)
        return _article(page, html, charset)
    except RejectedInput as rejected:
        return rejected_page(page, rejected)


def rejected_page(page: Page, rejected: RejectedInput) -> FailedItem:
    """The failed item of a page."""
    return FailedItem(
        reason_code=rejected.reason_code,
        value=rejected.value,
        content=page.content[:EXCERPT_CHARACTERS].decode("utf-8", errors="replace"),
        content_sha256=sha256_text(page.url, hashlib.sha256(page.content).hexdigest()),
        input_location=page.location,
        raw_sha256=page.raw_sha256,
    )


def article_of_page(page: Page) -> ParsedArticle:
    """The article of a page.

    Raises:
        RejectedInput: it holds none, or cannot be read.
    """
    return _article(page, *decode_page(page))


def _article(page: Page, html: str, charset: str) -> ParsedArticle:
    found = parse_page(html)
    if found.text is None:
        raise RejectedInput("no_main_text", f"{len(page.content):,} bytes of HTML")
    said = found.metadata
    published = _published(said.dates, page, html, found.tree)
    url = _address(said.url, page.url)
    language, is_certain = _language(said.language, found.text)
    return ParsedArticle(
        source_article_id=None,
        source_name=said.site_name
        or host_of(url)
        or (file_name_source(page.name) if page.name else "unknown"),
        url=url,
        title=said.title or page.title,
        authors=said.authors,
        text=found.text,
        text_flags=text_flags(
            found.text, said.title, is_language_certain=is_certain, is_fallback=found.is_fallback
        ),
        language=language,
        published_at=published.moment.instant,
        published_on=published.moment.day,
        published_at_source=published.source,
        published_at_certainty=published.certainty,
        modified_at=None if (changed := read_moment(page.modified or "")) is None else changed.instant,
        content_type="html",
        charset=charset,
        input_location=page.location,
        raw_sha256=page.raw_sha256,
    )


def _language(said: str | None, text: str) -> tuple[str, bool]:
    """The text's language and whether it is certain. A page's own tag is often its template's: it counts in doubt only."""
    detected, is_certain = judge_language(None, text)
    return (detected if is_certain else normalize_language(said) or detected), is_certain


def decode_page(page: Page) -> tuple[str, str]:
    """Text and character set of a page that is safe to parse; rejects one that is no text, or hangs parsers."""
    decoded = decode_content(
        page.content, header=page.charset, declared=declared_charset(page.content), is_mended=True
    )
    if danger := hostile_feature(page.content):
        raise RejectedInput("parse_failed", danger)
    return decoded


def _published(stated: tuple[StatedDate, ...], page: Page, html: str, tree: _Element | None) -> Publication:
    """The page's own date, else that of the feed, else that of the file's name, else one found in the text."""
    feed = () if page.published is None else (StatedDate(page.published, "feed"),)
    day = file_name_date(page.name or "")
    named = () if day is None else (StatedDate(day, "file_name"),)
    dates = [*stated, *feed, *named]
    found = choose_publication(dates, page=html, url=page.url) or infer_publication(html, page.url, tree)
    if found:
        return found
    if dates:
        raise RejectedInput("bad_published_at", f"{dates[0].value[:60]!r} ({dates[0].source})")
    raise RejectedInput("missing_published_at", "neither the page nor its file name holds one")


def _address(said: str | None, fetched: str | None) -> str | None:
    """The address the page gives itself, unless it was fetched from another host: then it may be lying."""
    own = web_address(said, fetched)
    url = own if own and (fetched is None or host_of(own) == host_of(fetched)) else fetched
    return None if url is None else canonical_url(url)


def web_address(value: str | None, base: str | None = None) -> str | None:
    """An address on the web, whole; ``None`` for what is none (``javascript:``, a path without a host)."""
    try:
        address = urljoin(base or "", value or "")
        parts = urlsplit(address)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None  # brackets or a port that no address can have
    return address if is_web and len(address) <= MAX_ADDRESS and address.isprintable() else None


def host_of(url: str | None) -> str | None:
    """The host in an address, lower case."""
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None  # an address that is none says nothing about its source
