"""HTML pages: one article a file, found among navigation and advertising; parsed in a process that can be killed."""

from __future__ import annotations

from urllib.parse import urlsplit

from pipeline.sources.fields import (
    article_language,
    file_name_date,
    file_name_source,
    parse_published,
)
from pipeline.sources.items import ParsedArticle, RejectedInput
from pipeline.sources.raw import RawObject
from pipeline.sources.text_file import decode_file
from pipeline.text.html import PageArticle, declared_charset, hostile_feature, parse_page


def read_html(raw: RawObject) -> ParsedArticle:
    """The article of a page."""
    content = raw.path.read_bytes()
    html, charset = _decode_page(raw, content)
    if danger := hostile_feature(content):
        raise RejectedInput("parse_failed", danger)
    page = parse_page(html)
    if page.text is None:
        raise RejectedInput("no_main_text", f"{len(content):,} bytes of HTML")
    published, published_source = _published(page, raw)
    published_at, published_on = parse_published(published)
    return ParsedArticle(
        source_article_id=None,
        source_name=page.site_name or _host(page.url) or file_name_source(raw.name),
        url=page.url,
        title=page.title,
        text=page.text,
        language=article_language(page.language, page.text),
        published_at=published_at,
        published_on=published_on,
        published_at_source=published_source,
        content_type="html",
        charset=charset,
        input_location=raw.location,
        raw_sha256=raw.sha256,
    )


def _decode_page(raw: RawObject, content: bytes) -> tuple[str, str]:
    """A charset the page declares goes before detection, but not before valid UTF-8."""
    declared = declared_charset(content)
    if declared:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            try:
                return content.decode(declared), f"declared:{declared.lower()}"
            except (LookupError, UnicodeDecodeError):
                return decode_file(raw)
    return decode_file(raw)


def _published(page: PageArticle, raw: RawObject) -> tuple[str, str]:
    if page.published is not None and page.published_source is not None:
        return page.published, page.published_source
    if day := file_name_date(raw.name):
        return day, "file_name"
    raise RejectedInput("missing_published_at", "neither the page's metadata nor its file name holds one")


def _host(url: str | None) -> str | None:
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None  # an address that is none says nothing about its source
