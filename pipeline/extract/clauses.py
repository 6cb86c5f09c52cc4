"""Sentences that tell of two acts, cut where the second one begins: "..., a day after six officers died in a blast"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.extract.casualties import find_casualties
from pipeline.extract.numbers import WORDS
from pipeline.extract.triggers import find_triggers
from pipeline.text.sentences import Sentence

_ANOTHER_DAY = re.compile(
    rf",?\s+(?=(?:just |only |barely |less than )?(?:(?:an?|{WORDS}|\d{{1,2}}|several|some) )?(?:hour|day|week|month)s? (?:after|before|earlier|later)\b|the day after\b)",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"(?:,\s+|;\s+|\s+[–—-]\s+|\s+)(?=(?:while|whereas)\s)|;\s+|,\s+(?=and (?:another|a separate|a second)\b)"
)
_ELSEWHERE = re.compile(r"(?:while|whereas)\s+(?:in|at|near|outside)\s+(?:[a-z-]+\s+){0,2}[A-ZÀ-Þ]")
# "Killed nine, bringing the number of dead in the week to 530": an act, and a total over a period.
_OVER_PERIOD = rf"(?:this (?:week|month|year)\b|(?:in|over|during|within|for) the (?:(?:past|last|previous) )?(?:(?:{WORDS}|\d+|few) )?(?:hours|days|weeks?|weekend|months?|years?)\b|since\b(?! (?:(?:this|the) )?(?:morning|dawn|midnight|noon|yesterday|\w+day\b))|so far this\b)"
_PERIOD = re.compile(rf"\b{_OVER_PERIOD}", re.IGNORECASE)
_TOTAL_OF_PERIOD = re.compile(
    rf",?\s+(?=(?:bringing|raising|taking|pushing|lifting)\s+(?:the|to)\b[^;]{{0,150}}?\b{_OVER_PERIOD})",
    re.IGNORECASE,
)
# "The worst attack since March, when 42 soldiers died", "since gunmen killed 160": an older act, told to measure this one.
_SINCE = re.compile(r",?\s+(?=since\b[^,;.]{3,40},?\s+when\b)", re.IGNORECASE)
_WORST_SINCE = re.compile(
    r"(?<!\w)(?:worst|deadliest|bloodiest|biggest|largest|heaviest|highest|most \w+|first|latest|such)\b[^,;.]{0,60}?(?P<cut>\s+since\s+)",
    re.IGNORECASE,
)
_COMES_AFTER = re.compile(
    rf",?\s+(?=(?:comes?|came|coming|occurred|happened)\s+(?:just |only |barely |less than )?(?:(?:an?|{WORDS}|\d{{1,2}}|several|some|a few)\s+)?(?:hour|day|week|month|year)s?\s+after\b|follows\b)",
    re.IGNORECASE,
)
_OWN_ACT = re.compile(
    r"\b(?:an?|another|separate|two|three|several)\s+(?:[\w-]+\s+){0,4}?(?:attacks?|bombings?|blasts?|explosions?|raids?|ambush(?:es)?|clash(?:es)?|air ?strikes?|strikes?|drones?|mines?|landmines?|bombs?|shelling|shootings?|rockets?|missiles?|mortars?|encounters?)\b",
    re.IGNORECASE,
)
_HARM = re.compile(r"killed|killings?|wounded|slain|found dead|shot", re.IGNORECASE)
_OUTCOMES = {"killed", "injured", "abducted", "killed_or_injured"}


def split_acts(sentences: Iterable[Sentence]) -> list[Sentence]:
    """The sentences, those of two acts as two; offsets stay those of the article."""
    return [piece for sentence in sentences for piece in _pieces(sentence)]


def _pieces(sentence: Sentence) -> Iterator[Sentence]:
    cut = _cut(sentence.text)
    if cut is None:
        yield sentence
        return
    end, start = cut
    yield Sentence(sentence.start, sentence.start + end, sentence.paragraph, sentence.text[:end])
    yield from _pieces(
        Sentence(sentence.start + start, sentence.end, sentence.paragraph, sentence.text[start:])
    )


def _cut(text: str) -> tuple[int, int] | None:
    """Where the first act ends and the second begins, if there are two."""
    for match in [*_SINCE.finditer(text), *_COMES_AFTER.finditer(text)]:
        if _counts(text[match.end() :]):
            return match.start(), match.end()
    for match in _WORST_SINCE.finditer(text):
        if _harms(text[match.end() :]):
            return match.span("cut")
    for match in _ANOTHER_DAY.finditer(text):
        if _harms(text[: match.start()]) and _harms(text[match.end() :]):
            return match.start(), match.end()
    for match in _TOTAL_OF_PERIOD.finditer(text):
        if _harms(text[: match.start()]) and _counts(text[match.end() :]):
            return match.start(), match.end()
    for match in _BESIDE.finditer(text):
        left, right = text[: match.start()], text[match.end() :]
        if (_ELSEWHERE.match(right) or _PERIOD.search(right)) and _harms(left) and _counts(right):
            return match.start(), match.end()
        if _harms(left) and _harms(right) and _acts(left) and _OWN_ACT.search(right):
            return match.start(), match.end()
    return None


def _acts(clause: str) -> bool:
    """True where a clause tells of an act, not only of the harm it did."""
    return any(not _HARM.fullmatch(trigger.text) for trigger in find_triggers(clause))


def _harms(clause: str) -> bool:
    """True for a clause with an act and people counted who came to harm."""
    return _counts(clause) and bool(find_triggers(clause))


def _counts(clause: str) -> bool:
    """True for a clause that counts people who came to harm."""
    return any(m.outcome in _OUTCOMES and m.low and not m.is_subset for m in find_casualties(clause))
