"""Counts of people with what happened to them, in one sentence: killed, injured, abducted and the like."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import cache

from pipeline.extract.gazetteer import countries_by_demonym
from pipeline.extract.mentions import CasualtyMention, NumberMention
from pipeline.extract.numbers import WORDS, find_numbers
from pipeline.records import Outcome, VictimClass
from pipeline.schema.declarations import read_declaration

OUTCOMES: tuple[Outcome, ...] = ("killed", "injured", "abducted", "detained", "missing", "displaced")
_MAX_NOUN_WORDS = 7
# Bounds on what one count looks at, so that a sentence of any length costs time in proportion to its length.
_MAX_PHRASE = 300
_MAX_GAP = 110
_BREAK = re.compile(
    r"[.;:()\"“”—–]|--|\s-\s|,|\b(?:were|was|is|are|be|been|have|has|had|in|on|at|when|after|near|from|during|by|while|as|with|for|since|including|and|or|who|to|that|which|of whom|into|inside|outside)\b",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"\s*-?\s*(?:year|yr)s?\b|\s*(?:kilomet|km\b|mile|metre|meter|(?:minute|hour|day|week|month|dollar|percent|vehicle|(?:village|house|home|district)(?!s?\s+(?:guard|chief|head|elder|volunteer|leader|official|resident|defen|militia|police|member|owner))|attack|rocket|round|tent|operation|incident)s?\b)",
    re.IGNORECASE,
)
_SINGULAR = re.compile(
    r"\b(?P<count>an?|another|his|her|its|their|the)\s+[“\"]?(?=[a-zA-Z0-9])", re.IGNORECASE
)
_SUBSET = re.compile(
    r"\b(?:of (?:them|whom|the (?:dead|victims|wounded|injured|killed))|including|among them|among the dead|among whom)\b",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    rf"\s+(?:(?:at least|more than|up to|about|around|some|nearly|between)\s+)?(?:{WORDS}|\d|an?\b|another\b|his\b|her\b|himself\b|herself\b|dozens\b|scores\b|hundreds\b|several\b)",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"\s+(?:people|persons?|civilians?|famil(?:y|ies)|villagers?|women|woman|residents?|children|communit|population|camp)",
    re.IGNORECASE,
)
"""After these nouns "displaced" says who somebody is, not what the news is."""
_SPEAKS = re.compile(
    r"[\w ]{0,25}\b(?:said|told|added|confirmed|reported|explained|announced)\b", re.IGNORECASE
)
_BARE_END = re.compile(
    r"\s*(?:[,.;]|$|and\b|in\b|at\b|on\b|others\b|of\b|when\b|after\b|as\b|near\b|during\b|before\b|while\b)"
)
_ACRONYM = re.compile(r"\([A-Z][\w-]{1,7}\)")
_QUOTED_WORD = re.compile(r"[“\"]([\w-]+(?: [\w-]+)?)[”\"]")
# "The 2011 Bahrain protesters": a year before a name counts nobody.
_YEAR = re.compile(r"(?:19|20)\d\d")
_NAME_NEXT = re.compile(r"\s+[A-ZÀ-Þ][a-z]")
_MAN_OF = re.compile(r"\b(?:man|woman|boy|girl|youth|person|child|men|women|boys|girls) of $", re.IGNORECASE)
# "A commander and two of his men": he is counted with them.
_COMPANIONS = re.compile(r",? and (?:\w+ )?(?:of )?(?:his|her)\b", re.IGNORECASE)
_COUPLE = re.compile(r"\b(?:an?|the) (?:\w+ )?couple\b(?! of\b)", re.IGNORECASE)
_ONE_OF_A_KIND = re.compile(
    r"one of (?:the|its|his|our) (?:\w+ )?(?:worst|deadliest|bloodiest|biggest|largest|most|few|first|last|main)\b",
    re.IGNORECASE,
)
_ANOTHER = re.compile(r"\banother(?=\s*[.,;]|\s*$|\s+(?:in|was|who|and)\b)", re.IGNORECASE)
_SPACES = re.compile(r"\s{2,}")
_LIVES = re.compile(r"(?:lives|souls)$", re.IGNORECASE)
_TAKES_LIVES = re.compile(r"\b(?:claim\w*|cost\w*|took|taken|taking|tak\w+)\s+(?:the\s+)?$", re.IGNORECASE)
_TOKEN = re.compile(r"\S+")
_OF = re.compile(r"\s+of\b")
# Of these the words after "of" say who they are.
_HOLDERS = re.compile(
    r"members?|leaders?|commanders?|bod(?:y|ies)|corpses?|lives|life|deaths?|chiefs?|officials?",
    re.IGNORECASE,
)
_AGED = re.compile(r"\b(?:aged|age|of)\s+$", re.IGNORECASE)
_AGES = re.compile(
    r"\b(?:aged|ages|ages of|ages rang\w+|age of)\s+(?:(?:between|from|just|only)\s+)?$", re.IGNORECASE
)
_NEXT_AGE = re.compile(r"\s*(?:,|,?\s(?:and|or|to))\s+")
# "Two men, 30 and 41, were killed": numbers set off by commas are no people.
_AGES_SET_OFF = re.compile(
    rf",\s+(?:{WORDS}|\d{{1,2}})(?:,\s+(?:{WORDS}|\d{{1,2}}))*,?\s+and\s+(?:{WORDS}|\d{{1,2}})(?=,(?! respectively))",
    re.IGNORECASE,
)
# Before a count: nobody of them ("none of the 15 soldiers"), or some share of them that it does not say ("half of the 20").
_NONE_OF = re.compile(
    r"\b(?:none of|neither of|not (?:a single )?(?:one|any) of|no (?:one|member) of|not)(?:\s+(?:the|its|their|his|these|those))?\s+$",
    re.IGNORECASE,
)
_SHARE_OF = re.compile(
    rf"\b(?:(?:half|most|many|some|thirds?|quarters?|fifths?|majority|per ?cent|few) of|half|all but|(?:nearly|almost|not) all(?: of)?|(?:{WORDS}|\d+) in)(?:\s+(?:the|its|their|his|these|those))?\s+$",
    re.IGNORECASE,
)
# "Two workers (a guard and a driver)": who the counted people were.
_ASIDE = re.compile(r"\((?![^)]*\b(?:killed|died|wounded|injured)\b)[^)]{3,80}\)")
_DEATHS = re.compile(r"\b(?:deaths?|fatalit(?:y|ies))$", re.IGNORECASE)
_COMMA = re.compile(r"\s*[,.]")
_RECOVERED = re.compile(r"\b(?:counted|brought|received|saw|found|recovered|discovered|retrieved|exhumed)\b")
_FOUND_DEAD = re.compile(r"\b(?:bodies|corpses|body)\b", re.IGNORECASE)
_WERE = r"\s*(?:more|others)?\s*(?:were|was|have been|had been|are|are being|was being)(?:\s+(?:also|reportedly|seriously|critically|\w+ly))?\s+"
_TOTAL = re.compile(
    r"\b(?:death toll|toll|number of (?:[\w’'-]+ ){1,6}(?:killed|dead)|number of (?:deaths|fatalities|dead|victims))\b[^.;]{0,180}?\b(?:to|at|of|is|was|reached|stood at|stands at)\s*$",
    re.IGNORECASE,
)
# "Could have killed 50", "may kill", "a plot to kill": nobody came to harm; "may have killed" is not among them.
_UNREAL = re.compile(
    r"\b(?:(?:could|would|should|must) have|(?:could|would|can|cannot|might|may|should|must|will|shall|won['’]t)(?! have\b)|(?:plan|plot|vow|threat|intend|want|aim|attempt|order|hop|prepar)\w*(?: \w+){0,4}? to|(?:try|tried|trying|seek|sought) to)\s+(?:(?:\w+ly|also|not|again|be|been|get)\s+)*(?:\w+ (?:and|or)\s+)?$",
    re.IGNORECASE,
)
_AND_UNREAL = re.compile(
    r"\b(?:could|would|can|might|may|should|must|will|shall) (?!have\b)[a-z]+\b[^.;]{0,60}\band\s+$",
    re.IGNORECASE,
)
# Past these words a verb says something of somebody else.
_OTHER_SUBJECT = re.compile(
    r"\b(?:of whom|ended|turned|led to|leading to|after which|in which)\b", re.IGNORECASE
)
_TOGETHER = re.compile(r"\s*,?\s*(?:together|along|alongside) (?:with )?", re.IGNORECASE)
_THING = r"\w*(?:hous|vehicl|villag|build|animal|cow|goat|sheep|camel|cattl|bull|hors|hut|home|car|truck|lorr|bus|tank|drone|missile|rocket|shell|day|week|month|year|hour|mile|kilomet|met(?:re|er)|place|post|base|camp|town|shop|church|school|weapon|rifle|gun|bird|dog|pig|boat|plane|helicopter|attack|strike|clash|blast|warrant|sentence|order|plan|mission|search|charge|count)\w*\b"
# "Killed five spectators": people by what was done to them, whatever the word for them; but not their goods and beasts.
_PLURAL = re.compile(
    rf"\s+(?!{_THING})(?:(?!of\b|in\b|on\b|at\b|from\b|with\b|by\b|near\b|and\b|more\b)[a-z]+\s+)?(?!{_THING})[a-z]{{4,}}s\b"
)
_OLD_TOTAL = re.compile(
    r"\b(?:earlier|previous|initial|preliminary|provisional)\s+(?:death )?toll\b", re.IGNORECASE
)
# "Killing twelve of them" counts those killed; "twelve of them" after another count says who they were.
_JUST_DONE = re.compile(
    r"\b(?:kill|wound|injur|abduct|kidnapp|execut|behead)\w*\s+(?:(?:at least|more than|about|some|up to)\s+)?$",
    re.IGNORECASE,
)
# "Were ambushed and killed": the first verb is said of the same people.
_PAIRED = re.compile(r"\b(?:was|were|been|being)\s+(?:\w+ly\s+)?\w+(?:ed|en|t) and\s*$", re.IGNORECASE)
_CLAUSE_VERB = re.compile(
    r"\b(?:said|told|attacked|stormed|opened|fled|reported|raided|ambushed|fired|clashed|detonated|targeted|arrived|hit|struck)\b",
    re.IGNORECASE,
)
# "Two women and a child were among 14 people killed", "among the 14 dead were two women": some of those counted.
_MANY_PEOPLE = rf"among\s+(?:(?:the|those|at least|more than|about|around|some|nearly|up to)\s+)*(?:{WORDS}|\d[\d,]*|dozens|scores|hundreds)\b"
_WERE_AMONG = re.compile(
    rf"(?:(?!\b(?:kill|di|wound|injur)ed\b|\bw(?:as|ere)\b)[\w\s,'’-]){{0,80}}\b(?:was|were|are|is)\s+(?:\w+\s+)?{_MANY_PEOPLE}",
    re.IGNORECASE,
)
_AMONG_WERE = re.compile(
    rf"\b{_MANY_PEOPLE}[\w\s'’-]{{0,80}}\b(?:was|were|are|is)\b(?!\s+(?:killed|wounded|injured|shot))[^.;]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _People:
    """A counted noun phrase: the number, its noun and where the phrase ends."""

    number: NumberMention
    end: int
    noun: str | None
    victim_class: VictimClass


@dataclass(frozen=True, slots=True)
class OutcomeWord:
    """A word that says what happened to people; ``is_active`` where they stand after it, ``is_passive`` before it."""

    start: int
    end: int
    outcome: Outcome
    is_active: bool
    is_passive: bool


@dataclass(frozen=True, slots=True)
class _OutcomeWords:
    """The words of one sentence that say what happened to people, in order."""

    words: list[OutcomeWord]
    has_recovered: bool

    def within_reach_of(self, people: _People) -> list[OutcomeWord]:
        """The words after a phrase that are near enough to be said of it."""
        first = bisect_left(self.words, people.end, key=lambda word: word.start)
        last = bisect_right(self.words, people.end + _MAX_GAP, key=lambda word: word.start)
        return self.words[first:last]

    def last_before(self, people: _People) -> OutcomeWord | None:
        """The last word that ends before the phrase."""
        count = bisect_right(self.words, people.number.start, key=lambda word: word.end)
        return self.words[count - 1] if count else None


@cache
def _lexicon(name: str) -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = read_declaration(f"lexicons/{name}")
    return loaded


def _plural(noun: str) -> list[str]:
    if noun.endswith("wife"):
        return [noun, noun[:-2] + "ves"]
    ending = (
        "ies"
        if noun.endswith("y") and noun[-2] not in "aeo"
        else "es"
        if noun.endswith(("s", "x", "ch"))
        else "s"
    )
    stem = noun[:-1] if ending == "ies" else noun
    return [noun, stem + ending]


@cache
def _nouns() -> dict[str, VictimClass]:
    classes: tuple[VictimClass, ...] = ("unknown", "militants", "civilians", "security_forces")
    peoples: dict[str, VictimClass] = {f"{demonym}s": "unknown" for demonym in countries_by_demonym()}
    return peoples | {
        form.casefold(): kind
        for kind in classes
        for noun in _lexicon("victims")[kind]
        for form in _plural(noun)
    }


@cache
def _noun_pattern() -> re.Pattern[str]:
    alternatives = "|".join(re.escape(noun) for noun in sorted(_nouns(), key=len, reverse=True))
    return re.compile(rf"\b(?=[a-z])(?:{alternatives})\b", re.IGNORECASE)


@cache
def _outcome_pattern() -> re.Pattern[str]:
    lexicon = _lexicon("casualties")
    parts = [f"(?P<combined>{_any(lexicon['combined'])})"]
    for outcome in OUTCOMES:
        words = {*lexicon[outcome]["active"], *lexicon[outcome]["passive"]}  # type: ignore[call-overload]
        parts.append(f"(?P<{outcome}>{_any(sorted(words))})")
    return re.compile(rf"\b(?=[a-z])(?:{'|'.join(parts)})\b", re.IGNORECASE)


def _any(words: list[str]) -> str:
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(words, key=len, reverse=True))


@cache
def _none_pattern() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_any(_lexicon('casualties')['none'])})\b", re.IGNORECASE)


def victim_class(phrase: str) -> VictimClass:
    """The class of people a noun phrase names; a fighter of a state's force counts to the security forces."""
    folded = phrase.casefold()
    found = [m[0].casefold() for m in _noun_pattern().finditer(phrase)]
    kinds = [_nouns()[noun] for noun in found]
    if "security_forces" in kinds:
        return "security_forces"
    if "militants" in kinds:
        is_state = any(
            re.search(rf"\b{re.escape(word)}\b", folded) for word in _lexicon("victims")["state_words"]
        )
        return "security_forces" if is_state and re.search(r"\b(?:fighter|member)", folded) else "militants"
    return next((kind for kind in reversed(kinds) if kind != "unknown"), "unknown")


