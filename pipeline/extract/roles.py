"""Who did it to whom: perpetrators and targets of an incident, by their place around the violent words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.extract.actors import find_actors
from pipeline.extract.mentions import ActorMention
from pipeline.extract.scenes import Reading, Scene
from pipeline.extract.targets import find_property, victims_of

_QUALIFIED = r"(?:(?:group of|members? of|fighters? (?:of|from)|militants? from|dozens of|(?!(?:against|on|in|at|using|for|of|with|and|near|from|after|killing|targeting)\b)[\w’'-]+)\s+)"
_BY = re.compile(
    rf"\b(?:by|blamed on|attributed to|launched from|fell to|fallen to|falls to|lost to|into the hands of)\s+{_QUALIFIED}{{0,4}}$",
    re.IGNORECASE,
)
_AND = re.compile(
    r"^\s*(?:,|and|,? and(?: the)?|\([^)]*\)(?: and)?(?: the)?|along with|alongside|together with|backed by|as well as)\s*(?:the\s+)?$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\b(?:between|pitting)\b", re.IGNORECASE)
_CLASH_WITH = re.compile(
    r"\b(?:clash(?:es|ed|ing)?|gun ?battles?|fire ?fights?|gun ?fights?|fighting|shoot-?out|confrontation|encounter|exchange of (?:gun)?fire|battles?|skirmish(?:es)?|gun duel|fought|battled)\s+(?:\w+ ){0,2}?(?:with|against)\s+(?:the\s+|an?\s+|[\w-]+\s+){0,4}$",
    re.IGNORECASE,
)
_ON = re.compile(
    r"\b(?:on|against|at|targeting|targets|targeted|attacked|ambushed|raided|stormed|hit|struck|killed|killing|shot|shelled|bombed|abducted|kidnapped|wounded|wounding|injuring|clashed with|fought|clashes with|fighting with|fighting|battled|executed|beheaded|opened fire on|fired on|fired at|arrested|arresting|detained|detaining|captured|capturing|eliminated|death of|killing of|injury of|arrest of|murder of|assassination of)\s+(?:(?!in\b|by\b|during\b|after\b|from\b|when\b|as\b|near\b)\w+\s+){0,5}$",
    re.IGNORECASE,
)
_BACK_REFERENCE = re.compile(
    r"^(?:the )?(?:(?:its )?(?:gunmen|men)|(?:terror|same|militant|jihadist|rebel|armed|extremist|insurgent)?\s*group|militants?|rebels?|insurgents?|jihadists?|terrorists?|fighters|extremists|islamists?)$",
    re.IGNORECASE,
)
_OWNED = re.compile(r"\b(?:its|their)\s+$", re.IGNORECASE)
_DEFINITE = re.compile(r"\b(?:the|those|these|said|its|their)\s+$", re.IGNORECASE)
_POST = re.compile(
    r"(?:['’]s?)?\s+(?:\w+\s+)?(?:post|station|base|outpost|checkpoint|convoy|patrol|headquarters|camp|barracks|vehicle|truck|bus|positions?|academy|recruits|chief|commander|spokes\w+|officials?|sources?|stronghold|territory|hospital|areas?)\b",
    re.IGNORECASE,
)
_PREPOSED = re.compile(
    r"\b(?:between|near|at|in|on|of|to|with|against|outside|inside|under|amid|despite|targeting|target|targeted|hit|struck|attacked|ambushed|from|for|after|killed|killing|shot|including)\s+(?:(?:the|an?|one|two|three|(?!\d|\w+day\b|(?:January|February|March|April|May|June|July|August|September|October|November|December|that|same|when|after|as|while|before|by|and|but|because)\b)\w+)\s+)?$",
    re.IGNORECASE,
)
_AGAINST = re.compile(
    r"\b(?:on|against|targeting|targeted|hit|struck|attacked|ambushed|killed|killing)\s+(?:(?!in\b|by\b|during\b|after\b|from\b|when\b|as\b|near\b)\w+\s+){0,2}$",
    re.IGNORECASE,
)
_OF_GROUP = re.compile(
    r"\b(?:fighters?|members?|militants?|gunm[ae]n|forces|soldiers?|troops|cells?|elements?|supporters?|men|units?|jets|leader|aircraft|planes?|helicopters?|vehicles|warplanes|gunships?|drones?|artillery|elements|personnel|commandos|rangers|boats?|warships?)\s+(?:of|from|belonging to|loyal to|linked to)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_SOME_OF = re.compile(
    r"\b(?:number|group|gang|band|dozens|hundreds|scores|handful|bunch|couple|thousands|some|horde|mob|column) of\s+(?:[\w-]+\s+){0,2}$",
    re.IGNORECASE,
)
_SPEECH = re.compile(
    r"^(?:['’]s)?(?:\s+(?:in|of|for|from)\s+(?:the\s+)?(?:[A-Z][\w’'-]+\s*){1,3}(?=\s))?(?:\s+(?!and\b|who\b|killed\b|were\b|was\b|in\b|after\b|but\b)[\w’'.-]+){0,4}?,?\s+(?:said|told|reported|announced|confirmed|stated|added|documented|monitored|claimed|says?|believed?|suspects?|suspected that|described|alleged|called|blamed|accused|identified|recovered)\b",
    re.IGNORECASE,
)
_MOUTHPIECE = re.compile(
    r"\b(?:(?:SOHR|Observatory|rights|news)|(?:spokes\w+|officials?|chief|sources?|statement|commissioner|superintendent) (?:for|of|in|with|from|at|within) (?:the )?(?:[\w’'-]+ ){0,2}?)\s*$",
    re.IGNORECASE,
)
_OWN_ACT = re.compile(
    r"\b(?:said|says|claimed|announced|confirmed|stated)\s+(?:(?:on|late|early|\w+day)\s+){0,3}(?:that\s+)?(?:its|their|it|they|we)\b",
    re.IGNORECASE,
)
_ACT_NOUN = re.compile(
    r"^(?:['’]s?)?\s+(?:(?!and\b|were\b|was\b|have\b|has\b)[\w-]+\s+){0,2}?(?:attacks?|air ?strikes?|strikes?|raids?|shelling|bombardment|bombing|bombs?|offensive|assault|ambush|fire|gunfire|rockets?|missiles?|drones?|operations?|onslaught|gunmen|militants|landmines?|mines?|warplanes|jets)\b",
    re.IGNORECASE,
)
_MEANS = re.compile(r"^(?:air ?strikes?|drones?|jets|warplanes|artillery)$", re.IGNORECASE)
_MEMBERS_OF = re.compile(r"\s+(?:of|from)\s+(?:the\s+)?", re.IGNORECASE)
_BACKED = re.compile(
    r"\b(?:backed|supported|aided|assisted|armed|trained|led) by\s+(?:\w+\s+){0,2}$", re.IGNORECASE
)
_TOLD_BY = re.compile(
    r"\b(?:posts?|reports?|statements?|tweets?|accounts?|figures?|reported|confirmed|said|told|quoted|identified|verified|issued|released|published|cited|announced|disclosed|described|video|photos?) by\s+(?:\w+\s+){0,4}$",
    re.IGNORECASE,
)
_FOUGHT = re.compile(
    r"\b(?:fighting|clash\w*|gun ?battle|gun ?fight|fire ?fight|battle|encounter)\b", re.IGNORECASE
)
_BY_UNNAMED = re.compile(
    r"\bby\s+(?:(?:a|an|the|some|about|two|three|four|five|six|several|dozens of|a group of)\s+)?(?P<who>(?:(?!the\b|of\b)[\w'’-]+\s+){0,2}?(?:men|motorcyclists?|youths?|youth|individuals|persons|settlers|villagers|students|crowd|thugs|vigilantes))\b"
)
_SUBJECT = re.compile(
    r"(?:^|[.;:] |, (?:when|as|after) )(?:On \w+,? |At \w+,? |Late |Early )?(?:(?:An?|The|Two|Three|Four|Five|Six|Several|Some|About|a|the|two|three|four|several|some)\s+)?(?P<who>(?:(?!When|After|As|While|Before|If|The|Some|Two|Three|Four)[\w'’-]+\s+){0,2}?(?:men|man|people|youths?|women|woman|motorcyclists?|individuals?|persons?|robbers|criminals|hoodlums|thugs|raiders|fighters|crowd|residents|villagers|[A-Z][a-z]+(?:ans|is|ese|ians)))\s+(?:(?:who|on|in|with|wearing|armed|riding)\b[^,.;]{0,60}?\s+)?(?:shot|stabbed|gunned down|sprayed|blocked|waylaid|whisked|opened fire|killed|attacked|ambushed|beat|hacked|threw|detonated|rammed|seized|abducted|kidnapped|dragged|stormed|raided|burned|torched|set|fired|hurled|stoned|lynched|broke|gutted|smashed|knifed|pelted|descended|ransacked|vandali[sz]ed)\b"
)
_KILLING = r"[^,.;]{0,40}?\b(?:kill\w*|shot|shooting|murder\w*|massacr\w*|attack\w*|bomb\w*|abduct\w*|kidnap\w*|ambush\w*)\b"
# "Police detained a soldier suspected of shooting four comrades": who is sought for an act did it, not who seeks him.
_SOUGHT = re.compile(
    rf"\b(?:arrest(?:ed|s|ing)?|detain(?:ed|s|ing)?|captur(?:ed|es|ing)|caught|seiz(?:ed|ing)|hunt(?:ed|ing)?(?: for)?|been after|pursu(?:ed|ing)|search(?:ed|ing) for)\s+(?P<object>[^,.;]{{2,50}}?)\s+(?:who|that|(?:is |are |was |were )?(?:suspected|accused) of|wanted (?:for|over)|for|over)\b{_KILLING}"
    rf"|\b(?:was|were|has been|have been)\s+(?:arrested|detained|captured|caught)\s[^,.;]{{0,30}}?\b(?:for|over|on suspicion of)\b{_KILLING}",
    re.IGNORECASE,
)
_SUBJECT_REACH = 50
# "Soldiers and rebels clashed": two sides, not allies.
_CLASHED = re.compile(
    r"\s+(?:(?:fighters|militants|rebels|forces|troops|have|had|also|again)\s+){0,2}(?:clash(?:ed)?|fought|battled|(?:exchanged|traded) (?:gun)?fire|skirmished)\b(?!\s+(?:\w+ )?(?:with|against)\b)",
    re.IGNORECASE,
)
_BLAME_SENTENCES = 5
# "Rebels kill 19 civilians": the present tense of headlines.
_HEADLINE_ACT = re.compile(
    r"(?:\s+(?:rebels?|militants?|fighters?|gunmen|forces|troops|insurgents|terrorists|men))?\s+(?:kills?|attacks?|storms?|raids?|ambush(?:es)?|abducts?|kidnaps?|beheads?|burns?|torch(?:es)?|shells?|bombs?|strikes?|hits?|shoots?|seizes?|captures?|fires? on|opens? fire|massacres?|executes?|murders?|slaughters?|targets?|launch(?:es)?)\b",
    re.IGNORECASE,
)
_BLAME_BEFORE = re.compile(
    r"\b(?:blam(?:ed|es|ing)(?: it| the \w+)?(?: on)?|accus(?:ed|es|ing)|attribut\w+ (?:\w+ ){0,3}to|laid (?:\w+ ){1,3}at the door of|suspicion fell on|pointed (?:\w+ ){1,3}at|suspected|(?:work|act|attack|handiwork) of|committed by|believed to (?:be|belong to)|thought to (?:be|belong to))\s+(?:(?:the|an?|\w+)\s+){0,3}$",
    re.IGNORECASE,
)
_BLAME_AFTER = re.compile(
    r"[^.;]{0,60}?\b(?:was|were|is|are|has been|have been)\s+(?:\w+ly\s+)?(?:blamed|suspected|accused|held responsible|thought to be behind|believed to be (?:behind|responsible))\b",
    re.IGNORECASE,
)
_OPENING = 45
_SUFFERS = re.compile(
    r"\s+(?:c[oa]me under|comes under|drove over|ran over|stepped on|were|was|have been|had been|has been|died|lost|fell|suffered)\b",
    re.IGNORECASE,
)
_REACH = 110
_STATES = {"state_forces", "external_forces"}
_UNDERTAKINGS = {"operation", "offensive"}
# Words that say of somebody only that he did it: another word for the same people tells more.
_ATTACKERS = re.compile(
    r"^(?:the |suspected |unknown |unidentified )*(?:attackers?|assailants?|bombers?|suicide bombers?|perpetrators?|terrorists?|gangs?|raiders|group|same group|enemy)$",
    re.IGNORECASE,
)
_GATHERINGS = {"Peaceful protest", "Violent demonstration", "Protest with intervention"}


@dataclass(frozen=True, slots=True)
class Parties:
    """Perpetrators and targets, as mentioned; each name once."""

    perpetrators: list[ActorMention]
    targets: list[ActorMention]


def find_parties(scenes: Sequence[Scene], reading: Reading) -> Parties:
    """The parties of an incident; the first scene that names one goes before the others, a named one before "gunmen"."""
    told = [_scene_parties(scene, reading) for scene in scenes]
    named = [done for done, _ in told if done]
    telling = [done for done in named if not all(_ATTACKERS.match(m.name) for m in done)]
    perpetrators = next(iter(telling or named), [])
    if not perpetrators or all(m.is_generic for m in perpetrators):
        suffered = {m.start for _, harmed in told for m in harmed}
        blamed = [a for a in _blamed(scenes, reading) if a.start not in suffered]
        perpetrators = blamed or perpetrators or _in_title(reading, scenes)
    targets = next((harmed for _, harmed in told if harmed), [])
    if any(not m.is_generic and m.actor_type not in _STATES for m in perpetrators):
        perpetrators = [m for m in perpetrators if not m.is_generic]
    names = {m.name.casefold() for m in perpetrators}
    others = [m for m in _distinct(targets) if m.name.casefold() not in names]
    return Parties(_distinct(perpetrators), others or (_distinct(targets) if len(names) > 1 else []))


def _blamed(scenes: Sequence[Scene], reading: Reading) -> list[ActorMention]:
    """Whom somebody lays the act to, in the sentences of it or next after them: a named group before "insurgents"."""
    first = reading.scenes.index(scenes[0])
    near = [s for s in reading.scenes[first : first + _BLAME_SENTENCES] if s in scenes or s.kind != "act"]
    blamed = [
        actor
        for scene in near
        for actor in scene.actors
        if actor.actor_type not in {"civilians", "protesters"} and _is_blamed(actor, scene)
    ]
    return [a for a in blamed if not a.is_generic][:1] or [a for a in blamed if a.actor_type == "unknown"][:1]


def _is_blamed(actor: ActorMention, scene: Scene) -> bool:
    text, offset = scene.sentence.text, scene.sentence.start
    return bool(
        _BLAME_BEFORE.search(text[: actor.start - offset]) or _BLAME_AFTER.match(text, actor.end - offset)
    )


def _in_title(reading: Reading, scenes: Sequence[Scene]) -> list[ActorMention]:
    """The party that the headline begins with, for the act that the article leads with, where the text names it too."""
    if reading.title is None or not reading.acts or reading.acts[0] not in scenes:
        return []
    for actor in find_actors(reading.title)[:1]:
        if actor.start > _OPENING or not _HEADLINE_ACT.match(reading.title, actor.end):
            continue
        name = (actor.canonical or actor.name).casefold()
        told = [a for a in reading.actors if (a.canonical or a.name).casefold() == name]
        return told[:1]
    return []


def _distinct(mentions: Sequence[ActorMention]) -> list[ActorMention]:
    return list({(m.canonical or m.name).casefold(): m for m in reversed(mentions)}.values())[::-1]


def _scene_parties(scene: Scene, reading: Reading) -> tuple[list[ActorMention], list[ActorMention]]:
    text, offset = scene.sentence.text, scene.sentence.start
    counted = [(m.start, m.end) for m in scene.casualties if m.outcome != "displaced"]
    actors = [a for a in scene.actors if not (_MEANS.match(a.text) and a.country_code is None)]
    harmed = [
        a
        for a in actors
        if any(
            (a.start < end and start < a.end)
            or (a.start > end and _MEMBERS_OF.fullmatch(text[end - offset : a.start - offset]))
            for start, end in counted
        )
    ]
    if (sought := _sought(actors, text, offset)) is not None:
        people = victims_of(scene.casualties, text, offset, scene.triggers)
        done = [resolve_reference(a, reading) for a in sought]
        return done, [p for p in people if not any(a.start < p.end and p.start < a.end for a in sought)]
    free = [a for a in actors if a not in harmed and not _speaks(a, text, offset)]
    armed = [a for a in free if a.actor_type not in {"civilians", "protesters"}]
    done = _agents(scene, armed, text, offset)
    sides = _sides(armed, text, offset)
    if not done and len(sides) == 2:
        both = [
            resolve_reference(a, reading) for a in sorted(sides, key=lambda a: a.actor_type == "state_forces")
        ]
        return both, [*harmed, *both]
    if not done and (other := [a for a in armed if _CLASH_WITH.search(text[: a.start - offset])]):
        rest = [a for a in [*armed, *harmed] if a not in other and a.actor_type != other[0].actor_type]
        rest = [a for a in rest if a.actor_type not in {"civilians", "protesters"}]
        done = [*rest[:1], *other[:1]]
    objects = [
        a
        for a in free
        if a not in done
        and _ON.search(text[: a.start - offset])
        and not _POST.match(text, a.end - offset)
        and not _is_blamed(a, scene)
    ]
    objects += [
        a
        for a in armed
        if a not in done
        and _CLASHED.match(text, a.end - offset)
        and any(_is_opposed(a, other) for other in done)
    ]
    people = victims_of(scene.casualties, text, offset, scene.triggers)
    harmed = [_whole(a, people) for a in harmed]
    people = [p for p in people if not any(a.start < p.end and p.start < a.end for a in [*harmed, *objects])]
    targets = [*harmed, *people, *objects] or find_property(text, offset)
    if not targets:
        targets = [a for a in free if a.actor_type == "civilians"]
    if not done and _FOUGHT.search(text):
        done = [a for a in harmed if a.actor_type in {"rebel_group", "militia", "unknown"}][:1]
        done = (
            done
            if any(a.actor_type in {"state_forces", "external_forces"} for a in [*harmed, *armed])
            else []
        )
    if not done:
        alone = [a for a in armed if a.actor_type in {"rebel_group", "militia", "unknown"}]
        alone = [a for a in alone if a not in objects and not _is_place_of(a, scene)]
        done = alone if len(alone) == 1 else []
    if not done and (unnamed := _unnamed_subject(scene)) is not None:
        done = [unnamed]
    if not done and scene.triggers and all(t.sub_event_type in _GATHERINGS for t in scene.triggers):
        done = [a for a in free if a.actor_type in {"civilians", "protesters"}][:2]
        targets = [t for t in targets if t not in done]
    done = [_members_of(a, scene) for a in done]
    return [resolve_reference(a, reading) for a in done], [resolve_reference(a, reading) for a in targets]


def _sought(actors: Sequence[ActorMention], text: str, offset: int) -> list[ActorMention] | None:
    """The party that a sentence says is sought or held for its act; ``None`` where nobody is."""
    match = _SOUGHT.search(text)
    if match is None:
        return None
    start, end = match.span("object") if match["object"] else (match.start() - _SUBJECT_REACH, match.start())
    return [a for a in actors if start <= a.start - offset < end][:1]


def _whole(actor: ActorMention, people: Sequence[ActorMention]) -> ActorMention:
    """ "Workers" of "seven election workers" are the election workers."""
    if actor.actor_type != "civilians":
        return actor
    return next((p for p in people if p.start <= actor.start and actor.end <= p.end), actor)


def _members_of(actor: ActorMention, scene: Scene) -> ActorMention:
    """ "Gunmen of the X faction", "troops of the Y army" act for X and Y."""
    text, offset = scene.sentence.text, scene.sentence.start
    for other in scene.actors:
        gap = text[actor.end - offset : other.start - offset] if other.start > actor.end else ""
        if (
            re.fullmatch(
                r"\s+(?:(?:vehicles|units|members|elements|forces|wing|personnel)\s+)?(?:of|from|belonging to|loyal to)\s+(?:the\s+)?",
                gap,
            )
            and other.actor_type != "civilians"
        ):
            return other
    return actor


def _agents(scene: Scene, armed: Sequence[ActorMention], text: str, offset: int) -> list[ActorMention]:
    """Who acts: "by" the party, the party's own attack, or the subject of the violent verb; with its allies."""
    by = [a for a in armed if _BY.search(text[: a.start - offset]) and not _POST.match(text, a.end - offset)]
    by = [
        a
        for a in by
        if not _BACKED.search(text[: a.start - offset]) and not _TOLD_BY.search(text[: a.start - offset])
    ]
    own = [
        a
        for a in armed
        if _ACT_NOUN.match(text[a.end - offset :])
        and not _AGAINST.search(text[: a.start - offset])
        and not _SUFFERS.match(text, a.end - offset)
    ]
    subject = _subject(scene, armed)
    first = by[:1] or subject or own[:1]
    if not first:
        return []
    allies = [first[0]]
    for actor in armed:
        gap = text[allies[-1].end - offset : actor.start - offset] if actor.start > allies[-1].end else "-"
        if _AND.match(gap) and not (
            _CLASHED.match(text, actor.end - offset) and _is_opposed(actor, first[0])
        ):
            allies.append(actor)
    return allies


