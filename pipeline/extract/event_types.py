"""ACLED's event type of an incident: by the weapon that leaves no answer first, then by who fought or harmed whom."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.extract.mentions import ActorMention, CasualtyMention
from pipeline.extract.scenes import Scene
from pipeline.records import Status
from pipeline.schema.tables import sub_event_types

_ARMED = {"state_forces", "rebel_group", "militia", "communal_militia", "external_forces", "unknown"}
_BANDS = {"unknown", "rebel_group", "militia"}
_REMOTE = (
    "Suicide bomb",
    "Chemical weapon",
    "Air/drone strike",
    "Shelling/artillery/missile attack",
    "Remote explosive/landmine/IED",
    "Grenade",
)
_TERRITORY = {"Non-state actor overtakes territory", "Government regains territory"}
_TAKES = re.compile(
    r"\b(?:captured|seized|took control|taken control|overran|overrun|took over|gained control|fell to|seizing|capturing|advance[ds]? and control\w*|occupied|conquered)\b(?!\s+(?:\w+\s+){0,2}(?:weapons|arms|ammunition|vehicles|militants|fighters|suspects|members))",
    re.IGNORECASE,
)
_PROTEST_FORCE = re.compile(
    r"\b(?:tear ?gas|water cannons?|rubber bullets|dispersed?|batons?|baton-charged|broke up|arrested|detained|fired (?:warning )?shots?|live (?:rounds|ammunition|fire|bullets))\b",
    re.IGNORECASE,
)
_FOILED = re.compile(
    r"\b(?:foil(?:ed|s|ing)?|thwart(?:ed|s|ing)?|defus(?:ed|ing)|averted|prevented an? (?:attack|bombing)|disarmed|safely detonated|controlled explosion|discovered (?:and|before))\b",
    re.IGNORECASE,
)
_ATTEMPTED = re.compile(
    r"\b(?:failed to (?:explode|detonate|go off|hit)|escaped (?:unhurt|unharmed|an assassination)|survived an? (?:assassination|attempt|attack|ambush)|assassination attempt|attempted (?:to (?:attack|storm|assassinate|kidnap|kill)|assassination|abduction|kidnapping|attack)|was repelled before|botched|missed its target)\b",
    re.IGNORECASE,
)
_GUNFIRE = re.compile(
    r"\b(?:gun ?battle|fire ?fight|clash(?:ed|es)?|exchange of (?:gun)?fire|exchanged (?:gun)?fire|ambush(?:ed)?|fighting|opened fire|gunmen|stormed|fought|returned fire|repelled|storm|gunfire|shot dead|beaten back|repulsed)\b",
    re.IGNORECASE,
)


_BOMBERS_STOPPED = re.compile(
    r"\bsuicide (?:bombers?|attackers?)\b[^.;]{0,40}\b(?:was|were) (?:\w+ )?(?:ambushed|arrested|shot|hit|detained|captured|gunned|neutrali[sz]ed)"
    r"|\b(?:arrested|detained|captured|shot dead|gunned down|ambushed|neutrali[sz]ed)\s+(?:[\w-]+\s+){0,4}suicide (?:bombers?|attackers?)",
    re.IGNORECASE,
)
_FIGHT = re.compile(
    r"\b(?:clash(?:ed|es|ing)?|gun ?battles?|gun[- ]?fights?|fire ?fights?|gun duel|shoot-?out|exchang\w+ (?:of )?(?:gun ?)?fire|exchanged shots|fierce fighting|heavy fighting|fighting (?:broke|erupted|raged|between)|encounter|skirmish\w*|battles?|traded fire)\b",
    re.IGNORECASE,
)
# Prisoners against each other are a riot by ACLED's codebook.
_INMATES = re.compile(
    r"\b(?:between|among|rival(?: groups of| gangs of)?) (?:rival )?(?:inmates|prisoners)\b|\bprison (?:riots?|gangs?)\b|\b(?:inmates|prisoners) (?:fought|clashed|rioted)\b",
    re.IGNORECASE,
)
_OUTSIDERS = re.compile(
    r"\b(?:soldiers?|troops|militants|rebels|insurgents|bomb\w*|shell\w*|air ?strikes?|gunmen (?:stormed|attacked))\b",
    re.IGNORECASE,
)
_OTHER_ARMS = re.compile(
    r"\b(?:rifles?|guns?|gunfire|machine ?guns?|bullets|opened fire|shot|stormed)\b", re.IGNORECASE
)
"""A grenade attack is one of grenades alone."""


def event_type_of(sub_event_type: str) -> str:
    """The event type that a sub-event type belongs to."""
    return next(event for event, subs in sub_event_types().items() if sub_event_type in subs)


def status_of(text: str, victims: Sequence[CasualtyMention]) -> Status:
    """Whether it happened, failed or was stopped before."""
    harmed = any(
        m.low for m in victims if m.outcome in {"killed", "injured", "abducted", "killed_or_injured"}
    )
    if not harmed and _FOILED.search(text):
        return "foiled"
    if not harmed and _ATTEMPTED.search(text):
        return "attempted"
    return "actual"


def classify(
    scenes: Sequence[Scene], perpetrators: Sequence[ActorMention], targets: Sequence[ActorMention]
) -> str:
    """The sub-event type of an incident told by ``scenes``."""
    text = " ".join(scene.sentence.text for scene in scenes)
    anchor = {t.sub_event_type for t in scenes[0].triggers}
    seen = {t.sub_event_type for scene in scenes for t in scene.triggers}
    victims = [m for scene in scenes for m in scene.casualties]
    protest = _protest_type(anchor, text, victims, perpetrators)
    if protest is not None:
        return protest
    if _INMATES.search(text) and protest is None and not _OUTSIDERS.search(text):
        return "Mob violence"
    if "Suicide bomb" in seen and not _BOMBERS_STOPPED.search(text):
        return "Suicide bomb"
    hurt = any(m.outcome in {"killed", "injured", "killed_or_injured"} and m.low for m in victims)
    if "Disrupted weapons use" in anchor and not hurt:
        return "Disrupted weapons use"
    remote = next((name for name in _REMOTE if name in anchor), None)
    if remote is not None and not _is_fight(text, remote, victims):
        return remote if status_of(text, victims) != "foiled" else "Disrupted weapons use"
    return _close_type(anchor, scenes[0].sentence.text, text, victims, perpetrators, targets)


def _protest_type(
    anchor: set[str], text: str, victims: Sequence[CasualtyMention], perpetrators: Sequence[ActorMention]
) -> str | None:
    harmed = any(m.outcome in {"killed", "injured"} and m.low for m in victims)
    if "Violent demonstration" in anchor:
        return "Violent demonstration"
    if "Mob violence" in anchor and re.search(
        r"\bmob\b|lynch|\bcrowd|settlers|rampag|pogrom|youths", text, re.IGNORECASE
    ):
        return "Mob violence"
    if "Peaceful protest" in anchor and re.search(
        r"\bprotest|demonstrat|rall(?:y|ied)|sit-in|took to the streets|march|vigil|placard|banner|picket|mourners|strike|chant",
        text,
        re.IGNORECASE,
    ):
        if anchor & {
            "Suicide bomb",
            "Remote explosive/landmine/IED",
            "Air/drone strike",
            "Shelling/artillery/missile attack",
        }:
            return None
        if harmed and perpetrators and all(p.actor_type in _BANDS for p in perpetrators):
            return None
        if harmed:
            return "Excessive force against protesters"
        return "Protest with intervention" if _PROTEST_FORCE.search(text) else "Peaceful protest"
    return None


def _is_fight(text: str, remote: str, victims: Sequence[CasualtyMention]) -> bool:
    """Two sides shooting at each other make a battle even where a bomb or a grenade was used in it."""
    if remote == "Grenade" and _OTHER_ARMS.search(text):
        return True
    fought = _GUNFIRE.search(text)
    both_sides = {m.victim_class for m in victims} >= {"militants", "security_forces"}
    weak = remote in {"Grenade", "Remote explosive/landmine/IED", "Shelling/artillery/missile attack"}
    return bool(
        fought
        and (
            both_sides
            or (
                weak
                and re.search(
                    r"\b(?:clash|gun ?battle|gun ?fight|fire ?fight|exchange|ambush|storm|fought|gunfire)",
                    text,
                    re.IGNORECASE,
                )
            )
        )
    )


def _close_type(
    anchor: set[str],
    lead: str,
    text: str,
    victims: Sequence[CasualtyMention],
    perpetrators: Sequence[ActorMention],
    targets: Sequence[ActorMention],
) -> str:
    harmed = [m for m in victims if m.outcome in {"killed", "injured", "killed_or_injured"} and m.low]
    civil = any(m.victim_class == "civilians" for m in harmed) or any(
        t.actor_type == "civilians" for t in targets
    )
    if anchor & _TERRITORY and not civil:
        return _territory_type(anchor, perpetrators)
    if not harmed:
        if "Abduction/forced disappearance" in anchor:
            return "Abduction/forced disappearance"
        if _FOILED.search(text) or anchor == {"Disrupted weapons use"}:
            return "Disrupted weapons use"
        if "Arrests" in anchor and not anchor & {"Armed clash"}:
            return "Arrests"
        if "Looting/property destruction" in anchor and not anchor & {"Armed clash", "Attack"}:
            return "Looting/property destruction"
    if "Sexual violence" in anchor and not harmed:
        return "Sexual violence"
    armed_victims = any(m.victim_class in {"security_forces", "militants"} for m in harmed)
    armed_target = any(t.actor_type in _ARMED for t in targets)
    fought = "Armed clash" in anchor and (not (civil and not armed_target) or bool(_FIGHT.search(lead)))
    if armed_victims or (armed_target and not civil) or fought:
        return _battle_type(anchor, text)
    return "Attack"


def _territory_type(anchor: set[str], perpetrators: Sequence[ActorMention]) -> str:
    is_state = bool(perpetrators) and all(p.actor_type == "state_forces" for p in perpetrators)
    if "Government regains territory" in anchor or is_state:
        return "Government regains territory"
    return "Non-state actor overtakes territory"


def _battle_type(anchor: set[str], text: str) -> str:
    if "Government regains territory" in anchor:
        return "Government regains territory"
    if _TAKES.search(text) and re.search(
        r"\b(?:town|village|city|base|post|outpost|area|position|district|hill|camp|checkpoint)s?\b", text
    ):
        return "Non-state actor overtakes territory"
    return "Armed clash"
