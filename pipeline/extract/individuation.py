"""Which sentences tell of the same incident: kept apart by day, place and people harmed, kept together otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.extract.mentions import CasualtyMention, DateMention, PlaceMention
from pipeline.extract.names import fold
from pipeline.extract.scenes import Reading, Scene

_UPDATE = re.compile(
    r"\b(?:death toll|toll (?:rose|has risen|stood|stands|now)|bring(?:ing|s)? the|rose to|risen to|succumbed|died (?:later )?(?:of|from|in hospital))\b",
    re.IGNORECASE,
)
_SAME = re.compile(
    r"\b(?:the (?:attack|blast|explosion|bombing|ambush|clash|clashes|raid|incident|strike|assault|shooting|massacre|victims|attackers|assailants|gunmen|bomber|dead|fighting|killings?|gunfight|operation|shelling|abduction|kidnapping|protest)|the wounded|the injured|he was|she was|they were)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Incident:
    """The scenes of one incident; the first one anchors it."""

    scenes: list[Scene] = field(default_factory=list)
    details: list[Scene] = field(default_factory=list)
    claims: list[Scene] = field(default_factory=list)

    @property
    def anchor(self) -> Scene:
        """The scene that told of it first."""
        return self.scenes[0]

    @property
    def day(self) -> DateMention | None:
        """The day it is dated to."""
        return next((scene.day for scene in self.scenes if scene.day), None)

    @property
    def places(self) -> list[PlaceMention]:
        """Places below the country, most telling scene first."""
        return [place for scene in self.scenes for place in local_places(scene)]


def local_places(scene: Scene) -> list[PlaceMention]:
    """Places below the country."""
    return [m for m in scene.places if m.place is None or m.place.kind not in {"country", "adm1"}]


def group_incidents(reading: Reading) -> list[Incident]:
    """Incidents of an article in the order they are told."""
    incidents: list[Incident] = []
    for scene in reading.scenes:
        if scene.kind == "act":
            home = _home_of(scene, incidents)
            if home is None:
                incidents.append(Incident([scene]))
            else:
                home.scenes.append(scene)
        elif scene.kind == "claim" and incidents:
            _claimed(scene, incidents).claims.append(scene)
        elif scene.kind == "detail" and incidents:
            incidents[-1].details.append(scene)
    return incidents


def _claimed(scene: Scene, incidents: Sequence[Incident]) -> Incident:
    names = {fold(m.text) for m in local_places(scene)}
    return next((i for i in reversed(incidents) if names & {fold(p.text) for p in i.places}), incidents[-1])


def _home_of(scene: Scene, incidents: Sequence[Incident]) -> Incident | None:
    """The incident a scene goes on with, or ``None`` where it tells of a new one."""
    if not incidents:
        return None
    for incident in [incidents[-1], *incidents[:-1][::-1]]:
        if _is_same(scene, incident, is_last=incident is incidents[-1]):
            return incident
    return None


def _is_same(scene: Scene, incident: Incident, *, is_last: bool) -> bool:
    if _days_differ(scene.day, incident.day):
        return False
    here, there = local_places(scene), incident.places
    shared = bool({fold(m.text) for m in here} & {fold(m.text) for m in there})
    if scene.opens_another and not shared:
        return False
    if here and there and not shared:
        nested = any(fold(p) in {fold(m.text) for m in there} for m in here for p in m.parent_names)
        if not nested and not _SAME.search(scene.sentence.text[:80]):
            return False
    if not is_last:
        return shared and (_same_counts(scene.victims, incident) or not scene.victims)
    if shared or _UPDATE.search(scene.sentence.text) or _SAME.search(scene.sentence.text):
        return True
    if _same_counts(scene.victims, incident) or not scene.victims:
        return True
    return not (scene.day or here)


def _days_differ(day: DateMention | None, other: DateMention | None) -> bool:
    if day is None or other is None or day.date_start is None or other.date_start is None:
        return False
    if day.date_end is None or other.date_end is None:
        return day.date_start != other.date_start
    return day.date_end < other.date_start or other.date_end < day.date_start


def _same_counts(victims: Sequence[CasualtyMention], incident: Incident) -> bool:
    told = {(m.outcome, m.low) for scene in incident.scenes for m in scene.victims}
    return bool(victims) and any((m.outcome, m.low) in told for m in victims)
