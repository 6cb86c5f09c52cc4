"""When a page was published: the best of the dates that are stated, and how certain it is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

import msgspec
from htmldate import find_date
from lxml.etree import _Element

from pipeline.text.metadata import StatedDate
from pipeline.text.moments import Moment, clock_times, read_moment

EXACT, DAY, DISPUTED, INFERRED = "exact_time", "day", "disputed", "inferred"
# Sources that are set by the publisher for machines to read; a time element is often that of another article.
_WITNESSES = {"json_ld", "open_graph", "meta", "feed"}
_APART = dt.timedelta(days=1)
_FARTHEST_ZONE = dt.timedelta(hours=14)
_ZONES_APART = dt.timedelta(minutes=30)
_DAY_IN_ADDRESS = re.compile(r"/((?:19|20)\d\d)[/-](\d\d?)[/-](\d\d?)(?:/|-|$)")


class Publication(msgspec.Struct, frozen=True):
    """A publication date with where it was read and how certain it is."""

    moment: Moment
    source: str
    certainty: str


def choose_publication(
    stated: Iterable[StatedDate], *, page: str = "", url: str | None = None
) -> Publication | None:
    """The first date that can be read, in the order given.

    Others that differ from it make it less certain: by up to a day, and its time is in doubt; by more, and its day is.
    ``page`` and ``url`` tell which day it was where the publisher is, when the date is told in UTC.
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
    if chosen.is_exact and (chosen.is_utc or certainty == DAY):
        day = _local_day([chosen, *(moment for _, moment in read)], page, url)
        chosen = msgspec.structs.replace(chosen, day=day or chosen.day)
    return Publication(chosen, first.source, certainty)


def _local_day(moments: list[Moment], page: str, url: str | None) -> dt.date | None:
    """The day at the publisher's: of the same instant written without a zone, else in the address, else on the page."""
    exact = [moment.instant for moment in moments if moment.is_exact]
    clocks = [moment.instant for moment in moments if not moment.is_exact and moment.instant.time() != dt.time()]  # fmt: skip
    for clock in clocks:
        if any(_is_same(clock, instant) for instant in exact):
            return clock.date()
    if (match := _DAY_IN_ADDRESS.search(url or "")) and (named := read_moment("-".join(match.groups()))):
        return named.day if abs(named.day - moments[0].day) <= _APART else None
    for written in clock_times(page, moments[0].day.year):
        clock = written.replace(tzinfo=dt.UTC)
        if any(_is_same(clock, instant) for instant in exact):
            return clock.date()
    return None


def _is_same(clock: dt.datetime, instant: dt.datetime) -> bool:
    """Whether a clock somewhere on earth shows that time at the instant."""
    ahead = clock.replace(second=0, microsecond=0) - instant.replace(second=0, microsecond=0)
    return abs(ahead) <= _FARTHEST_ZONE and ahead % _ZONES_APART == dt.timedelta()


def infer_publication(html: str, url: str | None, tree: _Element | None = None) -> Publication | None:
    """A date found in the page's text or address, where none is stated: a day at best, and never sure.

    ``tree`` is the page where it is parsed already.
    """
    latest = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    found = find_date(
        html if tree is None else tree,
        url=url,
        original_date=True,
        extensive_search=False,
        max_date=latest.replace(tzinfo=None),
    )
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
