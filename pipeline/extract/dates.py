"""Dates and periods in text, against the day the article was published. Precision follows UCDP GED.

News tells of the past: a weekday is the last one up to the day of publication, a month without a year the last
such month. Words that no publication day resolves give a mention without a date.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable

from pipeline.extract.mentions import DateMention
from pipeline.extract.numbers import WORDS, number_value

_DAYS = {name.casefold(): n for n, name in enumerate(calendar.day_name)}
_MONTHS = {name.casefold(): n for n, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.casefold(): n for n, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\\b\\.?)"
_WEEKDAY = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_DAY = r"(?:[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d"
_COUNT = rf"(?:\d{{1,3}}|{WORDS}|a couple of|a few|several|a|an)"
_WHEN = re.compile(r",?\s+when\b", re.IGNORECASE)
Span = tuple[dt.date | None, dt.date | None, int, bool]
Rule = Callable[[re.Match[str], dt.date | None], Span | None]


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _past_day(month: int, number: int, year: str | None, published: dt.date | None) -> dt.date | None:
    """The day, in the stated year or else the last one that is not after publication (one day is allowed for zones)."""
    if year is not None:
        return _day(int(year), month, number)
    if published is None:
        return None
    latest = published + dt.timedelta(days=1)
    candidates = (_day(candidate, month, number) for candidate in (published.year, published.year - 1))
    return next((day for day in candidates if day is not None and day <= latest), None)


def _number(words: str) -> int | None:
    text = words.casefold()
    if text in {"a", "an"}:
        return 1
    if text == "a couple of":
        return 2
    return None if text in {"a few", "several"} else number_value(text)


def _exact(day: dt.date | None) -> Span | None:
    return (day, day, 1, False) if day else None


def _full_date(match: re.Match[str], published: dt.date | None) -> Span | None:
    month = _MONTHS[match["month"].rstrip(".").casefold()]
    day = int(re.sub(r"\D", "", match["day"]))
    found = _past_day(month, day, match["year"], published)
    return _exact(found) or ((None, None, 1, False) if 1 <= day <= 31 else None)


def _iso(match: re.Match[str], published: dt.date | None) -> Span | None:
    return _exact(_day(int(match["year"]), int(match["month"]), int(match["day"])))


def _day_range(match: re.Match[str], published: dt.date | None) -> Span | None:
    first_month = match["month1"] or match["month2"]
    second_month = match["month2"] or match["month1"]
    if first_month is None:
        return None
    months = [_MONTHS[name.rstrip(".").casefold()] for name in (first_month, second_month)]
    days = [int(re.sub(r"\D", "", match[name])) for name in ("day1", "day2")]
    end = _past_day(months[1], days[1], match["year2"], published)
    start = (
        _past_day(months[0], days[0], match["year1"] or match["year2"], published)
        if match["year1"] or match["year2"] or published
        else None
    )
    if start is None or end is None:
        return (None, None, 5, True)
    if start > end:
        start = _day(end.year - 1, months[0], days[0]) or start
    return (start, end, _range_precision(start, end), True) if start <= end else None


def _range_precision(start: dt.date, end: dt.date) -> int:
    days = (end - start).days + 1
    return 1 if days == 1 else 2 if days <= 6 else 3 if days <= 7 else 4 if days <= 31 else 5


def _weekday(match: re.Match[str], published: dt.date | None) -> Span | None:
    if published is None:
        return (None, None, 1, False)
    back = (published.weekday() - _DAYS[match["weekday"].casefold()]) % 7
    before = (match["before"] or "").casefold()
    if before.startswith(("next", "coming")):
        return (None, None, 1, False)
    if match["week"]:
        monday = published - dt.timedelta(days=published.weekday() + 7)
        return _exact(monday + dt.timedelta(days=_DAYS[match["weekday"].casefold()]))
    if before.startswith(("last", "previous")) and back == 0:
        back += 7
    return _exact(published - dt.timedelta(days=back))


def _since_weekday(match: re.Match[str], published: dt.date | None) -> Span | None:
    if published is None:
        return (None, None, 5, True)
    start = published - dt.timedelta(days=(published.weekday() - _DAYS[match["weekday"].casefold()]) % 7)
    return (start, published, _range_precision(start, published), True)


def _numeric(match: re.Match[str], published: dt.date | None) -> Span | None:
    """Day and month in figures: read where only one order makes a date, left open where both do."""
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    readings = {d for d in (_day(year, second, first), _day(year, first, second)) if d is not None}
    return _exact(readings.pop()) if len(readings) == 1 else ((None, None, 1, False) if readings else None)


def _overnight(match: re.Match[str], published: dt.date | None) -> Span | None:
    if published is None:
        return (None, None, 2, False)
    return (published - dt.timedelta(days=1), published, 2, False)


def _after_other(match: re.Match[str], other: dt.date) -> dt.date | None:
    """The day that is told by another: "the next day", "two days earlier"."""
    words = match.groupdict()
    count = _number(words["count"]) if words.get("count") else 1
    if words.get("same") or count is None:
        return other if words.get("same") else None
    days = count * (7 if (words.get("unit") or "").casefold() == "week" else 1)
    is_earlier = (words.get("earlier") or words.get("before")) is not None
    return other - dt.timedelta(days=days) if is_earlier else other + dt.timedelta(days=days)


def _relative(days: int) -> Rule:
    def rule(match: re.Match[str], published: dt.date | None) -> Span | None:
        return _exact(published - dt.timedelta(days=days)) if published else (None, None, 1, False)

    return rule


def _ago(match: re.Match[str], published: dt.date | None) -> Span | None:
    count, unit = _number(match["count"]), match["unit"].casefold()
    if published is None or count is None:
        return (None, None, 5, False)
    if unit == "hour":
        return _exact(published - dt.timedelta(days=0 if count < 12 else round(count / 24)))
    if unit == "day":
        return _exact(published - dt.timedelta(days=count))
    if unit == "week":
        day = published - dt.timedelta(weeks=count)
        return (day - dt.timedelta(days=3), day + dt.timedelta(days=3), 3, False)
    if unit == "month":
        day = _months_back(published, count)
        return (day.replace(day=1), _month_end(day), 4, False)
    return (dt.date(published.year - count, 1, 1), dt.date(published.year - count, 12, 31), 5, False)


def _months_back(day: dt.date, months: int) -> dt.date:
    total = day.year * 12 + day.month - 1 - months
    year, month = divmod(total, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _month_end(day: dt.date) -> dt.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _past_period(match: re.Match[str], published: dt.date | None) -> Span | None:
    count, unit = _number(match["count"] or "a"), match["unit"].casefold()
    if published is None or count is None:
        return (None, None, 5, True)
    if unit == "hour":
        start = published - dt.timedelta(days=max(1, round(count / 24)))
    elif unit in {"day", "week"}:
        start = published - dt.timedelta(days=count * (7 if unit == "week" else 1))
    else:
        start = _months_back(published, count * {"month": 1, "year": 12, "decade": 120}[unit])
    return (start, published, _range_precision(start, published), True)


def _this_unit(match: re.Match[str], published: dt.date | None) -> Span | None:
    if published is None:
        return (None, None, 5, True)
    which, unit = match["which"].casefold(), match["unit"].casefold()
    is_last = which in {"last", "previous"}
    if unit == "week":
        monday = published - dt.timedelta(days=published.weekday() + (7 if is_last else 0))
        return (monday, min(published, monday + dt.timedelta(days=6)), 3, False)
    if unit == "weekend":
        saturday = published - dt.timedelta(days=(published.weekday() - 5) % 7)
        return (saturday, min(published, saturday + dt.timedelta(days=1)), 2, False)
    if unit == "month":
        first = (_months_back(published, 1) if is_last else published).replace(day=1)
        return (first, min(published, _month_end(first)), 4, not is_last)
    year = published.year - (1 if is_last else 0)
    return (dt.date(year, 1, 1), min(published, dt.date(year, 12, 31)), 5, True)


def _since(match: re.Match[str], published: dt.date | None) -> Span | None:
    """ "Since March" is a period; a clause "since March, when ..." dates what happened then."""
    if match.start() == 0 and _WHEN.match(match.string, match.end()):
        if match["year_only"]:
            year = int(match["year_only"])
            return (dt.date(year, 1, 1), dt.date(year, 12, 31), 5, False)
        return _full_date(match, published) if match["day"] else _month_only(match, published)
    if match["year_only"]:
        start: dt.date | None = dt.date(int(match["year_only"]), 1, 1)
    elif match["day"]:
        month = _MONTHS[match["month"].rstrip(".").casefold()]
        start = _past_day(month, int(re.sub(r"\D", "", match["day"])), match["year"], published)
    else:
        start = _past_day(_MONTHS[match["month"].rstrip(".").casefold()], 1, match["year"], published)
    return (start, published if start else None, 5, True)


def _month_range(match: re.Match[str], published: dt.date | None) -> Span | None:
    months = [_MONTHS[match[name].rstrip(".").casefold()] for name in ("month1", "month2")]
    end = _past_day(months[1], 1, match["year2"], published)
    if end is None:
        return (None, None, 5, True)
    year = int(match["year1"]) if match["year1"] else end.year - (months[0] > months[1])
    start = dt.date(year, months[0], 1)
    return (start, _month_end(end), 5, True) if start <= end else None


def _month_only(match: re.Match[str], published: dt.date | None) -> Span | None:
    start = _past_day(_MONTHS[match["month"].rstrip(".").casefold()], 1, match["year"], published)
    return (start, _month_end(start), 4, False) if start else (None, None, 4, False)


def _day_alone(match: re.Match[str], published: dt.date | None) -> Span | None:
    """ "On the 17th": of this month, or of the last where this month has not come so far."""
    if published is None:
        return (None, None, 1, False)
    number = int(match["day"])
    this = _day(published.year, published.month, number)
    before = _months_back(published.replace(day=1), 1)
    return _exact(this if this and this <= published else _day(before.year, before.month, number))


def _last_years_month(match: re.Match[str], published: dt.date | None) -> Span | None:
    """ "July last year", "28 April last year", "last April": of the year before, or the last one."""
    month = _MONTHS[match["month"].rstrip(".").casefold()]
    number = match.groupdict().get("day")
    if published is None:
        return (None, None, 4, False)
    if match.groupdict().get("whose"):
        year = published.year - (0 if match["whose"].casefold().startswith("this") else 1)
    else:
        year = published.year if month < published.month else published.year - 1
    if number:
        return _exact(_day(year, month, int(re.sub(r"\D", "", number))))
    first = dt.date(year, month, 1)
    return (first, min(_month_end(first), published), 4, False) if first <= published else None


def _year_only(match: re.Match[str], published: dt.date | None) -> Span | None:
    year = int(match["year"])
    return (dt.date(year, 1, 1), dt.date(year, 12, 31), 5, False)


def _year_range(match: re.Match[str], published: dt.date | None) -> Span | None:
    first, last = int(match["first"]), int(match["last"])
    return (dt.date(first, 1, 1), dt.date(last, 12, 31), 5, True) if first <= last else None


_MD = rf"(?P<month>{_MONTH})\s+(?P<day>{_DAY})(?!\d|,\d{{3}})(?:,?\s+(?P<year>{_YEAR}))?"
_DM = rf"(?P<day>{_DAY})\s+(?:of\s+)?(?P<month>{_MONTH})(?:,?\s+(?P<year>{_YEAR}))?"
_UNIT = r"(?P<unit>hour|day|week|month|year|decade)s?"
_RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(rf"(?<![\w-]){pattern}(?!\w)", re.IGNORECASE), rule)
    for pattern, rule in (
        (rf"(?:from|between)\s+(?:the\s+)?(?P<month1>{_MONTH})\s+(?P<day1>{_DAY})(?:,?\s+(?P<year1>{_YEAR}))?\s+(?:to|and|until|through|[-–])\s+(?:(?P<month2>{_MONTH})\s+)?(?P<day2>{_DAY})(?:,?\s+(?P<year2>{_YEAR}))?", _day_range),
        (rf"(?:from\s+|between\s+)?(?:the\s+)?(?P<day1>{_DAY})(?:\s*(?P<month1>{_MONTH}))?(?:\s*(?P<year1>{_YEAR}))?\s*(?:to|and|until|[-–])\s*(?P<day2>{_DAY})\s+(?P<month2>{_MONTH})(?:,?\s+(?P<year2>{_YEAR}))?", _day_range),
        (rf"(?P<month1>{_MONTH})\s+(?P<day1>{_DAY})(?P<year1>)?\s*(?:to|[-–])\s*(?:(?P<month2>{_MONTH})\s*)?(?P<day2>{_DAY})(?:,?\s+(?P<year2>{_YEAR}))?", _day_range),
        (rf"(?:from|between)\s+(?:early\s+|late\s+|mid-)?(?P<month1>{_MONTH})(?:,?\s+(?P<year1>{_YEAR}))?\s+(?:to|and|until|through)\s+(?:early\s+|late\s+|mid-)?(?P<month2>{_MONTH})(?!\s+\d\d?\b)(?:,?\s+(?P<year2>{_YEAR}))?", _month_range),
        (rf"since\s+(?:the\s+)?(?:early\s+|late\s+|mid-)?(?:(?P<day>{_DAY})\s+(?:of\s+)?)?(?P<month>{_MONTH})(?:,?\s+(?P<year>{_YEAR}))?(?P<year_only>)?", _since),
        (rf"since\s+(?:the\s+(?:start|beginning)\s+of\s+|early\s+|late\s+|mid-)?(?P<year_only>{_YEAR})", _since),
        (rf"(?P<first>[0-3]?\d)[/.](?P<second>[0-3]?\d)[/.](?P<year>{_YEAR})", _numeric),
        (rf"since\s+(?:last\s+)?(?P<weekday>{_WEEKDAY})", _since_weekday),
        (rf"(?P<year>{_YEAR})-(?P<month>[01]\d)-(?P<day>[0-3]\d)", _iso),
        (rf"(?:(?P<day>{_DAY})\s+(?:of\s+)?)?(?P<month>{_MONTH})\s+(?:of\s+)?(?P<whose>last|this)\s+year", _last_years_month),
        (rf"(?P<month>{_MONTH})\s+(?P<day>{_DAY})\s+(?:of\s+)?(?P<whose>last|this)\s+year", _last_years_month),
        (rf"last\s+(?P<month>{_MONTH})(?:\s+(?P<day>{_DAY}))?(?!\s*\d)", _last_years_month),
        (_MD, _full_date),
        (_DM, _full_date),
        (rf"(?P<before>last\s+|previous\s+|next\s+|coming\s+|this\s+(?:past\s+)?)?(?P<weekday>{_WEEKDAY})(?P<week>\s+(?:of\s+)?last\s+week)?(?!\s+(?:Times|Telegraph|Mail|Mirror|Express|Post|Herald|Star|Vanguard|Punch)\b)", _weekday),
        (r"(?:the\s+)?day\s+before\s+yesterday", _relative(2)),
        (r"overnight", _overnight),
        (r"yesterday|last\s+night|the\s+previous\s+night", _relative(1)),
        (r"today|tonight|this\s+(?:morning|afternoon|evening)|earlier\s+in\s+the\s+day", _relative(0)),
        (rf"(?P<count>{_COUNT})\s+{_UNIT}\s+ago", _ago),
        (rf"(?:in|over|during|within|for|throughout)\s+(?:the\s+|these\s+)?(?:past|last|previous)\s+(?:(?P<count>{_COUNT})\s+)?{_UNIT}", _past_period),
        (r"(?P<which>this|last|previous)\s+(?P<unit>week|weekend|month|year)(?!s)", _this_unit),
        (r"on\s+the\s+(?P<day>[0-3]?\d)(?:st|nd|rd|th)(?=\s*(?:[,.;:)]|$|and\b|at\b|when\b|after\b|in\b|near\b))", _day_alone),
        (r"(?:over|at|on|during)\s+the\s+(?P<unit>weekend)(?P<which>)", _this_unit),
        (rf"(?P<first>{_YEAR})\s*(?:to|and|[-–])\s*(?P<last>{_YEAR})", _year_range),
        (rf"(?:in|of|during|early|late|mid|by|until)[\s-]+(?P<month>{_MONTH})(?:,?\s+(?P<year>{_YEAR}))?(?!\s+\d)", _month_only),
        (rf"(?P<month>{_MONTH})(?P<comma>,)?\s+(?P<year>{_YEAR})", _month_only),
        (rf"(?:in|of|during|early|late|mid|by|until|and|from)[\s-]+(?P<year>{_YEAR})", _year_only),
    )
)  # fmt: skip
# Days that the text tells by another day, one said before them.
_ANCHORED: tuple[re.Pattern[str], ...] = tuple(
    re.compile(rf"(?<![\w-]){pattern}(?!\w)", re.IGNORECASE)
    for pattern in (
        rf"(?P<count>{_COUNT})\s+(?P<unit>day|week)s?\s+(?:(?P<before>earlier|before|previously)|(?:later|afterwards|after$|after(?=[,.])))",
        r"the\s+(?:(?P<before>previous|preceding)|(?:next|following))\s+(?:day|morning|evening|night)",
        r"(?P<same>the\s+same\s+(?:day|night|evening|morning|afternoon))",
        r"the\s+day\s+(?:(?P<before>before)|after)(?!\s+(?:yesterday|tomorrow))",
    )
)
# "... comes two days after gunmen killed ...", or a clause that begins so: the act is the earlier one of the two.
_EARLIER_ACT = re.compile(
    rf"(?:^|\b(?:comes?|came|coming|occurred|happened)\s+)(?:just\s+|only\s+|barely\s+)?(?P<when>(?P<count>{_COUNT}|the)\s+(?P<unit>day|week|month)s?\s+after)(?=\s+\w)",
    re.IGNORECASE,
)
# "He died on March 26, the day after he was shot": the act was on the day before.
_DAY_AFTER_ACT = re.compile(r",? the day after (?:(?:he|she|they|it|the|an?|his|her|their)\b|\w+ing\b)")
_MODAL_MAY = re.compile(r"^(?:may|march|sun|mar)\b", re.ASCII)


def find_dates(
    text: str, published_on: dt.date | None, told_before: dt.date | None = None
) -> list[DateMention]:
    """All dates and periods, in order, none overlapping another; earlier rules win.

    ``told_before`` is the day that the text before named last: "the next day" is counted from it.
    """
    found: list[DateMention] = []
    taken = bytearray(len(text))
    for pattern, rule in _RULES:
        for match in pattern.finditer(text):
            if 1 in taken[match.start() : match.end()] or _is_common_word(match):
                continue
            span = rule(match, published_on)
            if span is not None:
                start, end, precision, is_period = span
                left = len(match[0]) - len(match[0].lstrip())
                taken[match.start() + left : match.end()] = b"\1" * (match.end() - match.start() - left)
                found.append(
                    DateMention(
                        match.start() + left, match.end(), match[0].strip(), start, end, precision, is_period
                    )
                )
    found += _anchored(text, sorted(found, key=lambda mention: mention.start), published_on, told_before)
    return sorted(found, key=lambda mention: mention.start)


def _earlier_act(text: str, other: dt.date | None) -> list[DateMention]:
    match = _EARLIER_ACT.search(text)
    count = _number(match["count"].casefold().replace("the", "a")) if match else None
    if match is None or other is None or count is None:
        return []
    start, end = match.span("when")
    if match["unit"].casefold() == "day":
        day = other - dt.timedelta(days=count)
        return [DateMention(start, end, match["when"], day, day, 1)]
    middle = (
        other - dt.timedelta(days=count * 7)
        if match["unit"].casefold() == "week"
        else _months_back(other, count)
    )
    slack = dt.timedelta(days=3 if match["unit"].casefold() == "week" else 15)
    return [
        DateMention(start, end, match["when"], middle - slack, middle + slack, 3 if slack.days == 3 else 4)
    ]


def _anchored(
    text: str, found: list[DateMention], published_on: dt.date | None, told_before: dt.date | None
) -> list[DateMention]:
    mentions: list[DateMention] = _earlier_act(text, told_before or published_on)
    for pattern in _ANCHORED:
        for match in pattern.finditer(text):
            if any(m.start < match.end() and match.start() < m.end for m in [*found, *mentions]):
                continue
            exact = [m for m in found if m.end <= match.start() and m.precision == 1]
            other = exact[-1].date_start if exact else told_before
            day = _after_other(match, other) if other is not None else None
            if exact and other and _DAY_AFTER_ACT.match(text, exact[-1].end):
                day = other - dt.timedelta(days=1)
            mentions.append(DateMention(match.start(), match.end(), match[0], day, day, 1))
    return mentions


def _is_common_word(match: re.Match[str]) -> bool:
    """Lower-case "may" and "march" are words of their own."""
    groups = match.groupdict()
    month = groups.get("month") or groups.get("month1") or ""
    return bool(_MODAL_MAY.match(month)) and month.islower()
