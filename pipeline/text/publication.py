"""When a page was published: the best of the dates that are stated, and how certain it is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

import msgspec
from htmldate import find_date

from pipeline.text.metadata import StatedDate
from pipeline.text.moments import Moment, read_moment

EXACT, DAY, DISPUTED, INFERRED = "exact_time", "day", "disputed", "inferred"
# Sources that are set by the publisher for machines to read; a time element is often that of another article.
_WITNESSES = {"json_ld", "open_graph", "meta", "feed"}
_APART = dt.timedelta(days=1)


class Publication(msgspec.Struct, frozen=True):
    """A publication date with where it was read and how certain it is."""

    moment: Moment
    source: str
    certainty: str


def choose_publication(stated: Iterable[StatedDate]) -> Publication | None:
    """The first date that can be read, in the order given.

    Others that differ from it make it less certain: by up to a day, and its time is in doubt; by more, and its day is.
    """
    read = [(entry, moment) for entry in stated if (moment := read_moment(entry.value)) is not None]
    if not read:
        return None
    first, chosen = next(((e, m) for e, m in read if e.source == read[0][0].source and m.is_exact), read[0])
    others = [m for e, m in read if e.source in _WITNESSES and m != chosen]
    if any(abs(other.day - chosen.day) > _APART for other in others):
        certainty = DISPUTED
    elif not chosen.is_exact or any(other.is_exact and other.instant != chosen.instant for other in others):
        certainty = DAY
    else:
        certainty = EXACT
    return Publication(chosen, first.source, certainty)


def infer_publication(html: str, url: str | None) -> Publication | None:
    """A date found in the page's text or address, where none is stated: a day at best, and never sure."""
    latest = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    found = find_date(html, url=url, original_date=True, max_date=latest.replace(tzinfo=None))
    moment = read_moment(found) if found else None
    if moment is None or not _is_written_clearly(moment.day, html + (url or "")):
        return None
    return Publication(moment, "page_text", INFERRED)


def _is_written_clearly(day: dt.date, page: str) -> bool:
    """False where the page may have meant another day: 03/04/2025 has two readings."""
    if day.day > 12 or day.day == day.month:
        return True
    year, month, number = f"{day.year}", f"0?{day.month}", f"0?{day.day}"
    return bool(
        re.search(
            rf"{year}[-/._年]?\s?{month}[-/._月]?\s?{number}(?!\d)"
            rf"|(?<!\d){number}(?:st|nd|rd|th|er|\.|º)?(?:\s+(?:de|of|d'))?\s+[^\W\d_]{{3,12}}\.?,?(?:\s+de)?\s+{year}"
            rf"|[^\W\d_]{{3,12}}\.?\s+{number}(?:st|nd|rd|th)?,?\s+{year}",
            page,
        )
    )
