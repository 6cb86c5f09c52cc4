"""What kind of statement a sentence is: an act, a total over a period, a claim, a detail, or none of these."""

from __future__ import annotations

import datetime as dt
import re

from pipeline.extract.aggregates import is_aggregate
from pipeline.extract.scenes import Scene

_YEAR_ONLY = 5
OLD_DAYS = 200
"""What lies further back than this is background, unless it is told with its day and place."""
# Nothing else in a sentence outweighs these; the other screens yield to an armed party and its act.
_FIRM = {"staged", "rehearsed", "remembered", "tried", "sport", "disease", "economy", "crime"}
_NATURAL = {"accident", "disease", "sport", "economy"}
_WEAK = {"Attack", "Arrests", "Peaceful protest", "Armed clash", "Looting/property destruction"}
_NOMINAL = re.compile(
    r"(?!air|drone|aerial)[\w.-]+ strikes?|attacks?|attacking|attackers?|raids?|killings?|operation|assaults?|battles?|offensive|clashes|explosives|bombs?|rockets?|missiles?|mortars?|artillery|blasts|explosions|bombings|drones?|fighting \w+|warplanes|protest|protesters|demonstrators|mines?|ied|ieds|shootings?|murders?|abductions|kidnappings|executions|massacres",
    re.IGNORECASE,
)
# Words of harm that say nothing of an act: floods and fevers kill too.
_HARM = re.compile(r"killed|killings?|wounded|slain|found dead|burn(?:ed|t|ing)? .*", re.IGNORECASE)
# People whose arrest is political.
_DISSENT = re.compile(
    r"protest|demonstrat|activist|journalist|opposition|dissident|student|monk|politician", re.IGNORECASE
)
_SINGLE = re.compile(
    r"\b(?:an?|one) (?:[\w-]+ ){0,2}(?:attack|raid|strike|ambush|bombing|clash|blast|explosion)\b",
    re.IGNORECASE,
)
_NEAR = 70
_CARRIED_OUT = re.compile(
    r"\b(?:carr(?:ied|ying) out|launch(?:ed|ing)|conduct(?:ed|ing)|execut(?:ed|ing)|stag(?:ed|ing)|mount(?:ed|ing)|took place|broke out|erupted|occurred|happened|ensued|was a|were|subjected to|came under|included|used|fired)\b",
    re.IGNORECASE,
)
_ALLEGED = re.compile(
    r"\b(?:alleged|suspected|accused of|ties to|links? (?:to|with)|members? of)\b[^.;]{0,60}\b(?:[A-Z][A-Za-z]*(?:-[A-Z]\w+)*|militant|terror\w*|rebel|separatist|takfiri|insurgent|extremist)",
)
CLAIM = re.compile(
    r"\bclaim(?:ed|ing|s)? (?:the )?(?:responsibility|credit)\b|\bclaim(?:ed|s) (?:the|that) attack|\bclaimed it\b|\bclaimed the \w+\b|\bsaid [^.;]{0,40}\b(?:it|they|its (?:men|fighters|soldiers|members|militants)) (?:was|were|had) (?:behind|done|set|carried|responsible|killed|attacked)|\btook (?:responsibility|credit)\b|\bdenied (?:any )?(?:responsibility|involvement|carrying out)\b|\bsaid (?:it|they) (?:was|were) (?:behind|responsible)",
    re.IGNORECASE,
)
_HABITUAL = re.compile(
    r"\b(?:often|frequently|regularly|routinely|usually|continues? to|have (?:repeatedly|often|long|stepped up|increased|intensified|been (?:fighting|carrying|waging))|has (?:repeatedly|often|long|stepped up|increased|intensified|been (?:fighting|plagued|hit|battling|waging|gripped|rocked))|is (?:home|known)|are known|since the (?:start|beginning)|widely blamed|recent (?:months|weeks|years|offensives|attacks)|series of attacks|wave of|spate of|increase in|upsurge|surge in)\b",
    re.IGNORECASE,
)

# Clauses cut from a sentence, "came days after an ambush in which 25 died": an older act, which needs a day of its own.
_BACKGROUND = re.compile(
    r"(?:comes?|came|coming|occurred|happened)\b[^,;.]{0,30}?\bafter\b|(?:[a-z]+ ){0,2}(?:hours|days|weeks|months|years) after\b|follows\b"
)


