"""Words that tell of violent acts, by ACLED sub-event type; and words that tell that nothing of the kind happened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pipeline.schema.declarations import read_declaration

_UNREAL, _DENIED, _CONFLICT = "not_happened", "denied", "conflict"
_CLAUSE_END = re.compile(
    r"[;:]|,? but |, (?:and|which|who|while|as|after|when|killing|wounding|injuring|leaving|saying)\b|,? and (?:said|insisted|added)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class TriggerMention:
    """One violent word with the sub-event type it speaks for."""

    start: int
    end: int
    text: str
    sub_event_type: str


@cache
def load_patterns(name: str) -> dict[str, re.Pattern[str]]:
    """A lexicon of regular expressions by heading, each heading as one pattern."""
    loaded = read_declaration(f"lexicons/{name}")
    wrap = r"(?<![\w-])(?:{})(?!\w)" if name == "triggers" else "(?:{})"
    return {
        heading: re.compile(wrap.format("|".join(words)), re.IGNORECASE)
        for heading, words in loaded.items()
        if words
    }


def find_triggers(sentence: str, offset: int = 0) -> list[TriggerMention]:
    """All violent words of a sentence, in order; spans are moved by ``offset``."""
    found = [
        TriggerMention(match.start() + offset, match.end() + offset, match[0], sub_event_type)
        for sub_event_type, pattern in load_patterns("triggers").items()
        for match in pattern.finditer(sentence)
    ]
    return sorted(found, key=lambda mention: (mention.start, -mention.end))


def screened_out(sentence: str) -> str | None:
    """The heading under which a sentence tells of no act (``accident``, ``tried``, ``sport`` ...), or ``None``."""
    return next(
        (
            heading
            for heading, pattern in load_patterns("relevance").items()
            if heading not in {_UNREAL, _DENIED, _CONFLICT} and pattern.search(sentence)
        ),
        None,
    )


def unreal_spans(sentence: str) -> list[tuple[int, int]]:
    """Where a sentence speaks of what was planned, feared or threatened: from there to the end of the clause."""
    return _spans(_UNREAL, sentence)


def denied_spans(sentence: str) -> list[tuple[int, int]]:
    """Where a sentence speaks of what somebody says was not done or is not true."""
    return _spans(_DENIED, sentence)


def _spans(heading: str, sentence: str) -> list[tuple[int, int]]:
    spans = []
    for match in load_patterns("relevance")[heading].finditer(sentence):
        stop = _CLAUSE_END.search(sentence, match.end())
        spans.append((match.start(), stop.start() if stop else len(sentence)))
    return spans


def conflict_words(text: str) -> set[str]:
    """The different words of conflict in a text, folded: what tells political violence from crime."""
    return {match[0].casefold() for match in load_patterns("relevance")[_CONFLICT].finditer(text)}
