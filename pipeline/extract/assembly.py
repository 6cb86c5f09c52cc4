"""Incidents to records: each filled field with the words it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from pipeline.extract.confidence import confidence_of, traits_of
from pipeline.extract.event_types import classify, event_type_of, status_of
from pipeline.extract.individuation import Incident
from pipeline.extract.mentions import ActorMention, CasualtyMention
from pipeline.extract.roles import Parties, find_parties, resolve_reference
from pipeline.extract.scenes import Reading, Scene
from pipeline.extract.setting import When, Where, admin1_of, country_of, when_of, where_of
from pipeline.extract.statements import CLAIM
from pipeline.extract.toll import Toll, killed_of, toll_of
from pipeline.records import Actor, CasualtyFigure, Evidence, IncidentReport, ResponsibilityClaim
from pipeline.schema.declarations import read_declaration

_DENIED = re.compile(r"\bden(?:ied|ies|ying)\b", re.IGNORECASE)
_NO_CLAIM = re.compile(
    r"\b(?:no (?:group|one|organi[sz]ation|armed group|militant group)|nobody|not (?:immediately|yet)|has yet to|there was no|without any)\b",
    re.IGNORECASE,
)
_BY = re.compile(r"\b(?:by|from|on behalf of)\s+(?:the\s+)?$", re.IGNORECASE)
_MODE = re.compile(
    r"\b(?:statement|magazine|newsletter|video|spokes(?:man|person)|Telegram|Amaq|audio|leaflet|website|radio)\b",
    re.IGNORECASE,
)


@cache
def _weapon_pattern() -> re.Pattern[str]:
    words = read_declaration("lexicons/weapons")
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


class Quotes:
    """Evidence being gathered; one entry a field and span."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[tuple[str, int, int], Evidence] = {}

    def add(self, field: str, start: int, end: int) -> None:
        """Note that ``field`` rests on the words from ``start`` to ``end``."""
        quote = self._text[start:end]
        self._found.setdefault((field, start, end), Evidence(field=field, start=start, end=end, quote=quote))

    def add_all(self, field: str, mentions: Iterable[ActorMention | CasualtyMention]) -> None:
        """Note several mentions for one field."""
        for mention in mentions:
            self.add(field, mention.start, mention.end)

    def entries(self) -> list[Evidence]:
        """All evidence, in the order it was noted."""
        return list(self._found.values())


def build_report(incident: Incident, reading: Reading, *, is_lead: bool) -> IncidentReport:
    """The record of one incident."""
    quotes = Quotes(reading.text)
    anchor = incident.anchor.sentence
    quotes.add("event_type", anchor.start, anchor.end)
    scenes = incident.scenes
    told = [*scenes, *incident.details]
    text = " ".join(scene.sentence.text for scene in told)
    victims = [m for scene in scenes for m in scene.casualties]
    parties = find_parties(told, reading)
    sub_event_type = classify(scenes, parties.perpetrators, parties.targets)
    injured, abducted = toll_of(told, "injured"), toll_of(told, "abducted")
    killed = killed_of(told, injured)
    where, when = where_of(incident, reading), when_of(incident, reading, is_lead=is_lead)
    claimant = _claimant(
        [*incident.claims, *(scene for scene in told if CLAIM.search(scene.sentence.text))], reading
    )
    parties = _with_claimant(parties, claimant)
    weapons = _weapons(told, quotes)
    _quote_setting(quotes, where, when)
    for field, toll in (("fatalities", killed), ("injured", injured), ("abducted", abducted)):
        quotes.add_all(field, toll.mentions)
    quotes.add_all("perpetrators", parties.perpetrators)
    quotes.add_all("targets", parties.targets)
    if claimant is not None:
        quotes.add("claimed_by", claimant.start, claimant.end)
    place = where.located
    event_type = event_type_of(sub_event_type)
    classes = _classes(killed, event_type)
    return IncidentReport(
        event_type=event_type,
        sub_event_type=sub_event_type,
        status=status_of(text, victims),
        date_start=when.date_start if when else None,
        date_end=when.date_end if when else None,
        date_precision=when.precision if when else None,
        date_text=reading.text[when.start : when.end] if when and when.is_stated else None,
        country_code=where.country_code,
        country_name=country_of(where),
        admin1_name=admin1_of(where),
        place_name=where.mention.text if where.mention else None,
        latitude=place.latitude if place else None,
        longitude=place.longitude if place else None,
        geo_precision=where.geo_precision,
        geonames_id=place.geonames_id if place and where.mention and where.mention.place else None,
        perpetrators=[m.name for m in parties.perpetrators],
        targets=[m.name for m in parties.targets],
        weapons=weapons,
        actors=_actors(parties, claimant),
        fatalities_low=killed.low,
        fatalities_best=killed.best,
        fatalities_high=killed.high,
        fatalities_civilians=classes.get("civilians"),
        fatalities_security_forces=classes.get("security_forces"),
        fatalities_militants=classes.get("militants"),
        fatalities_unknown=classes.get("unknown"),
        injured_low=injured.low,
        injured_best=injured.best,
        injured_high=injured.high,
        abducted=abducted.best if abducted.best is not None else abducted.low,
        claimed_by=claimant.name if claimant else None,
        confidence=confidence_of(traits_of(incident, where, when, killed, parties, event_type)),
        evidence=quotes.entries(),
    )


