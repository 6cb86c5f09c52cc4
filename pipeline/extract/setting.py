"""Where and when of one incident: the most specific place of its scenes, and its day."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.extract.gazetteer import country_name
from pipeline.extract.individuation import Incident
from pipeline.extract.mentions import DateMention, Place, PlaceMention
from pipeline.extract.names import fold
from pipeline.extract.places import country_counts, is_locating, located_countries
from pipeline.extract.scenes import Reading, Scene

_BEYOND = re.compile(
    r"\b(?:border|frontier|boundary)\s+(?:with|of|to)\s+$|\b(?:from|into|to|towards?|by|against|between)\s+(?:neighbou?ring\s+)?$",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\W*(?:(?-i:while|whereas)|hours|minutes|moments|shortly|soon|later|earlier|meanwhile|elsewhere|simultaneously|separately|also|moreover|furthermore|on the other hand|in addition|at (?:night|dawn|dusk|midnight|about|around|the same time)|in the (?:evening|morning|afternoon|night)|in (?:a|an|another|yet another)\b|a second|another|the same|in this context|similarly)\b"
    r"|\b(?:the same|that) (?:day|night|evening|morning|afternoon)\b|\bin a separate\b|\b(?:hours|minutes) (?:earlier|later|before|after)\b",
    re.IGNORECASE,
)
_TOOK_PLACE = re.compile(
    r"\bthe (?:attack|incident|raid|clash|blast|explosion|ambush|shooting|fighting|operation)\b[^.]{0,40}\b(?:took place|occurred|happened|targeted|hit|broke out)\b",
    re.IGNORECASE,
)
# "US soldiers": the country's name as an adjective.
_ADJECTIVES = {"US", "U.S.", "UK", "U.K.", "UAE"}
_NOUN = re.compile(r"\s+[a-z]{4,}(?<!that)(?<!when)(?<!from)(?<!with)\b")
_SAME_NEWS_DAYS = 10
# Precisions of a place, by UCDP.
_NEAR_A_PLACE = 2
_A_PROVINCE = 4
_A_COUNTRY = 6
_AT_SEA = 7
_RECENT_DAYS = 31


@dataclass(frozen=True, slots=True)
class Where:
    """The place of an incident; ``mention`` is its evidence, ``country_span`` the words that name the country.

    ``located`` gives the coordinates: the place itself, or where no gazetteer knows it the smallest known one around it.
    """

    mention: PlaceMention | None
    located: Place | None
    geo_precision: int | None
    country_code: str | None
    admin1: PlaceMention | None
    country_span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class When:
    """The day or days of an incident with the span that says so."""

    date_start: dt.date
    date_end: dt.date
    precision: int
    start: int
    end: int
    is_stated: bool


def where_of(incident: Incident, reading: Reading) -> Where:
    """The most specific place: of the anchor, then of the scenes and details around it, then of the dateline."""
    told = [*incident.scenes, *incident.details[:3], *_neighbours(incident, reading)]
    sites = [scene.site for scene in told if scene.site and _may_be_there(scene, incident)]
    of_act = [s.site for s in [*incident.scenes, *incident.details[:2]] if s.site and _is_about(s, incident)]
    mention = _sharpest(sites, of_act)
    division = _division(mention, incident, reading)
    code = mention.place.country_code if mention and mention.place else None
    code = code or (division.place.country_code if division and division.place else None)
    span = None
    if code is None:
        code, span = _main_country(incident, reading)
    located, precision = _located(mention, division, reading)
    if located is None and (precision is None or precision <= _NEAR_A_PLACE):
        precision = _A_COUNTRY if code else None
    return Where(mention, located, precision, code, division, span)


def _may_be_there(scene: Scene, incident: Incident) -> bool:
    """False where the sentence around the act names another country or province than the act's own sentence."""
    site = scene.site.place if scene.site else None
    if scene is incident.anchor or site is None:
        return True
    named = [m.place for m in incident.anchor.places if m.place is not None]
    countries = {place.country_code for place in named}
    if countries and site.country_code not in countries:
        return False
    if scene in incident.scenes:
        return True
    provinces = {fold(place.name) for place in named if place.kind == "adm1"}
    return not provinces or fold(site.admin1_name or site.name) in provinces


