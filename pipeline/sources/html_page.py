"""HTML pages: one article a file, found among navigation and advertising; parsed in a process that can be killed."""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
from urllib.parse import urlsplit

import msgspec

from pipeline.ids import sha256_text
from pipeline.sources.fields import (
    article_language,
    file_name_date,
    file_name_source,
    parse_published,
)
from pipeline.sources.items import EXCERPT_CHARACTERS, FailedItem, ParsedArticle, RejectedInput
from pipeline.sources.raw import RawObject
from pipeline.sources.text_file import decode_content
from pipeline.sources.urls import canonical_url
from pipeline.text.html import PageArticle, declared_charset, hostile_feature, parse_page

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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
    title: str | None = None
    """Title in that feed."""


def read_html(raw: RawObject) -> ParsedArticle:
    """The article of a file."""
    return article_of_page(
        Page(content=raw.path.read_bytes(), location=raw.location, raw_sha256=raw.sha256, name=raw.name)
    )


def read_page(page: Page) -> ParsedArticle | FailedItem:
    """The article of a page, or why there is none."""
    try:
        return article_of_page(page)
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
    """The article of a page."""
    html, charset = _decode_page(page)
    if danger := hostile_feature(page.content):
        raise RejectedInput("parse_failed", danger)
    found = parse_page(html)
    if found.text is None:
        raise RejectedInput("no_main_text", f"{len(page.content):,} bytes of HTML")
    published_at, published_on, published_source = _published_at(found, page)
    url = _address(found.url, page.url)
    return ParsedArticle(
        source_article_id=None,
        source_name=found.site_name
        or host_of(url)
        or (file_name_source(page.name) if page.name else "unknown"),
        url=url,
        title=found.title or page.title,
        text=found.text,
        language=article_language(found.language, found.text),
        published_at=published_at,
        published_on=published_on,
        published_at_source=published_source,
        content_type="html",
        charset=charset,
        input_location=page.location,
        raw_sha256=page.raw_sha256,
    )


def _decode_page(page: Page) -> tuple[str, str]:
    """A charset that the server or the page declares goes before detection, but not before valid UTF-8."""
    content = page.content
    for rule, declared in (("header", page.charset), ("declared", declared_charset(content))):
        if declared is None or content.startswith(_MARKS):
            continue
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            try:
                return content.decode(declared), f"{rule}:{declared.lower()}"
            except (LookupError, UnicodeError):
                continue
    return decode_content(content)


def _published_at(found: PageArticle, page: Page) -> tuple[dt.datetime, dt.date, str]:
    """When the page was published, and who says so; the feed where what the page says is no date."""
    published, said_by = _published(found, page)
    try:
        return *parse_published(published), said_by
    except RejectedInput:
        if page.published is None or said_by == "feed":
            raise
        return *parse_published(page.published), "feed"


def _published(found: PageArticle, page: Page) -> tuple[str, str]:
    if found.published is not None and found.published_source is not None:
        return found.published, found.published_source
    if page.published is not None:
        return page.published, "feed"
    if day := file_name_date(page.name or ""):
        return day, "file_name"
    raise RejectedInput("missing_published_at", "neither the page's metadata nor its file name holds one")


def _address(said: str | None, fetched: str | None) -> str | None:
    """The address the page gives itself, unless it was fetched from another host: then it may be lying."""
    if fetched is None:
        return said
    url = said if said is not None and host_of(said) == host_of(fetched) else fetched
    try:
        return canonical_url(url)
    except ValueError:
        return url  # an archive may name pages by what is no web address


def host_of(url: str | None) -> str | None:
    """The host in an address, lower case."""
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None  # an address that is none says nothing about its source
