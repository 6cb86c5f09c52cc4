"""Checks that every source shares: ids, texts, dates and languages, each either usable or rejected with a reason."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from pathlib import PurePath

from pipeline.sources.items import MAX_ID_LENGTH, RejectedInput
from pipeline.text.language import detect_language, normalize_language

_FILE_DATE = re.compile(r"(?:^|[^0-9])((?:19|20)\d\d-[01]\d-[0-3]\d)$")
_UNSAFE_ID = re.compile(r"(^|/)\.\.(/|$)|\\")
_EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def safe_id(value: str | None) -> str | None:
    """The id as given; rejects ids over 200 characters, with path steps or control characters."""
    if value is None or not value.strip():
        return None
    if len(value) > MAX_ID_LENGTH:
        raise RejectedInput("id_too_long", str(len(value)))
    if _UNSAFE_ID.search(value) or any(unicodedata.category(character) == "Cc" for character in value):
        raise RejectedInput("id_unsafe", repr(value))
    return value


def article_text(value: str | None, field: str = "text") -> str:
    """The text as given; rejects one without any letter or digit."""
    if value is None or not any(character.isalnum() for character in value):
        raise RejectedInput("missing_text", f"{field} is {'absent' if value is None else repr(value[:40])}")
    return value


def parse_published(value: str) -> tuple[dt.datetime, dt.date]:
    """An ISO 8601 date or time: the instant in UTC (a time without zone is UTC) and the calendar day as written."""
    try:
        moment = dt.datetime.fromisoformat(value.strip())
    except ValueError:
        raise RejectedInput("bad_published_at", repr(value[:60])) from None
    local_day = moment.date()
    try:
        moment = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except OverflowError:
        raise RejectedInput("bad_published_at", repr(value)) from None
    if not _EARLIEST <= moment <= dt.datetime.now(dt.UTC) + dt.timedelta(days=1):
        raise RejectedInput("bad_published_at", repr(value))
    return moment, local_day


def file_name_date(name: str) -> str | None:
    """The ISO date a file name ends with (``courier_2026-03-14.txt``), or ``None``."""
    match = _FILE_DATE.search(PurePath(name).stem)
    return match[1] if match else None


def file_name_source(name: str) -> str:
    """What a file name says without its date: the source of a plain file."""
    stem = PurePath(name).stem
    date = file_name_date(name)
    return (stem.removesuffix(date) if date else stem).strip(" _-.") or "unknown"


def article_language(declared: str | None, text: str) -> str:
    """The declared language where it is one, else the detected one."""
    return normalize_language(declared) or detect_language(text)