def _located(
    mention: PlaceMention | None, division: PlaceMention | None, reading: Reading
) -> tuple[Place | None, int | None]:
    """Coordinates with UCDP's precision: that of a known place, 3 for a district or town around it, 4 for a province."""
    if mention is not None and mention.place is not None:
        return mention.place, mention.geo_precision
    if mention is None:
        is_known = division is not None and division.place is not None and division.place.kind == "adm1"
        return (division.place, _A_PROVINCE) if division is not None and is_known else (None, None)
    parents = {fold(name) for name in mention.parent_names}
    around = [
        m.place
        for m in reading.places
        if fold(m.text) in parents and m.place is not None and m.place.kind != "country"
    ]
    around += [division.place] if division is not None and division.place is not None else []
    smaller = sorted(around, key=lambda place: place.kind == "adm1")
    if not smaller:
        return None, mention.geo_precision
    return smaller[0], _A_PROVINCE if smaller[0].kind == "adm1" else 3


def _is_about(scene: Scene, incident: Incident) -> bool:
    """The sentences that say of the act itself where it was ("The attack took place at ...")."""
    return scene in incident.scenes or bool(_TOOK_PLACE.search(scene.sentence.text))


def _sharpest(sites: Sequence[PlaceMention], of_act: Sequence[PlaceMention]) -> PlaceMention | None:
    """The first site; where that is a district or larger, the first site of the act that lies inside it."""
    if not sites:
        return None
    first = sites[0]
    inside = [s for s in of_act if fold(first.text) in {fold(name) for name in s.parent_names}]
    if inside:
        return inside[0]
    if first.geo_precision not in (2, 3, 4, 5):
        return first
    sharper = (1, 2) if first.geo_precision > 2 else (1, 3)
    return next((s for s in of_act if s.geo_precision in sharper and _may_lie_in(s, first)), first)


def _may_lie_in(site: PlaceMention, larger: PlaceMention) -> bool:
    if fold(larger.text) in {fold(name) for name in site.parent_names}:
        return True
    if site.place is None or larger.place is None:
        return site.place is None
    return site.place.country_code == larger.place.country_code and site.place.admin1_name == (
        larger.place.admin1_name or larger.place.name
    )


def _neighbours(incident: Incident, reading: Reading) -> list[Scene]:
    """The sentence after the anchor and the one before it, in its paragraph or next to it."""
    index = reading.scenes.index(incident.anchor)
    after = reading.scenes[index + 1 : index + 2]
    before = [s for s in reading.scenes[max(0, index - 1) : index] if not s.is_title]
    return [s for s in [*after, *before] if s.kind in {"none", "detail", "claim"} or s in before]


def _division(mention: PlaceMention | None, incident: Incident, reading: Reading) -> PlaceMention | None:
    """The first-order division that the text names with the incident."""
    if mention is not None:
        named = {fold(name) for name in mention.parent_names}
        stated = [
            m for m in reading.places if fold(m.text) in named and m.place and m.place.kind != "country"
        ]
        if stated:
            return min(
                stated,
                key=lambda m: (m.place is not None and m.place.kind != "adm1", abs(m.start - mention.start)),
            )
    if mention is not None and mention.place is not None and mention.place.admin1_name:
        same = [
            m
            for m in reading.places
            if m.place
            and m.place.kind == "adm1"
            and m.place.country_code == mention.place.country_code
            and fold(m.place.name) == fold(mention.place.admin1_name)
        ]
        if same:
            return min(same, key=lambda m: abs(m.start - mention.start))
    country = mention.place.country_code if mention is not None and mention.place is not None else None
    provinces = [
        m
        for scene in incident.scenes
        for m in scene.told_places
        if m.place and m.place.kind == "adm1" and country in (None, m.place.country_code)
    ]
    return provinces[0] if provinces else None


def _main_country(incident: Incident, reading: Reading) -> tuple[str | None, tuple[int, int] | None]:
    """The country that the scene names or has a known place in, else the one the article lays most in; with its words."""
    at_sea = incident.site is not None and incident.site.geo_precision == _AT_SEA
    named = [
        m
        for scene in incident.scenes
        for m in (scene.told_places if at_sea else scene.places)
        if m.place and not _is_beyond(m, reading)
    ]
    laid = located_countries(reading.text)
    countries = [
        m
        for m in named
        if m.place
        and m.place.kind == "country"
        and not (m.text in _ADJECTIVES and _NOUN.match(reading.text, m.end))
        and (not laid or m.place.country_code in laid)
    ]
    told = sorted(countries, key=lambda m: not is_locating(reading.text, m.start, m.end))
    told += [m for m in named if m.place and m.place.kind != "country"]
    if told and told[0].place:
        return told[0].place.country_code, (told[0].start, told[0].end)
    if at_sea:
        return None, None
    counts = Counter(laid or country_counts(reading.text))
    counts.update(m.place.country_code for m in reading.places if m.place and m.place.kind != "country")
    if not counts:
        return None, None
    code = counts.most_common(1)[0][0]
    shown = [m for m in reading.places if m.place and m.place.country_code == code]
    return code, (shown[0].start, shown[0].end) if shown else (
        incident.anchor.sentence.start,
        incident.anchor.sentence.end,
    )