def find_casualties(sentence: str, offset: int = 0) -> list[CasualtyMention]:
    """Casualty mentions of one sentence; spans are moved by ``offset``."""
    original, sentence = sentence, _ACRONYM.sub(lambda match: " " * len(match[0]), sentence)
    sentence = _QUOTED_WORD.sub(r" \1 ", sentence)
    words = _OutcomeWords(outcome_words(sentence), bool(_RECOVERED.search(sentence)))
    mentions = [m for match in _none_pattern().finditer(sentence) for m in _none_mention(match, offset)]
    taken = _marks(sentence, [(m.start - offset, m.end - offset) for m in mentions])
    for people in _counted_people(sentence):
        outcome = None if taken[people.number.start] else _outcome_of(people, words, sentence)
        if outcome is not None:
            mention = _mention(people, outcome, sentence, offset)
            mentions.append(replace(mention, text=original[people.number.start : people.end]))
            taken[people.number.start : people.end] = b"\1" * (people.end - people.number.start)
    return sorted(mentions, key=lambda mention: mention.start)


def _marks(sentence: str, spans: list[tuple[int, int]]) -> bytearray:
    """One byte a character, set inside the spans."""
    marks = bytearray(len(sentence))
    for start, end in spans:
        marks[start:end] = b"\1" * (end - start)
    return marks


