"""Signs that a text was damaged before it arrived. Damage is told, never mended: what was meant is a guess."""

from __future__ import annotations

import re

# Written so that the search leaps to its first character; with {2,} it would try at each.
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f][^\x00-\x7f]+")
_MISREAD_AS = ("cp1252", "latin-1", "cp1251")
_RUNS = 300
_MIN_RUNS = 2


def is_mojibake(text: str) -> bool:
    """True where most of what is no ASCII is UTF-8 that was read as a single-byte character set (``Ã©`` for ``é``)."""
    if text.isascii():
        return False
    runs = [match[0] for _, match in zip(range(_RUNS), _BEYOND_ASCII.finditer(text), strict=False)]
    misread = sum(map(_is_misread, runs))
    return misread >= _MIN_RUNS and misread * 2 > len(runs)


def has_lost_characters(text: str) -> bool:
    """True where a character stands as U+FFFD: its bytes could not be read, here or before."""
    return "\ufffd" in text


def _is_misread(run: str) -> bool:
    for charset in _MISREAD_AS:
        try:
            run.encode(charset).decode("utf-8")
        except UnicodeError:
            continue  # not misread as this one
        return True
    return False