def _is_beyond(country: PlaceMention, reading: Reading) -> bool:
    """ "Close to the border with Burkina Faso": the act was on this side."""
    return bool(_BEYOND.search(reading.text[max(0, country.start - 40) : country.start]))


def admin1_of(where: Where) -> str | None:
    """Name of the first-order division, as the text has it or else as the gazetteer knows it."""
    if where.admin1 is not None and where.admin1.place is not None:
        place = where.admin1.place
        if place.kind == "adm1":
            return where.admin1.text
        if where.mention is None or where.mention.place is None:
            return place.admin1_name
        if fold(place.name) == fold(where.mention.place.admin1_name or ""):
            return where.admin1.text
    if where.mention is not None and where.mention.place is not None:
        return (
            where.mention.place.name
            if where.mention.place.kind == "adm1"
            else where.mention.place.admin1_name
        )
    return where.admin1.text if where.admin1 is not None else None


def country_of(where: Where) -> str | None:
    """Plain English name of the country."""
    return country_name(where.country_code) if where.country_code else None


def when_of(incident: Incident, reading: Reading, *, is_lead: bool) -> When | None:
    """The day that the scenes state; an undated lead event of a dispatch took place on the day of publication."""
    day = incident.day or next((d for d in _neighbouring_days(incident, reading)), None)
    if day is not None and day.date_start is not None and day.date_end is not None:
        return When(day.date_start, day.date_end, day.precision, day.start, day.end, True)
    before = _incident_before(incident, reading)
    if (
        before is not None
        and _CONTINUES.search(incident.anchor.sentence.text)
        and not incident.anchor.event_dates
    ):
        day = before.day
        if day is not None and day.precision <= 2 and day.date_start and day.date_end:
            return When(day.date_start, day.date_end, 2, day.start, day.end, False)
    spoken = incident.anchor.statement_day
    if not is_lead or reading.published_on is None or incident.anchor.event_dates:
        return None
    if spoken is not None and spoken.date_start is not None:
        return When(spoken.date_start, spoken.date_start, 2, spoken.start, spoken.end, False)
    sentence = incident.anchor.sentence
    return When(reading.published_on, reading.published_on, 2, sentence.start, sentence.end, False)


def _incident_before(incident: Incident, reading: Reading) -> Scene | None:
    """The last dated act told before, of the last days: what goes on without a date is of its day."""
    if reading.published_on is None:
        return None
    first = reading.published_on - dt.timedelta(days=_SAME_NEWS_DAYS)
    index = reading.scenes.index(incident.anchor)
    dated = [s for s in reading.scenes[:index] if s.kind == "act" and s.day and s.day.date_start]
    if dated and dated[-1].day and dated[-1].day.date_start and dated[-1].day.date_start >= first:
        return dated[-1]
    return None


def _neighbouring_days(incident: Incident, reading: Reading) -> list[DateMention]:
    """Days told beside the act: recent ones, for an older one is of something else."""
    days = [scene.day for scene in _dating_neighbours(incident, reading) if scene.day]
    if reading.published_on is None:
        return days
    oldest = reading.published_on - dt.timedelta(days=_RECENT_DAYS)
    heading = _heading_day(incident, reading)
    recent = [d for d in days if d.precision <= 2 and d.date_start is not None and d.date_start >= oldest]
    return [heading, *recent] if heading is not None else recent


def _heading_day(incident: Incident, reading: Reading) -> DateMention | None:
    """The day of the line right above the act that is a heading ("5 November, near Khaung Ei village:")."""
    index = reading.scenes.index(incident.anchor)
    above = reading.scenes[index - 1] if index else None
    return above.day if above is not None and above.is_title and index > 1 else None


def _dating_neighbours(incident: Incident, reading: Reading) -> Sequence[Scene]:
    """Sentences beside the anchor that go on about it: its details, and the one before in its paragraph."""
    index = reading.scenes.index(incident.anchor)
    near = reading.scenes[max(0, index - 1) : index] + reading.scenes[index + 1 : index + 3]
    paragraph = incident.anchor.sentence.paragraph
    return [
        *incident.details[:2],
        *(s for s in near if s.kind in {"none", "detail"} and abs(s.sentence.paragraph - paragraph) <= 1),
    ]
