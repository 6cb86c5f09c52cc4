"""Plain text: one article a file; the first line is its title, the file name ends with the publication date."""

from __future__ import annotations

from pipeline.sources.fields import (
    article_text,
    file_name_date,
    file_name_source,
    parse_published,
    text_flags,
)
from pipeline.sources.items import ParsedArticle, RejectedInput
from pipeline.sources.raw import RawObject
from pipeline.text.decode import UndecodableText, codec_of, decode_text, is_binary
from pipeline.text.language import judge_language


def decode_file(raw: RawObject) -> tuple[str, str]:
    """Text and character set of a file that holds one article; rejects empty, binary and undecodable ones."""
    return decode_content(raw.path.read_bytes())


def decode_content(
    content: bytes, *, header: str | None = None, declared: str | None = None, is_mended: bool = False
) -> tuple[str, str]:
    """Text and character set of the bytes of one article; rejects empty, binary and undecodable ones.

    What is known of its character set is used as :func:`pipeline.text.decode.decode_text` tells.
    """
    if not content.strip():
        raise RejectedInput("empty_file", f"{len(content)} bytes")
    if is_binary(content) and not (codec_of(header) or "").startswith("utf-16"):
        raise RejectedInput("binary_file", f"it begins with {content[:8]!r}")
    try:
        return decode_text(content, header=header, declared=declared, is_mended=is_mended)
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
    title = next(line.strip() for line in text.splitlines() if line.strip())
    language, is_certain = judge_language(None, text)
    return ParsedArticle(
        source_article_id=None,
        source_name=file_name_source(raw.name),
        url=None,
        title=title,
        text=text,
        text_flags=text_flags(text, title, is_language_certain=is_certain),
        language=language,
        published_at=published_at,
        published_on=published_on,
        published_at_source="file_name",
        published_at_certainty="day",
        content_type="text",
        charset=charset,
        input_location=raw.location,
        raw_sha256=raw.sha256,
    )