def _none_mention(match: re.Match[str], offset: int) -> list[CasualtyMention]:
    words = match[0].casefold()
    killed = any(
        stem in words
        for stem in (
            "casualt",
            "causalit",
            "kill",
            "death",
            "fatal",
            "life",
            "died",
            "victim",
            "harmed",
            "hurt",
            "hit",
        )
    )
    injured = any(
        stem in words for stem in ("casualt", "causalit", "harmed", "hurt", "hit", "injur", "wound", "victim")
    )
    outcomes: list[Outcome] = [*(["killed"] if killed else []), *(["injured"] if injured else [])]  # type: ignore[list-item]
    return [
        CasualtyMention(
            match.start() + offset, match.end() + offset, match[0], outcome, None, "unknown", 0, 0, 0, "exact"
        )
        for outcome in outcomes
    ]


def outcome_words(sentence: str) -> list[OutcomeWord]:
    """All words of a sentence that say what happened to people, in order."""
    lexicon = _lexicon("casualties")
    words = []
    for match in _outcome_pattern().finditer(sentence):
        kind, text = str(match.lastgroup), re.sub(r"\s+", " ", match[0].casefold())
        if kind == "combined":
            words.append(OutcomeWord(match.start(), match.end(), "killed_or_injured", True, True))
            continue
        if kind == "displaced" and _ATTRIBUTE.match(sentence, match.end()):
            continue
        head = sentence[max(0, match.start() - 90) : match.start()]
        if _UNREAL.search(head) or (text == "kill" and _AND_UNREAL.search(head)):
            continue
        outcome: Outcome = kind  # type: ignore[assignment]
        forms = lexicon[kind]
        active, passive = text in forms["active"], text in forms["passive"]  # type: ignore[call-overload]
        if active and passive:
            before = sentence[max(0, match.start() - 40) : match.start()]
            was = re.search(
                r"\b(?:was|were|been|being|are|is|be|get|got)(?:\s+(?:also|reportedly|immediately|seriously|critically|badly|\w+ly))*\s+(?:\w+ and\s+)?$",
                before,
                re.IGNORECASE,
            )
            active, passive = (False, True) if was else (True, not _OBJECT.match(sentence, match.end()))
        words.append(OutcomeWord(match.start(), match.end(), outcome, active, passive))
    return words


