"""What the finders return: spans of the article's text with what they mean. Offsets are code points, half-open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pipeline.records import Outcome, Qualifier, VictimClass


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date or period in the text, resolved against the publication day.

    ``precision`` follows UCDP: 1 exact day, 2 a range of 2-6 days, 3 a week, 4 a month, 5 a longer period.
    ``is_period`` marks expressions that span time ("in the past month", "from 25 November to 2 December").
    ``date_start`` is ``None`` where the words cannot be resolved (no publication day).
    """

    start: int
    end: int
    text: str
    date_start: dt.date | None
    date_end: dt.date | None
    precision: int
    is_period: bool = False


@dataclass(frozen=True, slots=True)
class NumberMention:
    """A count in digits or words; vague words ("dozens") give only ``low`` (ACLED's values: tens 10, dozens 12, hundreds 100)."""

    start: int
    end: int
    text: str
    low: int | None
    best: int | None
    high: int | None
    qualifier: Qualifier


@dataclass(frozen=True, slots=True)
class CasualtyMention:
    """A count of people with what happened to them ("ten Peshmerga fighters ... were killed").

    ``victim`` is the noun phrase counted ("Peshmerga fighters"); ``is_subset`` marks a part of another figure
    ("two of them children"); ``is_total`` a running toll ("bringing the toll to 14"); ``is_perpetrator`` dead
    attackers ("himself", "the bomber").
    """

    start: int
    end: int
    text: str
    outcome: Outcome
    victim: str | None
    victim_class: VictimClass
    low: int | None
    best: int | None
    high: int | None
    qualifier: Qualifier
    is_subset: bool = False
    is_total: bool = False
    is_perpetrator: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A gazetteer entry. ``kind``: ppl, adm1, adm2, adm3, landmark, area or country; coordinates are WGS84 degrees."""

    name: str
    kind: str
    country_code: str
    country_name: str
    admin1_name: str | None
    latitude: float | None
    longitude: float | None
    geonames_id: int | None
    population: int


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place named in the text; ``place`` is ``None`` where no gazetteer knows it (the name is kept).

    ``relation`` is "near", "between" or "in"; ``parent_names`` the larger places the text itself gives
    ("in Erbil's Makhmour", "Afgooye, Somalia"). ``geo_precision`` follows UCDP: 1 the exact place, 2 near it (25 km),
    3 district (adm2), 4 province (adm1), 5 fuzzy or a line, 6 country, 7 sea or air.
    """

    start: int
    end: int
    text: str
    place: Place | None
    geo_precision: int
    relation: str = "in"
    parent_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActorMention:
    """An armed actor, force or victim group. ``name`` is as the article writes it, ``canonical`` the UCDP or lexicon
    name, ``is_generic`` true for "gunmen", "militants": those stay unknown and carry no id.

    ``actor_type``: state_forces, rebel_group, militia, communal_militia, external_forces, protesters, rioters, civilians, unknown.
    """

    start: int
    end: int
    text: str
    name: str
    canonical: str | None
    actor_id: str | None
    actor_type: str
    country_code: str | None = None
    is_generic: bool = False