def _classes(killed: Toll, event_type: str) -> dict[str, int]:
    """Killed by class. Victims of no stated role are civilians only in violence against civilians."""
    classes: dict[str, int] = {str(name): count for name, count in killed.classes.items()}
    if (
        not classes
        and event_type == "Violence against civilians"
        and killed.best is not None
        and killed.best == killed.high
    ):
        classes = {"civilians": killed.best}
    return classes if sum(classes.values()) <= (killed.best or 0) or killed.best is None else {}


def _quote_setting(quotes: Quotes, where: Where, when: When | None) -> None:
    if when is not None:
        quotes.add("date_text" if when.is_stated else "date_start", when.start, when.end)
    if where.mention is not None:
        quotes.add("place_name", where.mention.start, where.mention.end)
    if where.admin1 is not None:
        quotes.add("admin1_name", where.admin1.start, where.admin1.end)
    if where.country_span is not None:
        quotes.add("country_name", *where.country_span)


def _weapons(scenes: Sequence[Scene], quotes: Quotes) -> list[str]:
    found: dict[str, None] = {}
    for scene in scenes:
        for match in _weapon_pattern().finditer(scene.sentence.text):
            if match[0].casefold() not in {name.casefold() for name in found}:
                found[match[0]] = None
                quotes.add(
                    "weapons", scene.sentence.start + match.start(), scene.sentence.start + match.end()
                )
    return list(found)


def _claimant(claims: Sequence[Scene], reading: Reading) -> ActorMention | None:
    for scene in claims:
        text = scene.sentence.text
        if _DENIED.search(text) or _NO_CLAIM.search(text):
            continue
        armed = _claiming(scene, reading)
        if armed:
            return armed[0]
    return None


def _claiming(scene: Scene, reading: Reading) -> list[ActorMention]:
    """Named armed groups that a claim is the word of, "the group" being the one named last before."""
    text, offset = scene.sentence.text, scene.sentence.start
    claim = CLAIM.search(text)
    speaking = [
        a
        for a in scene.actors
        if claim is None or a.start - offset < claim.start() or _BY.search(text[: a.start - offset])
    ]
    named = (resolve_reference(actor, reading) for actor in speaking)
    return [a for a in named if a.actor_type not in {"civilians", "state_forces"} and not a.is_generic]


def _with_claimant(parties: Parties, claimant: ActorMention | None) -> Parties:
    """Who claims an act of unknown hands did it, by its own word."""
    if claimant is None or any(not m.is_generic for m in parties.perpetrators):
        return parties
    return Parties([claimant], parties.targets)


def _actors(parties: Parties, claimant: ActorMention | None) -> list[Actor]:
    actors = [
        Actor(name=m.name, role="perpetrator", actor_id=m.actor_id, actor_type=m.actor_type)
        for m in parties.perpetrators
    ]
    actors += [
        Actor(name=m.name, role="target", actor_id=m.actor_id, actor_type=m.actor_type)
        for m in parties.targets
        if m.actor_type != "property"
    ]
    if claimant is not None:
        actors.append(
            Actor(
                name=claimant.name,
                role="claimant",
                actor_id=claimant.actor_id,
                actor_type=claimant.actor_type,
            )
        )
    return actors


def build_figures(incidents: Sequence[Incident], aggregates: Sequence[Scene]) -> list[CasualtyFigure]:
    """Every count of people, with the incident or the claim it belongs to."""
    owned = [(f"incident:{n}", scene) for n, i in enumerate(incidents) for scene in [*i.scenes, *i.details]]
    owned += [(f"aggregate:{n}", scene) for n, scene in enumerate(aggregates)]
    return [_figure(mention, owner) for owner, scene in owned for mention in scene.casualties]


def _figure(mention: CasualtyMention, owner: str) -> CasualtyFigure:
    return CasualtyFigure(
        outcome=mention.outcome,
        victim_class=mention.victim_class,
        low=mention.low,
        best=mention.best,
        high=mention.high,
        qualifier=mention.qualifier,
        words=mention.text,
        start=mention.start,
        end=mention.end,
        owner=owner,
    )


def build_responsibility(incidents: Sequence[Incident], reading: Reading) -> list[ResponsibilityClaim]:
    """Claims and denials of responsibility, each tied to its incident."""
    found = []
    for number, incident in enumerate(incidents):
        for scene in incident.claims:
            text, offset = scene.sentence.text, scene.sentence.start
            armed = _claiming(scene, reading)
            if not armed or _NO_CLAIM.search(text):
                continue
            mode = _MODE.search(text)
            found.append(
                ResponsibilityClaim(
                    incident=number,
                    group_name=armed[0].name,
                    stance="denied" if _DENIED.search(text) else "claimed",
                    mode=mode[0] if mode else None,
                    evidence=[Evidence(field="claim", start=offset, end=offset + len(text), quote=text)],
                )
            )
    return found