def _counted_people(sentence: str) -> list[_People]:
    people = []
    set_off = [match.span() for match in _AGES_SET_OFF.finditer(sentence)]
    age: NumberMention | None = None
    for number in find_numbers(sentence):
        if _AGES.search(sentence[max(0, number.start - 25) : number.start]) or (
            age is not None
            and _NEXT_AGE.fullmatch(sentence[age.end : number.start])
            and _phrase(number, sentence).noun is None
        ):
            age = number
            continue
        if (
            _AGE.match(sentence, number.end)
            or (_YEAR.fullmatch(number.text) and _NAME_NEXT.match(sentence, number.end))
            or _MAN_OF.search(sentence[max(0, number.start - 16) : number.start])
            or _ONE_OF_A_KIND.match(sentence, number.start)
            or (
                _AGED.search(sentence[max(0, number.start - 20) : number.start])
                and _COMMA.match(sentence, number.end)
            )
            or any(start < number.start < end for start, end in set_off)
        ):
            continue
        people.append(_phrase(_meant(number, sentence), sentence))
    people += [
        _People(NumberMention(m.start(), m.end(), m[0], 1, 1, 1, "exact"), m.end(), None, "unknown")
        for m in _ANOTHER.finditer(sentence)
    ]
    covered = _marks(sentence, [(p.number.start, p.end) for p in people])
    people += [
        _People(NumberMention(m.start(), m.end(), m[0], 2, 2, 2, "exact"), m.end(), "couple", "civilians")
        for m in _COUPLE.finditer(sentence)
    ]
    singles = {p.end for p in people if p.number.low == 1}
    asides = [match.span() for match in _ASIDE.finditer(sentence)]
    for match in _SINGULAR.finditer(sentence):
        if covered[match.start()] or _is_apposition(match.start(), singles, sentence):
            continue
        if any(start < match.start() < end for start, end in asides):
            continue
        number = NumberMention(match.start(), match.end("count"), match["count"], 1, 1, 1, "exact")
        phrase = _phrase(number, sentence)
        if (
            phrase.noun is not None
            and (_is_one(phrase.noun, match["count"]) or _COMPANIONS.match(sentence, phrase.end))
            and not _SPEAKS.match(sentence, phrase.end)
        ):
            people.append(phrase)
    return sorted(people, key=lambda p: p.number.start)


