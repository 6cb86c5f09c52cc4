"""Which sentences tell of the same incident: kept apart by day, place and people harmed, kept together otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.extract.mentions import CasualtyMention, DateMention, PlaceMention
from pipeline.extract.names import fold
from pipeline.extract.scenes import Reading, Scene

_UPDATE = re.compile(
    r"\b(?:death toll|(?:raised|revised|put|lowered) the (?:death )?(?:toll|figure|number)|toll (?:rose|has risen|stood|stands|now)|bring(?:ing|s)? the|rose to|risen to|succumbed|died (?:later )?(?:of|from|in hospital))\b",
    re.IGNORECASE,
)
_SAME = re.compile(
    r"\b(?:the (?:attack|blast|explosion|bombing|ambush|clash|clashes|raid|incident|strike|assault|shooting|massacre|victims|attackers|assailants|gunmen|bomber|dead|fighting|killings?|gunfight|operation|shelling|abduction|kidnapping|protest)(?! (?:site|scene|spot))|the (?:\w+ ){0,2}(?:bombs|devices?|explosives|mines?)|the same (?:attack|shooting|incident|blast|raid|clash|explosion|ambush)|the wounded|the injured|he was|she was|they were)\b",
    re.IGNORECASE,
)

_OPENING = 80


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
    def site(self) -> PlaceMention | None:
        """The place it is laid to."""
        return next((scene.site for scene in self.scenes if scene.site), None)

    @property
    def places(self) -> list[PlaceMention]:
        """Places below the country, most telling scene first."""
        return [place for scene in self.scenes for place in scene.local_places]


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
        elif scene.kind == "detail" and incidents and _may_detail(scene, incidents[-1]):
            incidents[-1].details.append(scene)
    return incidents


def _may_detail(scene: Scene, incident: Incident) -> bool:
    """False for a sentence of another day ("the latest violence follows the Aug. 19 siege ..., in which 21 died")."""
    if scene.day is not None and scene.day.precision > 1:
        return True
    return _days_apart(scene.day, incident.day) <= 3 or bool(_SAME.search(scene.sentence.text))


def _claimed(scene: Scene, incidents: Sequence[Incident]) -> Incident:
    names = {fold(m.text) for m in scene.local_places}
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
    text = scene.sentence.text
    site, other = scene.site, incident.site
    refers = bool(_SAME.search(text) or _UPDATE.search(text))
    counted = _same_counts(scene.victims, incident)
    shared = _shares_place(scene, incident)
    gap = _days_apart(scene.day, incident.day)
    if gap > 1 or (gap == 1 and not (is_last and (refers or counted) and not scene.opens_another)):
        return False
    if scene.opens_another and not counted:
        return False
    if site is not None and other is not None and not _is_same_site(scene, incident):
        return is_last and (counted or (refers and bool(_SAME.search(text[:_OPENING]))))
    if not is_last:
        return (counted and (shared or site is None or other is None)) or (
            shared and not scene.turns and not scene.victims
        )
    if scene.turns and not refers and not counted:
        return site is None and scene.day is None and not _acts_differ(scene, incident)
    if shared or counted or refers or not scene.victims:
        return True
    return not (scene.day or site)


def _shares_place(scene: Scene, incident: Incident) -> bool:
    return bool({fold(m.text) for m in scene.local_places} & {fold(m.text) for m in incident.places})


def _is_same_site(scene: Scene, incident: Incident) -> bool:
    """One place, or one inside the other by the words of the text or by the gazetteer."""
    site, other = scene.site, incident.site
    if site is None or other is None:
        return False
    here = {fold(site.text), fold(site.place.name) if site.place else ""} - {""}
    there = {fold(other.text), fold(other.place.name) if other.place else ""} - {""}
    if here & there:
        return True
    inside = {fold(name) for name in site.parent_names} & {fold(m.text) for m in incident.places}
    around = {fold(name) for name in other.parent_names} & {fold(m.text) for m in scene.local_places}
    return bool(inside or around) and not (inside and around)


def _acts_differ(scene: Scene, incident: Incident) -> bool:
    """Told with a turn of phrase, other acts are another incident ("Meanwhile, mortars hit ...")."""
    told = {t.sub_event_type for s in incident.scenes for t in s.triggers}
    return not {t.sub_event_type for t in scene.triggers} & told


def _days_apart(day: DateMention | None, other: DateMention | None) -> int:
    """Days between two dates or periods; 0 where they touch or one is not known."""
    if day is None or other is None or day.date_start is None or other.date_start is None:
        return 0
    end, other_end = day.date_end or day.date_start, other.date_end or other.date_start
    return max(0, (other.date_start - end).days, (day.date_start - other_end).days)


def _same_counts(victims: Sequence[CasualtyMention], incident: Incident) -> bool:
    """The same number of people again; a single one is no sign, there are too many of them."""
    told = {(m.outcome, m.low) for scene in incident.scenes for m in scene.victims}
    return any((m.outcome, m.low) in told and (m.low or 0) > 1 for m in victims)