def kind_of(scene: Scene, published_on: dt.date | None) -> str:
    """What kind of statement a sentence is: ``act``, ``aggregate``, ``claim``, ``detail`` or ``none``."""
    text = scene.sentence.text
    if scene.is_title:
        return "none"
    if scene.screen in _NATURAL and not _is_armed_act(scene):
        return "none"
    if is_aggregate(
        text, scene.casualties, scene.event_dates, published_on, is_local=bool(scene.local_places)
    ):
        return "aggregate"
    if CLAIM.search(text) and not scene.victims:
        return "claim"
    if not scene.triggers and not scene.victims and not scene.persons:
        return "none"
    if scene.screen in _FIRM or (scene.screen and not _is_armed_act(scene)):
        return "none"
    if _is_ahead(scene, published_on) or (_BACKGROUND.match(text) and not scene.day):
        return "none"
    if _is_old(scene, published_on) or (
        _HABITUAL.search(text) and not scene.day and not (scene.victims and scene.statement_day)
    ):
        return "none"
    return "act" if _is_concrete(scene) else "detail"


def _is_ahead(scene: Scene, published_on: dt.date | None) -> bool:
    """What a sentence dates past the day of publication has not happened."""
    day = scene.day.date_start if scene.day else None
    return bool(published_on and day and day > published_on + dt.timedelta(days=2))


def _is_armed_act(scene: Scene) -> bool:
    """An armed party and a violent act of its own: no accident or film, whatever else the sentence says."""
    armed = any(a.actor_type not in {"civilians", "protesters"} for a in scene.actors)
    return armed and any(
        not _NOMINAL.fullmatch(t.text) and not _HARM.fullmatch(t.text) for t in scene.triggers
    )


def _is_old(scene: Scene, published_on: dt.date | None) -> bool:
    dated = [m for m in scene.dates if m.date_start and any(c.isdigit() for c in m.text)]
    harmed = bool(scene.victims or scene.persons)
    if (scene.local_places or (scene.places and scene.persons)) and any(
        harmed or m.precision < _YEAR_ONLY for m in dated
    ):
        return False
    ends = [m.date_end for m in scene.dates if m.date_end]
    return bool(published_on and ends and max(ends) < published_on - dt.timedelta(days=OLD_DAYS))


def _is_concrete(scene: Scene) -> bool:
    """Enough for an incident: an act with people harmed, or an act by or against armed people at a day or a place."""
    armed = any(a.actor_type not in {"civilians", "protesters"} for a in scene.actors) or any(
        m.victim_class in {"security_forces", "militants"} for m in scene.victims
    )
    harmed = any(
        m.low and m.outcome in {"killed", "injured", "abducted", "killed_or_injured"} for m in scene.victims
    )
    fixed = scene.day is not None and bool(scene.local_places)
    if not scene.triggers:
        return harmed and armed and fixed
    if any(m.outcome in {"killed", "injured", "abducted", "killed_or_injured"} for m in scene.victims):
        return armed or fixed or any(not _HARM.fullmatch(t.text) for t in scene.triggers)
    if scene.persons and (
        scene.is_dated or scene.local_places or (armed and (scene.statement_day or scene.opens_another))
    ):
        return armed or any(not _HARM.fullmatch(t.text) for t in scene.triggers)
    if all(t.sub_event_type == "Arrests" for t in scene.triggers):
        return any(
            a.actor_type not in {"civilians", "state_forces"} or _DISSENT.search(a.text) for a in scene.actors
        ) or bool(fixed and _ALLEGED.search(scene.sentence.text))
    return _is_act_told(scene, armed=armed)


def _is_act_told(scene: Scene, *, armed: bool) -> bool:
    """Nobody counted: an act by its verb, or by a noun with its day, that has a day or a place of its own."""
    acts = [t for t in scene.triggers if not _NOMINAL.fullmatch(t.text)]
    local = bool(scene.local_places)
    placed = any(m.place is None or m.place.kind != "country" for m in scene.places)
    if not acts:
        if local and _CARRIED_OUT.search(scene.sentence.text) and _SINGLE.search(scene.sentence.text):
            return True
        return scene.is_dated and (
            (local and _is_dated_noun(scene))
            or ((local or armed) and bool(_CARRIED_OUT.search(scene.sentence.text)))
        )
    strong = any(t.sub_event_type not in _WEAK for t in acts)
    if local and (armed or strong):
        return True
    if not scene.is_dated:
        return False
    named = any(not a.is_generic and a.actor_type != "civilians" for a in scene.actors)
    return (placed or strong or named) if strong or armed else local


def _is_dated_noun(scene: Scene) -> bool:
    """ "The April 6 raid on ...", "the attack on 24 March": the noun and its day stand together."""
    return any(
        -_NEAR <= m.start - t.end <= _NEAR
        for t in scene.triggers
        for m in scene.dates
        if m.precision == 1 and m.date_start
    )
