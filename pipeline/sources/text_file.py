"""Plain text: one article a file; the first line is its title, the file name ends with the publication date."""

from __future__ import annotations

from pipeline.sources.fields import (
    article_language,
    article_text,
    file_name_date,
    file_name_source,
    parse_published,
)
from pipeline.sources.items import ParsedArticle, RejectedInput
from pipeline.sources.raw import RawObject
from pipeline.text.decode import UndecodableText, decode_text, is_binary


def decode_file(raw: RawObject) -> tuple[str, str]:
    """Text and character set of a file that holds one article; rejects empty, binary and undecodable ones."""
    return decode_content(raw.path.read_bytes())


def decode_content(content: bytes) -> tuple[str, str]:
    """Text and character set of the bytes of one article; rejects empty, binary and undecodable ones."""
    if not content.strip():
        raise RejectedInput("empty_file", f"{len(content)} bytes")
    if is_binary(content):
        raise RejectedInput("binary_file", f"it begins with {content[:8]!r}")
    try:
        return decode_text(content)
    except UndecodableText as error:
        raise RejectedInput("undecodable_text", str(error)) from error


def read_text(raw: RawObject) -> ParsedArticle:
    """The article in a text file. The title stays part of the text, as its first line."""
    decoded, charset = decode_file(raw)
    text = article_text(decoded.replace("\r\n", "\n").replace("\r", "\n").strip("\n"), "the file")
    day = file_name_date(raw.name)
    if day is None:
        raise RejectedInput("missing_published_at", f"the file name {raw.name} does not end with a date")
    published_at, published_on = parse_published(day)
    return ParsedArticle(
        source_article_id=None,
        source_name=file_name_source(raw.name),
        url=None,
        title=next(line.strip() for line in text.splitlines() if line.strip()),
        text=text,
        language=article_language(None, text),
        published_at=published_at,
        published_on=published_on,
        published_at_source="file_name",
        content_type="text",
        charset=charset,
        input_location=raw.location,
        raw_sha256=raw.sha256,
    )
