"""One person who comes to harm without being counted: "Kin Kin was shot dead", "killed its commander"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pipeline.extract.casualties import OutcomeWord, outcome_words, person_nouns
from pipeline.extract.mentions import CasualtyMention

_WAS = re.compile(
    r"\b(?:was\s+[^.;]{3,90}?\s+and|was|has been|had been|is being|was being|having been)\s+(?:(?:\w+ly|also|then|later|first|himself|herself)\s+)*$",
    re.IGNORECASE,
)
_DIED = re.compile(r"\b(?:died|succumbed|perished|(?:sustained|suffered) injuries)$", re.IGNORECASE)
# Subjects in the singular that are more, or less, than one person.
_NOT_ONE = re.compile(
    r"\b(?:famil(?:y|ies)|groups?|crowd|teams?|patrol|units?|crew|convoys?|everyone|everybody|no[ -]one|nobody|none|number|many|most|total|each|every|thousands|hundreds|dozens|scores|several|others|people|women|men|children|soldiers|policemen|militants|members|troops|civilians|attacks?|(?:\d+|two|three|four|five|six|seven|eight|nine|ten)\s+(?!days|weeks|months|years|hours|minutes|times)\w+s)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:we|they|you|these|those)\s+(?:\w+\s+)?$", re.IGNORECASE)
_NAME = r"[A-ZÀ-Þ][\w'’.-]+(?:\s+(?:al-|el-|bin\s+|ibn\s+|de\s+|van\s+)?[A-ZÀ-Þ][\w'’.-]*){1,4}"
_TITLE = r"(?:Mr|Mrs|Ms|Sgt|Lt|Col|Gen|Capt|Maj|Cpl|Pvt|Dr|Sheikh|Mayor|Governor|Judge|Father|Imam|Haji|Mullah|Sergeant|Captain|Colonel|General|Major|Lieutenant|Corporal|Constable|Inspector|Commander)\.?\s+"
# "Killed with his driver": whoever is killed with somebody's driver is somebody.
_KIN = re.compile(r"(?:\w+ of )?(?:his|her|their)\s", re.IGNORECASE)
_KIN_BEFORE = re.compile(r"\b(?:his|her|their)\s+(?:own\s+|other\s+)?$", re.IGNORECASE)
_CLAUSE = re.compile(r"[;:]|\b(?:that|when|while|where|after|before|because|but|and|as)\b", re.IGNORECASE)
_GROUP_NAME = re.compile(
    r"(?:forces|troops|fighters|militants|soldiers|rebels|army|police|people|[a-z]{3,}(?:is|ans|ese))$",
    re.IGNORECASE,
)


@cache
def _object_pattern() -> re.Pattern[str]:
    ranks = "commander|leader|chief|member|official|mayor|governor|general|colonel|captain|major|lieutenant|brigadier|cleric|kingpin|spokesman|deputy|head|ringleader"
    nouns = "|".join(sorted((re.escape(noun) for noun in person_nouns()), key=len, reverse=True))
    return re.compile(
        rf"\s+(?:(?:{_TITLE})+[A-ZÀ-Þ][\w'’.-]+|{_NAME}(?=\s*(?:,|\(|$|\.|on\b|in\b|at\b|near\b|and (?:wound|injur)))"
        rf"|(?:an?|one|its|the|his|another|tribal|village|local)\s+(?:(?!and\b|who\b|in\b|of\b|on\b|at\b)[\w’'“”-]+\s+){{0,6}}?(?:{ranks}|{nouns})\b(?!['’]))"
    )


def find_persons(sentence: str, offset: int, counted: Sequence[CasualtyMention]) -> list[CasualtyMention]:
    """Persons killed or injured one at a time, where the sentence counts nobody with the same outcome."""
    told = {
        m.outcome
        for m in counted
        if not _KIN.match(m.text) and not _KIN_BEFORE.search(sentence[: m.start - offset])
    } | ({"killed", "injured"} if any(m.outcome == "killed_or_injured" for m in counted) else set())
    found: dict[str, CasualtyMention] = {}
    for word in outcome_words(sentence):
        if (
            word.outcome not in {"killed", "injured", "abducted"}
            or word.outcome in told
            or word.outcome in found
        ):
            continue
        span = _subject_of(word, sentence) or _object_of(word, sentence)
        if span is not None and not _is_counted(span, counted, sentence, offset):
            start, end = span
            found[word.outcome] = CasualtyMention(
                start + offset,
                end + offset,
                sentence[start:end],
                word.outcome,
                None,
                "unknown",
                1,
                1,
                1,
                "exact",
            )
    return list(found.values())


def _is_counted(
    span: tuple[int, int], counted: Sequence[CasualtyMention], sentence: str, offset: int
) -> bool:
    """True where the words count somebody, or follow a count that they are said of."""
    start, end = span
    return any(
        (m.start - offset < end and start < m.end - offset) or not sentence[m.end - offset : start].strip()
        for m in counted
        if m.start - offset < end
    )


def _subject_of(word: OutcomeWord, sentence: str) -> tuple[int, int] | None:
    before = sentence[max(0, word.start - 160) : word.start]
    was = _WAS.search(before)
    if was is None and not _DIED.search(sentence[word.start : word.end]):
        return None
    if was is not None and not word.is_passive:
        return None
    subject = before[: was.start()] if was else before
    clauses = list(_CLAUSE.finditer(subject))
    clause = subject[clauses[-1].end() :] if clauses else subject
    if _NOT_ONE.search(clause) or _PRONOUN.search(clause) or (clause.strip() == "" and was is None):
        return None
    if was is None and not re.search(
        r"\b(?:he|she|who|man|woman|boy|girl|child|member|soldier|officer|policeman|fighter|civilian|leader|commander),?\s*(?:\w+ly\s+|later\s+)?$|[A-Z][\w-]+,?\s*(?:,?\s*\d+,\s*)?$",
        clause,
    ):
        return None
    start = word.start - (len(before) - was.start()) if was else word.start
    return start, word.end


def _object_of(word: OutcomeWord, sentence: str) -> tuple[int, int] | None:
    if not word.is_active and not re.match(r"\s+[A-Z]", sentence[word.end :]):
        return None
    match = _object_pattern().match(sentence, word.end)
    if match is None or _GROUP_NAME.search(match[0]):
        return None
    return word.start, match.end()
