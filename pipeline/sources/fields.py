"""Checks that every source shares: ids, texts, dates and languages, each either usable or rejected with a reason."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from pathlib import PurePath

from pipeline.sources.items import MAX_ID_LENGTH, RejectedInput
from pipeline.text.damage import has_lost_characters, is_mojibake
from pipeline.text.moments import is_plausible, read_moment

_FILE_DATE = re.compile(r"(?:^|[^0-9])((?:19|20)\d\d-[01]\d-[0-3]\d)$")
_UNSAFE_ID = re.compile(r"(^|/)\.\.(/|$)|\\")


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
    if not is_plausible(moment):
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


def published_certainty(value: str) -> str:
    """Whether a date of :func:`parse_published` tells the time of publication or its day alone."""
    moment = read_moment(value)
    return "exact_time" if moment is not None and moment.is_exact else "day"


def text_flags(
    text: str, title: str | None, *, is_language_certain: bool, is_fallback: bool = False
) -> tuple[str, ...]:
    """What is doubtful about an article as it was read; nothing where nothing is."""
    whole = f"{title or ''}\n{text}"
    flags = {
        "mojibake": is_mojibake(whole),
        "lost_characters": has_lost_characters(whole),
        "language_uncertain": not is_language_certain,
        "fallback_text": is_fallback,
    }
    return tuple(name for name, is_set in flags.items() if is_set)
