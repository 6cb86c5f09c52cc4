"""Whether words stand in an article, at their offsets or anywhere, and what rests on them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

Row = Mapping[str, Any]
_KILLED = ("fatalities", "fatalities_best", "fatalities_low", "fatalities_high")
_INJURED = ("injured", "injured_best", "injured_low", "injured_high")
EVIDENCE_OF = {
    "date_start": ("date_start", "date_text"),
    "place_name": ("place_name",),
    "fatalities_low": _KILLED,
    "fatalities_best": _KILLED,
    "fatalities_high": _KILLED,
    "injured_low": _INJURED,
    "injured_best": _INJURED,
    "injured_high": _INJURED,
    "abducted": ("abducted",),
    "claimed_by": ("claimed_by",),
    "perpetrators": ("perpetrators",),
    "targets": ("targets",),
    "weapons": ("weapons",),
    "event_type": ("event_type",),
}
"""Columns of an incident report that rest on words, and the names under which ``evidence`` quotes these."""


def stands(text: str, start: int, end: int, quote: str) -> bool:
    """True where ``quote`` is ``text[start:end]``, offsets in code points."""
    return bool(quote) and 0 <= start < end <= len(text) and text[start:end] == quote


def is_named(name: str | None, article: Row) -> bool:
    """True where the article's title or text has the name, in any case and spacing; nothing is named always."""
    if name is None:
        return True
    return _folded(name) in _told(article["title"], article["text"])


@lru_cache(maxsize=64)
def _told(title: str | None, text: str) -> str:
    """Rows come article by article, and one article has many names to look for."""
    return _folded(f"{title or ''} {text}")


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())