def _is_opposed(actor: ActorMention, other: ActorMention) -> bool:
    """A state's force and one that is none."""
    return (actor.actor_type in _STATES) != (other.actor_type in _STATES)


def _subject(scene: Scene, armed: Sequence[ActorMention]) -> list[ActorMention]:
    """The armed party before the violent verb."""
    text, offset = scene.sentence.text, scene.sentence.start
    spoke = [a for a in scene.actors if _OWN_ACT.search(text[a.end - offset : a.end - offset + 45])]
    spoke = [a for a in spoke if a.actor_type not in {"civilians", "protesters"}]
    for act in scene.triggers:
        if act.text.casefold() in _UNDERTAKINGS:
            continue
        before = [
            a
            for a in armed
            if (0 < act.start - a.end < _REACH or act.start <= a.start < a.end < act.end)
            and not _is_place_of(a, scene)
            and not _is_passive(act.start, text, offset)
            and not _SUFFERS.match(text, a.end - offset)
        ]
        if before:
            return before[:1] if act.start - before[0].end < 60 else before[-1:]
    return spoke[:1] or _opening_subject(scene, armed)


def _opening_subject(scene: Scene, armed: Sequence[ActorMention]) -> list[ActorMention]:
    """The party that a sentence opens with is the subject of its verb, however much stands between them."""
    text, offset = scene.sentence.text, scene.sentence.start
    for actor in armed[:1]:
        head = text[: actor.start - offset]
        acts = [t for t in scene.triggers if t.start > actor.end]
        if len(head) < _OPENING and not _PREPOSED.search(head) and not _POST.match(text, actor.end - offset):
            active = [t for t in acts if not _is_passive(t.start, text, offset)]
            after = text[actor.end - offset : actor.end - offset + 25]
            return [actor] if active and not _SUFFERS.match(after) else []
    return []