def _meant(number: NumberMention, sentence: str) -> NumberMention:
    """The count as the words before it limit it: none of so many, or an unknown share of them."""
    before = sentence[max(0, number.start - 40) : number.start]
    if _NONE_OF.search(before):
        return replace(number, low=0, best=0, high=0, qualifier="exact")
    if _SHARE_OF.search(before):
        return replace(number, low=None, best=None, high=None, qualifier="vague")
    return number


def _is_apposition(start: int, singles: set[int], sentence: str) -> bool:
    """ "One civilian, a young man, ...": the same person in other words; ``singles`` are the ends of counts of one."""
    before = sentence[max(0, start - 4) : start]
    comma = before.rstrip()
    return comma.endswith(",") and start - len(before) + len(comma) - 1 in singles


def _is_one(noun: str, determiner: str) -> bool:
    """A singular noun with an article counts one person; "the soldier" was counted where he was brought in."""
    word = noun.casefold().split()[-1]
    if determiner.casefold() == "the" or word in {
        "police",
        "people",
        "personnel",
        "dead",
        "wounded",
        "peshmerga",
        "general",
        "other",
        "life",
        "death",
        "major",
        "body",
        "local",
        "national",
        "leader",
        "commander",
        "casualty",
        "family",
        "couple",
        "crew",
    }:
        return False
    return word in _last_words() and not word.endswith(("men", "children", "people"))


