"""Row checks of articles: dates that fit each other, and text that reads like an article."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pycountry

from pipeline.ids import sha256_text
from pipeline.quality.related import Related
from pipeline.text.damage import is_mojibake

Row = Mapping[str, Any]
_FEW_WORDS = 20
_MANY_CHARACTERS = 200_000
_NAME_CHARACTERS = 200
_HEADLINE_CHARACTERS = 500
_LOST_SHARE = 0.005
_FLAGS = {"mojibake", "lost_characters", "language_uncertain", "fallback_text"}


def year_fits_publication(row: Row, article: Row, batch: Related) -> bool:
    """The partition's year is that of the publication."""
    return bool(row["published_year"] == row["published_at"].year)


def published_by_first_seen(row: Row, article: Row, batch: Related) -> bool:
    """An article is not read before it is published; two days are allowed for clocks and time zones."""
    return bool(row["published_at"] <= row["first_seen_at"] + dt.timedelta(days=2))


def published_day_fits_time(row: Row, article: Row, batch: Related) -> bool:
    """The local day is at most one away from the day in UTC."""
    return bool(abs((row["published_on"] - row["published_at"].date()).days) <= 1)


def digest_fits_text(row: Row, article: Row, batch: Related) -> bool:
    """The stored digest is that of the stored title and text."""
    return bool(row["text_sha256"] == sha256_text(row["title"], row["text"]))


def text_is_legible(row: Row, article: Row, batch: Related) -> bool:
    """Few characters were lost: U+FFFD and control characters."""
    lost = sum(c == "\ufffd" or (not c.isprintable() and not c.isspace()) for c in row["text"])
    return bool(lost <= _LOST_SHARE * len(row["text"]))


def text_is_decoded_rightly(row: Row, article: Row, batch: Related) -> bool:
    """The text is no UTF-8 that was read as another character set."""
    return not is_mojibake(row["text"])


def text_has_words(row: Row, article: Row, batch: Related) -> bool:
    """There are enough words to tell of anything."""
    return len(row["text"].split(maxsplit=_FEW_WORDS)) >= _FEW_WORDS


def text_is_of_article_size(row: Row, article: Row, batch: Related) -> bool:
    """A longer text is a book, or many articles in one."""
    return len(row["text"]) <= _MANY_CHARACTERS


def title_is_a_headline(row: Row, article: Row, batch: Related) -> bool:
    """One line, and not the whole text."""
    return row["title"] is None or (len(row["title"]) <= _HEADLINE_CHARACTERS and "\n" not in row["title"])


def url_is_of_the_web(row: Row, article: Row, batch: Related) -> bool:
    """The address can be opened by a browser."""
    if row["url"] is None:
        return True
    try:
        parts = urlsplit(row["url"])
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def language_is_known(row: Row, article: Row, batch: Related) -> bool:
    """ISO 639 has the code."""
    code = row["language"]
    key = "alpha_2" if code and len(code) == 2 else "alpha_3"
    return code is None or pycountry.languages.get(**{key: code}) is not None


def source_name_is_a_name(row: Row, article: Row, batch: Related) -> bool:
    """Short and printable."""
    return _is_name(row["source_name"])


def authors_are_names(row: Row, article: Row, batch: Related) -> bool:
    """Each is short and printable."""
    return all(_is_name(author) for author in row["authors"])


def text_flags_are_known(row: Row, article: Row, batch: Related) -> bool:
    """Only the flags that the data dictionary names."""
    return set(row["text_flags"]) <= _FLAGS


def _is_name(text: str) -> bool:
    return bool(text.strip()) and len(text) <= _NAME_CHARACTERS and text.isprintable()
