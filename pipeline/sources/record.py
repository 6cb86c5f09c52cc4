"""Records: one article as named fields, the same checks whatever the file they came in."""

from __future__ import annotations

from urllib.parse import urlsplit

from pipeline.records import ArticleRecord
from pipeline.sources.fields import article_text, parse_published, published_certainty, safe_id, text_flags
from pipeline.sources.items import ParsedArticle, RejectedInput
from pipeline.sources.raw import RawObject
from pipeline.text.language import judge_language


def article_of_record(
    record: ArticleRecord, raw: RawObject, location: str, *, content_type: str, charset: str = "utf-8"
) -> ParsedArticle:
    """The article that a record tells of; rejects one without text, without date or with an unsafe id."""
    source_article_id = safe_id(None if record.id is None else str(record.id))
    text = article_text(record.text)
    if not (record.published_at or "").strip():
        raise RejectedInput("missing_published_at", "published_at is absent or empty")
    published_at, published_on = parse_published(str(record.published_at))
    title = record.title or None
    language, is_certain = judge_language(record.language, text)
    return ParsedArticle(
        source_article_id=source_article_id,
        source_name=_source_name(record),
        url=record.url or None,
        title=title,
        text=text,
        text_flags=text_flags(text, title, is_language_certain=is_certain),
        language=language,
        published_at=published_at,
        published_on=published_on,
        published_at_source="record",
        published_at_certainty=published_certainty(str(record.published_at)),
        content_type=content_type,
        charset=charset,
        input_location=location,
        raw_sha256=raw.sha256,
    )


def _source_name(record: ArticleRecord) -> str:
    if record.source and record.source.strip():
        return record.source.strip()
    try:
        host = urlsplit(record.url or "").hostname
    except ValueError:
        host = None  # an address that is none says nothing about its source
    return host or "unknown"
