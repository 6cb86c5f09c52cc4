"""Who did it to whom: perpetrators and targets of an incident, by their place around the violent words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.extract.mentions import ActorMention
from pipeline.extract.scenes import Reading, Scene

_BY = re.compile(
    r"\b(?:by|blamed on|attributed to|carried out by|claimed by|staged by|from|launched by)\s+(?:the\s+|a\s+|an\s+|suspected\s+|alleged\s+|armed\s+|unidentified\s+|unknown\s+|masked\s+|heavily\s+|group of\s+|members of\s+|fighters of\s+|fighters from\s+|militants from\s+|some\s+|about\s+|\w+\s+){0,3}$",
    re.IGNORECASE,
)
_ON = re.compile(
    r"\b(?:on|against|at|targeting|targeted|attacked|ambushed|raided|stormed|hit|struck|killed|killing|shot|shelled|bombed|abducted|kidnapped|wounded|wounding|injuring|clashed with|fought|clashes with|fighting with|fighting|battled|executed|beheaded|opened fire on|fired on|fired at)\s+(?:the\s+|a\s+|an\s+|\w+\s+){0,5}$",
    re.IGNORECASE,
)
_BACK_REFERENCE = re.compile(
    r"^(?:the )?(?:terror|militant|jihadist|rebel|armed|extremist|insurgent)?\s*group$", re.IGNORECASE
)
_BETWEEN = re.compile(r"\b(?:between|clash(?:es|ed)? (?:\w+ )?between|pitting)\b", re.IGNORECASE)
_POST = re.compile(
    r"\s+(?:post|station|base|outpost|checkpoint|convoy|patrol|headquarters|camp|barracks|vehicle|truck|bus|positions?|academy|recruits|chief|commander|spokes\w+|officials?|sources?)\b",
    re.IGNORECASE,
)
_PREPOSED = re.compile(
    r"\b(?:near|at|in|on|of|to|with|against|outside|inside|targeting|target|hit|struck|attacked|ambushed)\s+(?:the\s+|a\s+|an\s+)?$",
    re.IGNORECASE,
)
_SPEAKING = re.compile(
    r"^\s*(?:[\w,’' -]{0,40}?\b)?(?:said|told|reported|announced|confirmed|stated|added|according)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parties:
    """Perpetrators and targets, as mentioned; each name once."""

    perpetrators: list[ActorMention]
    targets: list[ActorMention]


def find_parties(scenes: Sequence[Scene], reading: Reading) -> Parties:
    """The parties of an incident; the first scene that names one goes before the others."""
    perpetrators: list[ActorMention] = []
    targets: list[ActorMention] = []
    for scene in scenes:
        if perpetrators and targets:
            break
        done, harmed = _scene_parties(scene, reading)
        if not perpetrators:
            perpetrators = done
        if not targets:
            targets = harmed
    perpetrators = [m for m in perpetrators if not m.is_generic] or perpetrators
    names = {m.name.casefold() for m in perpetrators}
    return Parties(_distinct(perpetrators), [m for m in _distinct(targets) if m.name.casefold() not in names])


def _distinct(mentions: Sequence[ActorMention]) -> list[ActorMention]:
    return list({(m.canonical or m.name).casefold(): m for m in reversed(mentions)}.values())[::-1]


def _scene_parties(scene: Scene, reading: Reading) -> tuple[list[ActorMention], list[ActorMention]]:
    text, offset = scene.sentence.text, scene.sentence.start
    victims = [(m.start, m.end) for m in scene.casualties if m.outcome != "detained"]
    harmed = [a for a in scene.actors if any(a.start < end and start < a.end for start, end in victims)]
    free = [a for a in scene.actors if a not in harmed and not _speaks(a, text, offset)]
    by = [a for a in free if a.actor_type != "civilians" and _BY.search(text[: a.start - offset])]
    if by:
        done = by
    elif _BETWEEN.search(text) and len(armed := [a for a in free if a.actor_type != "civilians"]) >= 2:
        return [resolve_reference(armed[0], reading)], [resolve_reference(armed[1], reading), *harmed]
    else:
        done = _subject(scene, free)
    objects = [
        a
        for a in free
        if a not in done and _ON.search(text[: a.start - offset]) and not _POST.match(text, a.end - offset)
    ]
    done = [resolve_reference(a, reading) for a in done]
    if not harmed and not objects:
        harmed = [a for a in scene.actors if a.actor_type == "civilians" and a not in done]
    return done, [*harmed, *objects]


def _speaks(actor: ActorMention, text: str, offset: int) -> bool:
    """A party that only reports the act ("police said") did not do it."""
    return actor.actor_type == "state_forces" and bool(
        _SPEAKING.match(text[actor.end - offset : actor.end - offset + 60])
    )


def _subject(scene: Scene, free: Sequence[ActorMention]) -> list[ActorMention]:
    """The armed party before the first violent verb, else the nearest one."""
    acts = [t.start for t in scene.triggers]
    armed = [a for a in free if a.actor_type not in {"civilians"}]
    before = [
        a for a in armed if any(0 < start - a.end < 60 for start in acts) and not _is_place_of(a, scene)
    ]
    return before[:1]


def _is_place_of(actor: ActorMention, scene: Scene) -> bool:
    """True for a party that only tells where: "near a police post", "an army base"."""
    text, offset = scene.sentence.text, scene.sentence.start
    return bool(_POST.match(text, actor.end - offset) or _PREPOSED.search(text[: actor.start - offset]))


def resolve_reference(actor: ActorMention, reading: Reading) -> ActorMention:
    """ "The terror group" is the group named last before; its own span stays the evidence."""
    if not (actor.is_generic and _BACK_REFERENCE.match(actor.name)):
        return actor
    named = [
        a
        for a in reading.actors
        if a.end <= actor.start and a.canonical and a.actor_type not in {"state_forces", "external_forces"}
    ]
    if not named:
        return actor
    last = named[-1]
    return replace(
        actor,
        name=last.name,
        canonical=last.canonical,
        actor_id=last.actor_id,
        actor_type=last.actor_type,
        is_generic=False,
    )