def _unnamed_subject(scene: Scene) -> ActorMention | None:
    """ "Two Palestinians shot dead ...", "men on motorcycles attacked ...": who acts, where no party is known."""
    match = _BY_UNNAMED.search(scene.sentence.text) or _SUBJECT.search(scene.sentence.text)
    if match is None:
        return None
    start, end = scene.sentence.start + match.start("who"), scene.sentence.start + match.end("who")
    return ActorMention(start, end, match["who"], match["who"], None, None, "unknown", is_generic=True)


def _is_passive(start: int, text: str, offset: int) -> bool:
    return bool(
        re.search(
            r"\b(?:was|were|been|being|are|is)\s+(?:\w+ly\s+|also\s+|all\s+)?$",
            text[: start - offset][-40:],
            re.IGNORECASE,
        )
    )


def _sides(armed: Sequence[ActorMention], text: str, offset: int) -> list[ActorMention]:
    """The two sides of "clashes between A and B"."""
    match = _BETWEEN.search(text)
    return [a for a in armed if match and a.start - offset >= match.end()][:2]


def _speaks(actor: ActorMention, text: str, offset: int) -> bool:
    """A party that only reports the act ("police said") did not do it; one that says it did, did."""
    if _MOUTHPIECE.search(text[: actor.start - offset]):
        return True
    after = text[actor.end - offset : actor.end - offset + 60]
    return bool(_SPEECH.match(after)) and not _OWN_ACT.search(after)


def _is_place_of(actor: ActorMention, scene: Scene) -> bool:
    """True for a party that only tells where: "near a police post", "an army base"."""
    text, offset = scene.sentence.text, scene.sentence.start
    before = text[: actor.start - offset]
    if _OF_GROUP.search(before) or _SOME_OF.search(before):
        return False
    return bool(_POST.match(text, actor.end - offset) or _PREPOSED.search(before))


def resolve_reference(actor: ActorMention, reading: Reading) -> ActorMention:
    """ "The terror group", "the militants": the group named last before; their own span stays the evidence."""
    if not (actor.is_generic and _BACK_REFERENCE.match(actor.name)):
        return actor
    if not actor.name.casefold().startswith("the ") and not _DEFINITE.search(reading.text[: actor.start]):
        return actor
    if actor.name.casefold() in {"gunmen", "men"} and not _OWNED.search(reading.text[: actor.start]):
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