@cache
def person_nouns() -> frozenset[str]:
    """Nouns for one person, folded, of one word."""
    return frozenset(noun for noun in _last_words() if not noun.endswith(("men", "children", "people", "s")))


@cache
def _last_words() -> frozenset[str]:
    kinds = ("unknown", "militants", "civilians", "security_forces")
    return frozenset(noun.casefold().split()[-1] for kind in kinds for noun in _lexicon("victims")[kind])


def _phrase(number: NumberMention, sentence: str) -> _People:
    """The noun phrase after a number, up to the last person noun before a break."""
    rest = sentence[number.end : number.end + _MAX_PHRASE]
    stop = _BREAK.search(rest)
    window = rest[: stop.start()] if stop else rest
    words = list(_TOKEN.finditer(window))
    if len(words) > _MAX_NOUN_WORDS:
        window = window[: words[_MAX_NOUN_WORDS].start()]
    outcome = next((m for m in _outcome_pattern().finditer(window) if m.lastgroup != "displaced"), None)
    if outcome:
        window = window[: outcome.start()]
    of = re.match(r"\s+of\s+(?:them|whom|the|its|his|their)\b", window, re.IGNORECASE)
    nouns = _head_nouns(window)
    if not nouns:
        return _People(number, number.end + (of.end() if of else 0), None, "unknown")
    end = nouns[-1].end()
    phrase = window[:end].strip()
    return _People(number, number.end + end, phrase, victim_class(phrase))


def _head_nouns(window: str) -> list[re.Match[str]]:
    """The person nouns of a phrase up to its head: "a young man" of "a young man of the displaced people"."""
    nouns = list(_noun_pattern().finditer(window))
    for noun in nouns:
        if _OF.match(window, noun.end()) and not _HOLDERS.fullmatch(noun[0]):
            return [n for n in nouns if n.end() <= noun.end()]
    return nouns


def _outcome_of(people: _People, words: _OutcomeWords, sentence: str) -> Outcome | None:
    if people.noun and _DEATHS.search(people.noun):
        return "killed"
    if people.noun and _LIVES.search(people.noun) and _TAKES_LIVES.search(sentence[: people.number.start]):
        return "killed"
    after = words.within_reach_of(people)
    left = words.last_before(people)
    is_bare = people.noun is None
    if after:
        gap = sentence[people.end : after[0].start]
        if after[0].is_passive and re.fullmatch(r"\s*(?:more|others)?\s*", gap):
            return after[0].outcome
    if left is not None and left.is_passive and _TOGETHER.fullmatch(sentence[left.end : people.number.start]):
        return left.outcome
    ends = is_bare and not (_BARE_END.match(sentence, people.end) or _PLURAL.match(sentence, people.end))
    if left is not None and left.is_active and not ends:
        gap = sentence[left.end : people.number.start]
        if _is_list(gap, is_bare):
            return left.outcome
    for word in after:
        gap = sentence[people.end : word.start]
        if word.is_passive and not is_bare and _is_subject_gap(gap):
            return word.outcome
        if not re.fullmatch(r"[\s\w,'’-]*", gap):
            break
    if (
        is_bare
        and after
        and after[0].is_passive
        and re.fullmatch(
            rf"(?:,? including [^,.;]{{1,40}}?,?)?{_WERE}",
            sentence[people.end : after[0].start],
            re.IGNORECASE,
        )
    ):
        return after[0].outcome
    if people.noun and _FOUND_DEAD.search(people.noun) and words.has_recovered:
        return "killed"
    tail = sentence[max(0, people.number.start - _MAX_PHRASE) : people.number.start]
    return "killed" if _TOTAL.search(tail) and not _OLD_TOTAL.search(tail) else None


