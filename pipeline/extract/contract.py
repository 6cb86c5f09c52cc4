"""The lines of ``incidents extract``: an article in, its extraction out, one JSON object a line."""

from __future__ import annotations

import datetime as dt

import msgspec
import orjson

from pipeline.records import Article, ArticleRecord, Extraction
from pipeline.text.language import detect_language

_DECODER = msgspec.json.Decoder(ArticleRecord)
# Of shorter texts the language cannot be told from their names; of no English one of this length was it told wrong.
_TELLING_CHARACTERS = 300


def parse_article(line: bytes) -> Article:
    """The article of a line.

    Raises:
        ValueError: the line is no such object, or its date is no ISO 8601 date.
    """
    record = _DECODER.decode(line)
    stated = (record.published_at or "").strip()
    published_at = dt.datetime.fromisoformat(stated) if stated else None
    return Article(
        article_id="" if record.id is None else str(record.id),
        title=record.title,
        text=record.text or "",
        published_at=published_at,
        published_on=published_at.date() if published_at else None,
        source_name=record.source,
        url=record.url,
        language=_language(record),
    )


def _language(record: ArticleRecord) -> str | None:
    """As declared, else as the text shows; unknown where it is short."""
    if record.language:
        return record.language.split("-")[0].lower()
    text = record.text or ""
    return detect_language(text) if len(text.strip()) >= _TELLING_CHARACTERS else None


def identify(line: bytes) -> str:
    """The id of a line that is no article, as far as it can be read; else an empty text."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return ""
    return str(found.get("id", "")) if isinstance(found, dict) else ""


def contract_line(extraction: Extraction) -> bytes:
    """The output line of an extraction, without a line break."""
    return orjson.dumps(msgspec.to_builtins(extraction))
