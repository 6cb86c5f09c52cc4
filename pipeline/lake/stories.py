"""Which reports of copies of one text tell of the same incident, and which of these counts.

Copies are edited, cut and brought up to date, and texts about different attacks may share so many stock sentences that they pass
for copies. So not articles are left out of totals but reports, and only where another copy tells the same incident.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_EXACT_DAY = 1
_DISTRICT = 3


@dataclass(frozen=True, slots=True)
class Told:
    """One incident as one article tells it; what is not known exactly is ``None``."""

    report_id: str
    article_id: str
    published_at: int
    """Microseconds since 1970, UTC."""
    country: str | None
    day: str | None
    place: str | None
    province: str | None
    killed: int | None
    event_type: str | None
    is_corrected: bool
    is_retracted: bool

    @property
    def known(self) -> int:
        """How much it says of where, when and how many."""
        return sum(value is not None for value in (self.country, self.day, self.place, self.killed))


def told(
    report: Mapping[str, Any],
    article_id: str,
    published_at: int,
    *,
    is_corrected: bool,
    is_retracted: bool,
) -> Told:
    """From the columns of an incident report, or from the JSON that a revision keeps of one."""
    tolls = (report[f"fatalities_{bound}"] for bound in ("best", "low", "high"))
    is_named = report["latitude"] is None or (report["geo_precision"] or _DISTRICT) <= _DISTRICT
    return Told(
        report["report_id"], article_id, published_at, report["country_code"],
        str(report["date_start"]) if report["date_precision"] == _EXACT_DAY else None,
        report["place_name"].casefold() if is_named and report["place_name"] else None, report["admin1_name"],
        next((toll for toll in tolls if toll is not None), None), report["event_type"], is_corrected, is_retracted,
    )  # fmt: skip


def uncounted(story: Sequence[Told]) -> Iterator[tuple[Told, Told]]:
    """The reports of a story that do not count, each with the one that counts in its place.

    Of the reports of one incident a corrected one counts, else one that says most of where, when and how many; of these the last
    published gives the number of killed, and the first that gave it counts. Where that one was retracted none counts, else
    taking it back would let a copy tell it.
    """
    for incident in _incidents(story):
        counts = _counting(incident)
        for report in incident:
            if report is not counts:
                yield report, counts


def _counting(incident: list[Told]) -> Told:
    corrected = [report for report in incident if report.is_corrected and not report.is_retracted]
    most = max(report.known for report in corrected or incident)
    fullest = sorted(
        (report for report in corrected or incident if report.known == most),
        key=lambda report: (report.published_at, report.article_id, report.report_id),
    )
    return next(report for report in fullest if report.killed == fullest[-1].killed)


def _incidents(story: Sequence[Told]) -> list[list[Told]]:
    """The incidents of a story: from the fullest article on, each report joins the likest incident that its article has not told yet."""
    by_article: dict[str, list[Told]] = defaultdict(list)
    for report in sorted(story, key=lambda one: one.report_id):
        by_article[report.article_id].append(report)
    found: list[list[Told]] = []
    known_by: dict[tuple[str, object], list[int]] = defaultdict(list)
    for reports in sorted(
        by_article.values(), key=lambda some: (-len(some), -sum(r.known for r in some), some[0].article_id)
    ):
        likest = sorted(
            (-likeness, report.event_type != found[number][0].event_type, number, place)
            for place, report in enumerate(reports)
            for number in {number for trait in _traits(report) for number in known_by[trait]}
            if (likeness := _likeness(report, found[number][0])) is not None
        )
        joined: dict[int, int] = {}
        for _, _, number, place in likest:
            if place not in joined and number not in joined.values():
                joined[place] = number
        for place, report in enumerate(reports):
            if place in joined:
                found[joined[place]].append(report)
            else:
                for trait in _traits(report):
                    known_by[trait].append(len(found))
                found.append([report])
    return found


def _traits(report: Told) -> list[tuple[str, object]]:
    """Two reports of one incident have one of these in common at least."""
    traits = (("day", report.day), ("place", report.place), ("killed", report.killed))
    return [trait for trait in traits if trait[1] is not None] or [("nothing", None)]


def _likeness(one: Told, other: Told) -> int | None:
    """How like two reports are; ``None`` where they differ in two of place, day and killed."""
    agreements = (
        _agreement_of_places(one, other),
        _agreement(one.day, other.day),
        _agreement(one.killed, other.killed),
    )
    return sum(agreements) if agreements.count(-1) <= 1 else None


def _agreement_of_places(one: Told, other: Told) -> int:
    """Of named places the names tell: a copy that lost its dateline may have taken one to another country."""
    if one.place is not None and other.place is not None:
        return _agreement(one.place, other.place)
    return min(0, _agreement(one.province, other.province), _agreement(one.country, other.country))


def _agreement(one: object, other: object) -> int:
    """1 where they are the same, -1 where they differ, 0 where one is not known."""
    if one is None or other is None:
        return 0
    return 1 if one == other else -1
