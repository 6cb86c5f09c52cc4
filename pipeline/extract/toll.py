"""Casualties of one incident: counts of one statement are summed by class, counts of several statements compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline.extract.mentions import CasualtyMention
from pipeline.extract.numbers import WORDS
from pipeline.extract.scenes import Scene
from pipeline.records import Outcome, VictimClass

_RAISED = re.compile(
    r"\b(?:rose|risen|rises|climb(?:ed|s)|increased|bring(?:ing|s)?|brought|now|succumbed|died (?:of|from))\b",
    re.IGNORECASE,
)


_DISPUTES = re.compile(
    r"\b(?:but (?:spoke|said|put|gave|counted)|spoke of|put the (?:toll|number|figure)|gave the (?:toll|number|figure)|however|only)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    rf"[;,]\s*(?:and\s+)?(?:an?|{WORDS}|\d{{1,2}})\s+(?:days?|weeks?|months?|years?)\s+(?:earlier|before|later|after)\b"
    r"|\b(?:down|up|revised|corrected|lowered|raised) from\b|\bcompared (?:with|to)\b",
    re.IGNORECASE,
)
_SAYS = r"(?:sa(?:id|ys|ying)|claim(?:ed|s|ing)?|report(?:ed|s|ing)|put|stated|insist(?:ed|s|ing)|counted|announced|acknowledged|admitted)"
_SPOKE = re.compile(rf"\b{_SAYS}\b", re.IGNORECASE)
_OTHER_SPEAKER = re.compile(
    rf"(?:;|,?\s(?:but|while|whereas|although|though)\b)(?=[^;]{{1,60}}?\b{_SAYS}\b)", re.IGNORECASE
)
# "Azerbaijan said that two of its soldiers died": a side tells of its own dead, the other one of others.
_OWN_DEAD = re.compile(
    r"\b(?:its|their) (?:own )?(?:\w+ )?(?:soldiers?|troops|fighters?|men|members?|officers?|police\w*|forces|personnel|service\w+|guards?)\b",
    re.IGNORECASE,
)
_SPEAKS = re.compile(rf"[^,.;]{{0,30}}?\b{_SAYS}\b", re.IGNORECASE)
_WITNESSES = re.compile(
    rf"\b(?:residents?|witnesse?s?|villagers|locals|survivors|medics|doctors|activists|monitors|elders|relatives|families)\b[^,.;]{{0,30}}?\b{_SAYS}\b",
    re.IGNORECASE,
)
_DID_IT = re.compile(
    rf"\b{_SAYS}\b[^,.;]{{0,20}}?\b(?:it|they|its \w+|their \w+)\b[^,.;]{{0,40}}?\b(?:killed|neutrali[sz]ed|eliminated|shot)\b",
    re.IGNORECASE,
)
# "Nearly 50" is fewer; who is feared dead may live.
_SHORT_OF = re.compile(r"(?:nearly|almost|close to)\b", re.IGNORECASE)
_FEARED = re.compile(
    r"\s+(?:(?:(?:are|were|is|was)\s+)?(?:feared|presumed|believed)|(?:may|might) have (?:been|died))\b",
    re.IGNORECASE,
)
_MAY_HAVE = re.compile(r"\b(?:may|might) have (?:\w+ )?\w+\s+$", re.IGNORECASE)
_DENIED = re.compile(r"\bden(?:ied|ies|ying) (?:\w+ )?that\b[^,;]*", re.IGNORECASE)
_ALSO = re.compile(r"\b(?:also|another|a further|additional)\b", re.IGNORECASE)
# "Minutes later a second bomb killed five": more of the dead of one attack.
_SECOND = re.compile(
    r"\b(?:a|the) (?:second|third) (?:\w+ ){0,2}(?:bomb\w*|blast|explosion|strike|air ?strike|missile|rocket|shell|drone|device)\b[^,;.]{0,40}?\bkill",
    re.IGNORECASE,
)
_DEATH = re.compile(
    r"\b(?:kill\w*|dead|deadly|death\w*|died|dies|dying|die|fatal\w*|bod(?:y|ies)|corpses?|murder\w*|massacre\w*|assassinat\w+|execut\w+|behead\w*|slain|lives|casualt\w+|victims?|toll|martyr\w*|perish\w*|neutrali[sz]\w*|eliminat\w*|slaughter\w*|hacked|throats?|survive\w*|blown (?:to|apart)|funeral|buri(?:ed|al)|coffins?|mourn\w*|hell|last breath|shot dead|gunned down|lynched|succumbed|critical\w*|were (?:hit|shot))\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Toll:
    """Low, best and high of one outcome; ``classes`` says how many of whom, where told; ``mentions`` are the evidence."""

    low: int | None = None
    best: int | None = None
    high: int | None = None
    classes: dict[VictimClass, int] = field(default_factory=dict)
    mentions: list[CasualtyMention] = field(default_factory=list)


def toll_of(scenes: Sequence[Scene], outcome: Outcome) -> Toll:
    """The toll of an incident.

    A raised total ("the toll rose to 14") replaces what came before. Counts of two statements that differ are
    summed where they count different people, and otherwise span low to high. What two sides claim of one act is
    never summed: each has a toll of its own, and the incident's spans them.
    """
    sides: list[Toll] = []
    toll = Toll()
    speaking: Scene | None = None
    for scene in scenes:
        turns = speaking is not None and _contradicts(scene, speaking)
        so_far = Toll() if turns else toll
        stated = [
            m
            for m in scene.casualties
            if m.outcome == outcome
            and not m.is_subset
            and not _is_aside(m, scene)
            and (
                _DISPUTES.search(scene.sentence.text)
                or _SECOND.search(scene.sentence.text)
                or not _is_part(m, so_far)
            )
        ]
        if not stated and not sides and not toll.mentions and outcome == "killed":
            stated = [m for m in scene.casualties if m.outcome == outcome and m.low]
        if not stated:
            continue
        if turns and toll.mentions:
            sides.append(toll)
        toll, speaking = so_far, scene if _side(scene) else speaking
        told = _told(stated, scene)
        if not toll.mentions or (any(m.is_total for m in stated) and _RAISED.search(scene.sentence.text)):
            toll = told
        elif _is_other_people(told, toll) or _adds(scene, told, toll):
            toll = _joined(toll, told)
        else:
            toll = _spanned(toll, told)
    for other in sides[::-1]:
        toll = _spanned(other, toll)
    return toll if toll.mentions else _uncounted(scenes, outcome)


def _side(scene: Scene) -> str | None:
    """Whose word a sentence is, where that is told: a state's, an armed group's, or that of people who saw it."""
    text, offset = scene.sentence.text, scene.sentence.start
    for actor in scene.actors:
        if _SPEAKS.match(text, actor.end - offset) and actor.actor_type not in {"civilians", "protesters"}:
            return "state" if actor.actor_type in {"state_forces", "external_forces"} else "group"
    return "witnesses" if _WITNESSES.search(text) else None


def _contradicts(scene: Scene, other: Scene) -> bool:
    """True where another side speaks, and one of the two of what it did itself: "... said it had killed 40 rebels"."""
    side, others = _side(scene), _side(other)
    if side is None or others is None or side == others or _ALSO.search(scene.sentence.text):
        return False
    return any(_DID_IT.search(s.sentence.text) for s in (scene, other))


def _told(stated: Sequence[CasualtyMention], scene: Scene) -> Toll:
    """What a sentence counts. Where two speakers give each their own toll, it spans them; what is denied is only its top."""
    text, offset = scene.sentence.text, scene.sentence.start
    denied = _DENIED.search(text)
    turns = [
        m.start()
        for m in _OTHER_SPEAKER.finditer(text)
        if (_SPOKE.search(text[: m.start()]) or denied)
        and not _OWN_DEAD.search(text[: m.start()])
        and not _ALSO.search(text, m.start())
    ]
    speakers: dict[int, list[CasualtyMention]] = {}
    tops: list[CasualtyMention] = []
    for mention in (_as_sure(m, scene) for m in stated):
        if denied and denied.start() < mention.start - offset < denied.end():
            tops.append(replace(mention, low=None, best=None, high=mention.best))
        else:
            speakers.setdefault(sum(turn < mention.start - offset for turn in turns), []).append(mention)
    first, *others = [_summed(counted) for counted in [*speakers.values(), tops] if counted]
    for other in others:
        first = _spanned(first, other)
    return first


def _as_sure(mention: CasualtyMention, scene: Scene) -> CasualtyMention:
    """The mention with the bounds that its words and those after it leave open."""
    text, start = scene.sentence.text, mention.start - scene.sentence.start
    if mention.outcome == "killed" and (
        _FEARED.match(text, mention.end - scene.sentence.start) or _MAY_HAVE.search(text[:start])
    ):
        return replace(mention, low=None, best=None)
    return replace(mention, low=None) if _SHORT_OF.match(mention.text) else mention


def _is_aside(mention: CasualtyMention, scene: Scene) -> bool:
    """True for people whom the sentence counts of another day ("...; a day earlier, shelling killed a woman")."""
    aside = _ASIDE.search(scene.sentence.text)
    return aside is not None and mention.start - scene.sentence.start > aside.start() > 20


def killed_of(scenes: Sequence[Scene], injured: Toll) -> Toll:
    """The killed of an incident. A report that counts the hurt and tells of no dead says that nobody died: 0."""
    toll = toll_of(scenes, "killed")
    if toll.mentions or not injured.mentions or not injured.low:
        return toll
    together = any(
        m.outcome in {"killed_or_injured", "missing"} for scene in scenes for m in scene.casualties
    )
    if together or any(_DEATH.search(scene.sentence.text) for scene in scenes):
        return toll
    return Toll(0, 0, 0, {}, injured.mentions)


def _uncounted(scenes: Sequence[Scene], outcome: Outcome) -> Toll:
    """Where nothing is counted outright: parts of people otherwise harmed ("three of them died"), then single persons."""
    parts = [m for scene in scenes for m in scene.casualties if m.outcome == outcome == "killed"]
    persons = [m for scene in scenes for m in scene.persons if m.outcome == outcome]
    used = parts[:1] or persons[:1]
    return _summed(used) if used else Toll()


def _is_part(mention: CasualtyMention, toll: Toll) -> bool:
    """A smaller count of a class, told after the whole, says who some of the victims were."""
    if not toll.mentions or mention.best is None or toll.best is None or mention.is_total:
        return False
    is_other = mention.victim_class != "unknown" and toll.classes and mention.victim_class not in toll.classes
    return mention.best < toll.best and not is_other


def _summed(mentions: Sequence[CasualtyMention]) -> Toll:
    totals = [m for m in mentions if m.is_total]
    used = totals[:1] or list(mentions)
    lows, bests, highs = [m.low for m in used], [m.best for m in used], [m.high for m in used]
    low = None if all(v is None for v in lows) else sum(v or 0 for v in lows)
    best = None if any(v is None for v in bests) else sum(v or 0 for v in bests)
    high = None if any(v is None for v in highs) else sum(v or 0 for v in highs)
    classes: dict[VictimClass, int] = {}
    for mention in used:
        if mention.best is not None and mention.victim_class != "unknown":
            classes[mention.victim_class] = classes.get(mention.victim_class, 0) + mention.best
    return Toll(low, best, high, classes, list(used))


def _is_other_people(told: Toll, toll: Toll) -> bool:
    """Two statements about different classes of victims add up ("12 militants"; "two soldiers were also killed")."""
    return bool(told.classes and toll.classes and not told.classes.keys() & toll.classes.keys())


def _adds(scene: Scene, told: Toll, toll: Toll) -> bool:
    """ "Two soldiers were also killed": more people, not another word for those counted."""
    if not told.mentions or (told.low, told.high) == (toll.low, toll.high):
        return False
    text, offset = scene.sentence.text, scene.sentence.start
    if _SECOND.search(text):
        return True
    mention = told.mentions[0]
    around = text[max(0, mention.start - offset - 25) : mention.end - offset + 25]
    return bool(_ALSO.search(around))


def _joined(toll: Toll, told: Toll) -> Toll:
    def add(a: int | None, b: int | None) -> int | None:
        return None if a is None or b is None else a + b

    return Toll(
        add(toll.low, told.low),
        add(toll.best, told.best),
        add(toll.high, told.high),
        toll.classes | told.classes,
        [*toll.mentions, *told.mentions],
    )


def _spanned(toll: Toll, told: Toll) -> Toll:
    if (told.low, told.high) == (toll.low, toll.high):
        return Toll(
            toll.low, toll.best, toll.high, toll.classes or told.classes, [*toll.mentions, *told.mentions]
        )
    lows = [v for v in (toll.low, told.low) if v is not None]
    tops = [v for v in (toll.high, told.high) if v is not None]
    highs = max(tops) if len(tops) == 2 or (tops and tops[0] >= max(toll.low or 0, told.low or 0)) else None
    best = toll.best if toll.best is not None else told.best
    low = min(lows) if lows else None
    return Toll(low, best, highs, toll.classes, [*toll.mentions, *told.mentions])
