"""The records that flow through the stages: articles in, incident reports, claims and figures out.

NULL (``None``) means the text does not say; 0 means the text says none. Offsets count code points of the
article's stored text, half-open, and ``text[start:end] == quote`` always holds.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

Status = Literal["actual", "attempted", "foiled", "threatened"]
Outcome = Literal["killed", "injured", "killed_or_injured", "abducted", "missing", "detained", "displaced"]
VictimClass = Literal["civilians", "security_forces", "militants", "unknown"]
Qualifier = Literal["exact", "at_least", "at_most", "about", "between", "vague"]


class ArticleRecord(msgspec.Struct, frozen=True):
    """One JSON object of an article as sources deliver it; unknown fields are ignored."""

    id: str | int | None = None
    title: str | None = None
    text: str | None = None
    published_at: str | None = None
    source: str | None = None
    url: str | None = None
    language: str | None = None


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """One article version as a source gave it, cleaned; what ``extract`` reads.

    ``article_id`` is opaque; ``published_at`` an aware UTC datetime or ``None``; ``published_on`` below is the
    local calendar day that relative dates ("on Thursday") count from.
    """

    article_id: str
    title: str | None = None
    text: str
    published_at: dt.datetime | None = None
    published_on: dt.date | None = None
    source_name: str | None = None
    url: str | None = None
    language: str | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The verbatim words a field rests on: ``text[start:end] == quote``."""

    field: str
    start: int
    end: int
    quote: str


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """A named or described party. ``actor_id`` is the UCDP actor id as text where known."""

    name: str
    role: Literal["perpetrator", "target", "claimant", "other"]
    actor_id: str | None = None
    actor_type: str | None = None


class IncidentReport(msgspec.Struct, frozen=True, kw_only=True):
    """One concrete incident as one article tells it; columns follow UCDP GED and ACLED."""

    event_type: str
    sub_event_type: str
    status: Status = "actual"
    date_start: dt.date | None = None
    date_end: dt.date | None = None
    date_precision: int | None = None
    date_text: str | None = None
    country_code: str | None = None
    country_name: str | None = None
    admin1_name: str | None = None
    place_name: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    geo_precision: int | None = None
    geonames_id: int | None = None
    perpetrators: list[str] = []
    targets: list[str] = []
    weapons: list[str] = []
    actors: list[Actor] = []
    fatalities_low: int | None = None
    fatalities_best: int | None = None
    fatalities_high: int | None = None
    fatalities_civilians: int | None = None
    fatalities_security_forces: int | None = None
    fatalities_militants: int | None = None
    fatalities_unknown: int | None = None
    injured_low: int | None = None
    injured_best: int | None = None
    injured_high: int | None = None
    abducted: int | None = None
    claimed_by: str | None = None
    confidence: float = 0.5
    evidence: list[Evidence] = []


class CasualtyFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One number in the text. ``owner`` is ``incident:N`` or ``aggregate:N`` (index in the extraction) or ``None``."""

    outcome: Outcome
    victim_class: VictimClass = "unknown"
    low: int | None = None
    best: int | None = None
    high: int | None = None
    qualifier: Qualifier = "exact"
    words: str
    said_by: str | None = None
    start: int
    end: int
    owner: str | None = None


class AggregateClaim(msgspec.Struct, frozen=True, kw_only=True):
    """One total over a period or several places; never an incident and never added to one."""

    event_count: int | None = None
    killed: int | None = None
    injured: int | None = None
    killed_or_injured: int | None = None
    period_start: dt.date | None = None
    period_end: dt.date | None = None
    area: str | None = None
    actor: str | None = None
    claimant: str | None = None
    is_party_propaganda: bool = False
    evidence: list[Evidence] = []

    @property
    def states_a_figure(self) -> bool:
        """False for "thousands were killed": no number, no claim."""
        return any(
            n is not None for n in (self.event_count, self.killed, self.injured, self.killed_or_injured)
        )


class ResponsibilityClaim(msgspec.Struct, frozen=True, kw_only=True):
    """One claim or denial of an incident; ``incident`` is its index in the extraction."""

    incident: int | None = None
    group_name: str
    stance: Literal["claimed", "denied"] = "claimed"
    mode: str | None = None
    claimed_on: dt.date | None = None
    evidence: list[Evidence] = []


class Extraction(msgspec.Struct, frozen=True, kw_only=True):
    """All that one article says; ``error`` says why nothing could be extracted."""

    article_id: str
    error: str | None = None
    incidents: list[IncidentReport] = []
    aggregate_claims: list[AggregateClaim] = []
    casualty_figures: list[CasualtyFigure] = []
    responsibility_claims: list[ResponsibilityClaim] = []