def _is_list(gap: str, is_bare: bool) -> bool:
    """True where only counted people and joining words stand between a verb and this phrase."""
    if re.fullmatch(
        r"\s*(?:another\s+|a further\s+|(?:at|on) the spot\s*|(?:together|along|alongside) (?:with )?|(?:himself|herself|themselves)(?:,| and)\s*|(?:his|her|their)\s+)?",
        gap,
    ):
        return True
    if len(gap) > 90 or _CLAUSE_VERB.search(gap):
        return False
    if is_bare:
        return False
    return bool(
        re.fullmatch(
            r"[\s\w,'’-]*?(?:,|\band\b|\bincluding\b|\bas well as\b|\bamong them\b)\s*(?:(?:his|her|their|its)\s+(?:own\s+|other\s+)?)?",
            gap,
            re.IGNORECASE,
        )
    ) and bool(_noun_pattern().search(gap))


def _is_subject_gap(gap: str) -> bool:
    """True where the phrase is what the verb after it says something of."""
    gap = _SPACES.sub(" ", gap)
    if len(gap) > _MAX_GAP or re.search(r"[.;:]", gap) or _OTHER_SUBJECT.search(gap):
        return False
    if (
        re.search(r"\b(?:was|were|been|died|have|had|being|are|lost)\b", gap + " ", re.IGNORECASE)
        or gap.strip() == ""
    ):
        return not _CLAUSE_VERB.search(_PAIRED.sub(" ", gap))
    return bool(
        re.fullmatch(
            r"\s*(?:of (?:an?|the|his|her|one|same) [\w’'-]+(?: [\w’'-]+){0,4}?)?\s*(?:,[^,]*,|\([^)]*\)|,? (?:who|that) [\w’' -]{1,60}?|,? including [\w’' -]{1,40}?)?\s*(?:reportedly|also|later|and [\w-]+(?: [\w’'-]+){0,4})?\s*",
            gap,
        )
    )


def _mention(people: _People, outcome: Outcome, sentence: str, offset: int) -> CasualtyMention:
    number = people.number
    before = sentence[max(0, number.start - 45) : number.start]
    around = sentence[number.start : people.end + 30]
    subset = bool(
        _SUBSET.search(before.rsplit(".", 1)[-1])
        and re.search(
            r"(?:including|among them|among whom|of whom|of them|among the dead)\s+(?:[\w-]+\s+){0,4}$",
            before,
            re.IGNORECASE,
        )
    )
    subset = subset or bool(
        re.match(
            r"\S+\s+of\s+(?:them|whom|the (?:\w+ )?(?:dead|victims|wounded|bodies|killed|injured|slain|two|three|four|five|six|seven|eight|nine|ten))\b",
            around,
            re.IGNORECASE,
        )
    )
    subset = subset and not _JUST_DONE.search(before)
    if "among" in sentence.casefold():
        subset = (
            subset
            or bool(_WERE_AMONG.match(sentence, people.end))
            or bool(_AMONG_WERE.search(sentence[max(0, number.start - _MAX_PHRASE) : number.start]))
        )
    return CasualtyMention(
        start=number.start + offset,
        end=people.end + offset,
        text=sentence[number.start : people.end],
        outcome=outcome,
        victim=people.noun,
        victim_class=people.victim_class,
        low=number.low,
        best=number.best,
        high=number.high,
        qualifier=number.qualifier,
        is_subset=subset,
        is_total=bool(_TOTAL.search(sentence[max(0, number.start - _MAX_PHRASE) : number.start])),
        is_perpetrator=bool(
            people.noun and re.search(r"attacker|bomber|assailant", people.noun, re.IGNORECASE)
        ),
    )
