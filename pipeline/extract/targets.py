"""Things and places that are attacked, and who the people harmed are: targets that no list of parties names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pipeline.extract.mentions import ActorMention, CasualtyMention
from pipeline.extract.triggers import TriggerMention
from pipeline.schema.declarations import read_declaration

_ACT = re.compile(
    r"\b(?:attack(?:ed|ing|s)?|storm(?:ed|ing)|raid(?:ed|ing)|hit(?:ting)?|struck|striking|bomb(?:ed|ing|arded|arding)|shell(?:ed|ing)|target(?:ed|ing|s)|ambush(?:ed|ing)?|torch(?:ed|ing)|burn(?:ed|t|ing)(?: down)?|set fire to|destroy(?:ed|ing)|seiz(?:ed|ing)(?: control of)?|took control of|taken control of|captur(?:ed|ing)|overr[au]n(?:ning)?|opened fire (?:on|at)|fired (?:on|at|into)|pounded|loot(?:ed|ing)|ransack(?:ed|ing)|blew up|blown up|exploded (?:in|at|near|outside)|detonated (?:in|at|near|outside)|thrown at|hurled at|fell (?:on|in)|against|(?:attack|raid|assault|strike|strikes|airstrike|airstrikes|bombing|shelling|attacks|raids|ambush) (?:on|at|against))\s+",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"^(?:the|an?|its|his|her|their|two|three|four|several|some|at least|on|with|in|heavy|artillery|one|five|six)\s+",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"[,;:.()]|\b(?:and|in|on|at|near|by|who|which|that|when|where|while|killing|wounding|with|after|before|as|from|to|overnight|early|late|yesterday|today)\b|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b",
    re.IGNORECASE,
)
_MAX_TARGET = 70


@cache
def _property_pattern() -> re.Pattern[str]:
    loaded = read_declaration("lexicons/targets")
    words = sorted(loaded["property"], key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(re.escape(word) for word in words)})(?:s|es)?\b", re.IGNORECASE)


def find_property(sentence: str, offset: int) -> list[ActorMention]:
    """Things attacked, as the sentence names them ("an army base"); each a mention of actor type ``property``."""
    found: dict[tuple[int, int], ActorMention] = {}
    for act in _ACT.finditer(sentence):
        rest = sentence[act.end() : act.end() + _MAX_TARGET]
        stop = _STOP.search(rest)
        phrase = rest[: stop.start()] if stop else rest
        words = list(_property_pattern().finditer(phrase))
        if not words:
            continue
        start = 0
        while lead := _LEADING.match(phrase[start:]):
            start += lead.end()
        end = words[-1].end()
        if end <= start:
            continue
        begin, text = act.end() + start, phrase[start:end]
        if re.match(r"\s+of\s+(?:the\s+)?[A-ZÀ-Þ]", sentence[act.end() + end :]):
            named = re.match(
                r"\s+of\s+(?:the\s+)?[A-ZÀ-Þ][\w’'-]+(?:\s+[A-ZÀ-Þ][\w’'-]+)*", sentence[act.end() + end :]
            )
            text = sentence[begin : act.end() + end + (named.end() if named else 0)]
        key = (begin + offset, begin + offset + len(text))
        found[key] = ActorMention(*key, text, text, None, None, "property", is_generic=True)
    return list(found.values())


def victims_of(
    casualties: Sequence[CasualtyMention], sentence: str, offset: int, acts: Sequence[TriggerMention]
) -> list[ActorMention]:
    """The people a sentence counts as harmed, by their own noun phrase ("election workers")."""
    found = []
    for mention in casualties:
        if (
            mention.outcome not in {"killed", "injured", "abducted", "killed_or_injured"}
            or not mention.victim
        ):
            continue
        words = sentence[mention.start - offset : mention.end - offset]
        name = re.sub(r"^(?:of|other|more)\s+", "", re.sub(r"\s+", " ", mention.victim))
        begin = words.find(name)
        if begin < 0 or name.casefold() in _EMPTY:
            continue
        start = mention.start + begin
        kind = {"security_forces": "state_forces", "militants": "unknown"}.get(
            mention.victim_class, "civilians"
        )
        found.append(ActorMention(start, start + len(name), name, name, None, None, kind, is_generic=True))
    return found


_EMPTY = {
    "others",
    "other",
    "people",
    "persons",
    "person",
    "dead",
    "wounded",
    "bodies",
    "body",
    "victims",
    "victim",
    "casualties",
    "lives",
    "life",
    "deaths",
    "death",
    "members",
    "member",
    "fatalities",
}
