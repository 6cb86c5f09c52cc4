"""Dates as publishers write them: an instant where they name one, a day where they do not, nothing where it is a guess."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import msgspec

EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:$|[T\s].*)")
_NUMBERS = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:$|[,\s].*)")
_DAY_FIRST = re.compile(r"(?:[A-Za-z]+,?\s+)?(\d{1,2})(?:st|nd|rd|th)?\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})\b")
_MONTH_FIRST = re.compile(r"(?:[A-Za-z]+,?\s+)?([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_CLOCK = re.compile(
    r"(?:(?P<month_a>[A-Za-z]{3,9})\.? (?P<day_a>\d{1,2})(?:st|nd|rd|th)?,? (?P<year_a>\d{4})"
    r"|(?P<day_b>\d{1,2}) (?P<month_b>[A-Za-z]{3,9})\.?,? (?P<year_b>\d{4}))"
    r"[,|]?\s+(?:at |[-–|]+ )?(?P<hour>\d{1,2})[:.](?P<minute>\d\d)\s*(?P<half>[AaPp])?"
)
# As JavaScript prints a date.
_SCRIPTED = re.compile(r"^([A-Z][a-z]{2} [A-Z][a-z]{2} \d{1,2} \d{4} [\d:]{8}) GMT([+-]\d{4}).*")
_MAX_CHARACTERS = 60


class Moment(msgspec.Struct, frozen=True):
    """``instant`` is aware UTC; ``day`` is the calendar day as written; ``is_exact`` where the time of day is known.

    Where no zone is written, ``instant`` holds what a clock at the publisher's showed, as if it were UTC.
    """

    instant: dt.datetime
    day: dt.date
    is_exact: bool
    is_utc: bool = False
    """True where the day is that of UTC, which need not be the publisher's."""


def read_moment(value: str) -> Moment | None:
    """The moment that a page's date names; ``None`` for what is none, lies ahead, or can be read in two ways.

    ``03/04/2025`` is the third of April or the fourth of March: it is not guessed at. A time without a zone, and
    midnight, tell the day alone.
    """
    written = value.strip()[:_MAX_CHARACTERS]
    moment = _iso(written) or _mail(written) or _day_alone(written)
    return moment if moment is not None and is_plausible(moment.instant) else None


def is_plausible(instant: dt.datetime) -> bool:
    """Whether news can have been published then: from 1970 on, and not in the future (time zones apart)."""
    return EARLIEST <= instant <= dt.datetime.now(dt.UTC) + dt.timedelta(days=1)


def clock_times(page: str, year: int) -> Iterator[dt.datetime]:
    """What is written on a page as a day of that year with a time of day, in the order of the page; without zone."""
    for place in re.finditer(f"{year}", page):
        match = _CLOCK.search(page, max(0, place.start() - 20), place.end() + 20)
        if match is None or f"{year}" not in match.group("year_a", "year_b"):
            continue
        month = (match["month_a"] or match["month_b"]).lower()[:3]
        hour = int(match["hour"]) % 12 + 12 * (match["half"] in "pP") if match["half"] else int(match["hour"])
        if month in _MONTHS:
            try:
                yield dt.datetime(year, _MONTHS.index(month) + 1, int(match["day_a"] or match["day_b"]), hour, int(match["minute"]))  # noqa: DTZ001  # fmt: skip
            except ValueError:
                continue  # numbers that are no day or no time


def _iso(written: str) -> Moment | None:
    try:
        return _moment(dt.datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d\d:?\d\d$|Z$)", "", written)))
    except ValueError:
        return None


def _mail(written: str) -> Moment | None:
    try:
        if match := _SCRIPTED.match(written):
            return _moment(dt.datetime.strptime(match[1] + match[2], "%a %b %d %Y %H:%M:%S%z"))
        return _moment(parsedate_to_datetime(written))
    except (ValueError, OverflowError, IndexError):
        return None  # no date of a mail header; the other forms are tried


def _moment(read: dt.datetime) -> Moment | None:
    is_exact = read.tzinfo is not None and read.time() != dt.time()
    try:
        instant = read.astimezone(dt.UTC) if read.tzinfo else read.replace(tzinfo=dt.UTC)
    except OverflowError:
        return None
    return Moment(instant, read.date(), is_exact, is_utc=read.utcoffset() == dt.timedelta())


def _day_alone(written: str) -> Moment | None:
    if match := _ISO_DAY.fullmatch(written):
        return _midnight(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMBERS.fullmatch(written):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        if first <= 12 and second <= 12 and first != second:
            return None
        return _midnight(year, min(first, second), max(first, second)) if max(first, second) > 12 else _midnight(year, first, second)  # fmt: skip
    if match := _DAY_FIRST.match(written):
        return _named(match[1], match[2], match[3])
    if match := _MONTH_FIRST.match(written):
        return _named(match[2], match[1], match[3])
    return None


def _named(day: str, month: str, year: str) -> Moment | None:
    name = month.lower()[:3]
    return _midnight(int(year), _MONTHS.index(name) + 1, int(day)) if name in _MONTHS else None


def _midnight(year: int, month: int, day: int) -> Moment | None:
    try:
        return _moment(dt.datetime(year, month, day))  # noqa: DTZ001
    except ValueError:
        return None
