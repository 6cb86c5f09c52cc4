"""Places named in text, resolved to coordinates: by the larger places the text gives, its countries, nearness, population."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from pipeline.extract.actors import find_actors
from pipeline.extract.gazetteer import (
    countries_by_demonym,
    countries_by_name,
    country_name,
    country_names,
    default_gazetteer,
)
from pipeline.extract.mentions import Place, PlaceMention
from pipeline.extract.names import fold
from pipeline.schema.declarations import read_declaration

_PART = r"(?:(?:[Aa]l|[Ee]l|[Aa]d|[Aa]z|[Aa]sh|[Aa]s|[Ee]z|[Uu]l)[-‑ ](?=[A-Z]))?[A-ZÀ-Þ][\w’'À-ɏ]*(?:[-‑](?:[a-z]{2,3}[-‑])?[A-ZÀ-Þ]?[\w’'À-ɏ]+)*"
_NAME = re.compile(
    rf"(?<![\w-]){_PART}(?:(?<!['’]s)[ ](?:(?:de|du|la|el|al|bin|ez|of the|da|do|das|dos|del)[ ])?{_PART}){{0,5}}"
)
_POSSESSIVE = re.compile(r"(?:['’]s?)$")
_PREPOSITION = re.compile(
    r"(?:\b(?P<near>near|outside|around|close to|next to|north of|south of|east of|west of|northeast of|northwest of|southeast of|southwest of|outskirts of|miles? (?:\w+ )?from|kilomet(?:re|er)s? (?:\w+ )?(?:from|of)|km (?:\w+ )?(?:from|of))"
    r"|\b(?P<in>in|at|from|into|inside|across|throughout|on|to|towards?|of|over|within|through|reached|entered|attacked|stormed|hit|struck|shelled|bombed|targeted|raided|seized|captured|recaptured|retook|retaken|regained|liberated|overran|bombarded|pounded|and|or|between|both))"
    r"(?:\s+(?:the|a|an|its|their|two|three|four|several|remote|nearby|neighbouring|neighboring|northern|southern|eastern|western|central|north|south|east|west|northeastern|northwestern|southeastern|southwestern|north-eastern|north-western|south-eastern|south-western|northeast|northwest|southeast|southwest|north-east|north-west|south-east|south-west|rural|downtown|coastal|restive|volatile|city|town|village|villages|towns|mainly|largely|war-torn|capital|district|province|state|region|border|mountainous|oil-rich|troubled))*\s*$",
    re.IGNORECASE,
)
_PERSON_AFTER = re.compile(
    r"^\s*(?:,\s+(?:a|an|the|who|\d)|\s(?:said|told|added|wrote|tweeted|claimed|denied|confirmed|warned|who|explained)\b)"
)
_TITLE_BEFORE = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Gen|Lt|Col|Maj|Capt|Sgt|President|Minister|General|Colonel|Captain|Major|Lieutenant|Sergeant|Governor|Senator|spokes(?:man|woman|person)|commander|officer|official|analyst|witness|resident|Sheikh|Pope|King|Prince|Imam|Brigadier|chief|named|called|mayor|journalist)\.?\s+)$"
)
_JOINED = re.compile(
    r"^(?:,?\s+(?:a|an|the)\s+(?:[\w-]+\s+){0,6}?(?:in|of)\s+(?:the\s+)?(?:[\w-]+\s+){0,3}|\s+(?:(?!was\b|were\b|are\b|is\b|have\b|has\b|had\b|killed\b|shot\b|died\b|who\b|that\b|and\b|on\b|to\b|said\b|by\b)[a-z-]+\s+){0,4}?(?:in|of)\s+(?:the\s+)?(?:[\w-]+\s+){0,3}|,\s+in\s+(?:the\s+)?(?:[\w-]+\s+){0,3}|,\s+(?:in\s+)?(?:(?!of\b|from\b|and\b|by\b)[a-z]+\s+){0,3}|\s+\()$"
)
# "The Jordan Valley", "Lake Chad": waters and lands that bear a country's name reach beyond it.
_LAND_NAMED = re.compile(r" (?:Valley|River|Delta|Basin|Desert|Mountains|Peninsula|Sea)\b")
_WATER_NAMED = re.compile(r"\b(?:Lake|River|Gulf of|Sea of|Bay of)(?: the)? $")
# "In Syria", "northern Syria", "Douma, Syria", "Syria's Idlib", "the Syrian city": the country says where something is.
_PLACED_IN = re.compile(
    r"(?i:\b(?:in|inside|across|throughout|within|near)\s+(?:the\s+)?|\b(?:north|south|east|west|central)[a-z-]*\s+|\()$"
)
_AFTER_PLACE = re.compile(r"([A-ZÀ-Þ][\w'’À-ɏ-]+)(?:,\s+| \()$")
_OWNS_PLACE = re.compile(r"['’]s?\s+(?:[a-z-]+\s+){0,4}?(?=[A-ZÀ-Þ])")
_LAND_OF_PEOPLE = re.compile(
    r" (?:[a-z-]+ ){0,2}?(?:capital|city|town|village|province|region|district|state|governorate|island)\b"
)
_STATE_IN = re.compile(r"\bIslamic State (?:in|of) (?:the )?(?:[A-Z]\w+ and (?:the )?)?$")
# "Dushanbe's state agency", "Moscow's defence ministry": the capital speaks, nothing happened there.
_SPEAKS_FOR = re.compile(
    r"^['’]s?\s+(?:\w+\s+){0,2}?(?:agency|government|ministry|army|military|officials?|spokes\w+|president|minister|embassy|media|answer|television|TV)\b"
)
_A_PEOPLE = re.compile(
    r"\s+(?:men\b|capital\b|(?:port )?(?:city|town) of\b|communit(?:y|ies)|tribes?m[ae]n|tribes?|militias?|militiamen|fighters|gunmen|herders|youths?|clans?|ethnic|families|family|rebels|people)\b"
)
# Where the wounded lie is not where they were hit.
_HOSPITAL = re.compile(r"\s+(?:[A-Z]\w+\s+){0,3}(?:Hospital|Medical|Clinic|Infirmary|hospital)\b")
_TAKEN = re.compile(
    r"\b(?:taken|rushed|admitted|evacuated|transferred|moved|brought|hospitali[sz]ed|treated|treatment|shifted|airlifted|referred)\b",
    re.IGNORECASE,
)
# "In southern Uruzgan" is in the province.
_DIRECTION = re.compile(
    r"\b(?:north|south|east|west|central|northeast|northwest|southeast|southwest|north-east|north-west|south-east|south-west)(?:ern)?\s+$",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(r"(?<![.\w])([A-Z][a-z]+) $")
_OWNER = re.compile(r"^['’]s?\s+(?:[a-z-]+\s+){0,2}$")
_LOCATIVE = re.compile(
    r"\b(?:in|at|near|outside|around|between)\s+(?:(?:the\s+)?(?:north|south|east|west|central)[a-z-]*\s+)?(?:the\s+)?$"
)
_KEPT_KINDS = {
    "city",
    "camp",
    "island",
    "islands",
    "mountains",
    "lake",
    "river",
    "valley",
    "forest",
    "bridge",
    "prison",
    "airport",
    "sea",
    "ocean",
    "strait",
}
_AT_SEA = 7
_KM_PER_DEGREE = 111.2
_LONGEST_ACRONYM = 5
_FAR_KM = 150
_NEAR_KM = 25
_KNOWN_TO_ALL = 500_000
_A_TOWN = 10_000
_A_CITY = 100_000


@dataclass(frozen=True, slots=True)
class _Candidate:
    start: int
    end: int
    name: str
    kind: int | None
    """UCDP precision that a kind word beside the name gives."""
    is_near: bool
    has_cue: bool
    is_dateline: bool


@cache
def _lexicon() -> dict[str, Any]:
    loaded: dict[str, Any] = read_declaration("lexicons/places")
    return loaded


@cache
def _meant_places() -> dict[str, list[Place]]:
    """Folded name to the place that news means by it, one a country."""
    found: dict[str, list[Place]] = {}
    for entry in _lexicon()["meant"]:
        code = entry["country"]
        place = Place(
            name=entry["names"][0],
            kind=entry["kind"],
            country_code=code,
            country_name=country_name(code),
            admin1_name=entry["admin1"],
            latitude=entry["latitude"],
            longitude=entry["longitude"],
            geonames_id=None,
            population=0,
        )
        for name in entry["names"]:
            found.setdefault(fold(name), []).append(replace(place, name=name))
    return found


@cache
def _kind_after() -> re.Pattern[str]:
    words = sorted(((w, k) for k, ws in _lexicon()["kinds"].items() for w in ws), key=lambda p: -len(p[0]))
    return re.compile(rf"^\s+(?P<kind>{'|'.join(re.escape(word) for word, _ in words)})\b", re.IGNORECASE)


_APPOSED = re.compile(
    r"^, (?:an?|the) (?:[a-z-]+ ){0,2}?(?P<kind>village|town|city|hamlet|suburb|settlement|district|province|neighbou?rhood|quarter|island|port)\b"
)


@cache
def _kind_before() -> re.Pattern[str]:
    words = "|".join(re.escape(word) for word in sorted(_lexicon()["before"], key=len, reverse=True))
    return re.compile(rf"\b(?P<kind>{words})\s+$", re.IGNORECASE)


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(word.casefold() for word in _lexicon()["stop"])


@cache
def _plain_words() -> frozenset[str]:
    return frozenset(_lexicon()["plain"])


@cache
def _kind_precision() -> dict[str, int]:
    return {word.casefold(): kind for kind, words in _lexicon()["kinds"].items() for word in words}


@cache
def _country_pattern() -> re.Pattern[str]:
    demonyms = {d.title() + plural for d in countries_by_demonym() for plural in ("", "s")}
    words = "|".join(re.escape(w) for w in sorted(country_names() | demonyms, key=len, reverse=True))
    words = words.replace("'", "['’]")
    return re.compile(rf"(?<![\w-])(?:{words})(?!\w)")


def _is_inside_name(match: re.Match[str], text: str) -> bool:
    """ "Datu Saudi Ampatuan" names no kingdom, "Port Sudan" no country."""
    if _STATE_IN.search(text[max(0, match.start() - 40) : match.start()]):
        return True
    if _LAND_NAMED.match(text, match.end()) or _WATER_NAMED.search(
        text[max(0, match.start() - 20) : match.start()]
    ):
        return True
    before = _LAST_WORD.search(text[max(0, match.start() - 20) : match.start()])
    if before and before[1].casefold() not in _stop_words():
        whole = f"{before[1]} {match[0]}"
        if any(fold(p.name) == fold(whole) and p.population for p in default_gazetteer().lookup(whole)):
            return True
    return bool(
        before and before[1].casefold() not in _stop_words() and re.match(r" [A-Z][a-z]", text[match.end() :])
    )


def _country_code(words: str) -> str | None:
    return countries_by_name().get(fold(words)) or countries_by_demonym().get(
        words.casefold(), countries_by_demonym().get(words.casefold().removesuffix("s"))
    )


def country_counts(text: str) -> Counter[str]:
    """How often the text names each country, by name or demonym."""
    shown = _cased(text)
    named = bytearray(len(text))
    for actor in find_actors(text):
        if actor.canonical:
            named[actor.start : actor.end] = b"\1" * (actor.end - actor.start)
    found = (
        _country_code(m[0])
        for m in _country_pattern().finditer(shown)
        if not named[m.start()] and not _is_inside_name(m, shown)
    )
    return Counter(code for code in found if code)


@lru_cache(maxsize=4)
def located_countries(text: str) -> Counter[str]:
    """How often the text lays something in each country, rather than telling of its government or people."""
    shown = _cased(text)
    found = (
        _country_code(m[0])
        for m in _country_pattern().finditer(shown)
        if not _is_inside_name(m, shown) and is_locating(shown, m.start(), m.end())
    )
    return Counter(code for code in found if code)


def is_locating(text: str, start: int, end: int) -> bool:
    """True where the words of a country say in which one something is ("in Syria"; not "Syria condemned")."""
    if text[start:end].casefold() in countries_by_demonym():
        return bool(_LAND_OF_PEOPLE.match(text, end))
    before = text[max(0, start - 40) : start]
    owned = _OWNS_PLACE.match(text, end)
    if _PLACED_IN.search(before) or (owned and not _SPEAKS_FOR.match(text, end)):
        return True
    place = _AFTER_PLACE.search(before)
    return bool(place and place[1].casefold() not in _stop_words() and _country_code(place[1]) is None)


def find_places(text: str, title: str | None = None) -> list[PlaceMention]:
    """All places of an article, in order, resolved with each other; countries included (kind ``country``).

    The title tells of countries and provinces that the places may lie in; its own places are not returned.
    """
    shown = _cased(text)
    countries = [
        _country_mention(m)
        for m in _country_pattern().finditer(shown)
        if fold(m[0]) in countries_by_name() and not _is_inside_name(m, shown)
    ]
    taken = [(c.start, c.end) for c in countries] + [
        (a.start, a.end) for a in find_actors(text) if not a.is_generic
    ]
    peoples = {m[0] for m in _NAME.finditer(shown) if _A_PEOPLE.match(shown, m.end())}
    candidates = [
        c
        for c in _candidates(shown)
        if not any(c.start < e and s < c.end for s, e in taken)
        and (c.kind is not None or c.name not in peoples)
    ]
    headline = _cased(title or "")
    counts = country_counts(text) + country_counts(headline)
    located = located_countries(text) + located_countries(headline)
    resolved = _resolve(candidates, shown, counts, located, list(_candidates(headline)))
    mentions = sorted([*countries, *resolved], key=lambda mention: mention.start)
    return [replace(m, parent_names=_parents(m, mentions, shown)) for m in mentions]


def _cased(text: str) -> str:
    """Upper-case copy in title case, so that names show; lengths stay the same."""
    letters = [c for c in text[:2000] if c.isalpha()]
    if letters and sum(c.isupper() for c in letters) > 0.6 * len(letters):
        return re.sub(r"[A-Z][A-Z’'-]+", _recased, text)
    return text


def _recased(match: re.Match[str]) -> str:
    word = match[0]
    if word in {"UN", "US"}:
        return word
    return word.lower() if word.lower() in _plain_words() else word.capitalize()


def _country_mention(match: re.Match[str]) -> PlaceMention:
    code = countries_by_name()[fold(match[0])]
    place = Place(match[0], "country", code, country_name(code), None, None, None, None, 0)
    return PlaceMention(match.start(), match.end(), match[0], place, 6)


def _candidates(text: str) -> Iterable[_Candidate]:
    for match in _NAME.finditer(text):
        candidate = _candidate(match, text)
        if candidate is not None:
            yield candidate


def _candidate(match: re.Match[str], text: str) -> _Candidate | None:
    name, start = match[0], match.start()
    while (first := name.split(" ", 1)[0]).casefold() in _stop_words() and " " in name:
        start += len(first) + 1
        name = name.split(" ", 1)[1]
    possessive = _POSSESSIVE.search(name)
    if possessive:
        name = name[: possessive.start()]
    if (
        name.casefold() in _stop_words()
        or name.casefold() in countries_by_demonym()
        or name.split(" ")[-1].casefold() in _stop_words()
        or len(name) < 3
    ):
        return None
    opens_line = start == 0 or text[start - 1] == "\n"
    if name.isupper() and len(name) <= _LONGEST_ACRONYM and not opens_line:
        return None
    last = name.split(" ")[-1].casefold()
    own_kind = _kind_precision().get(last) if " " in name else None
    if own_kind is not None and last not in _KEPT_KINDS:
        name = name[: -len(last) - 1]
    before, after = text[max(0, start - 70) : start], text[start + len(name) : start + len(name) + 40]
    kind_after, kind_before = _kind_after().match(after), _kind_before().search(before)
    preposition = _PREPOSITION.search(before)
    apposed = _APPOSED.match(after)
    word = kind_after or kind_before or apposed
    told_kind = _kind_precision().get(word["kind"].casefold().removesuffix(" of")) if word else None
    # "Red Sea province", "the Black Sea coast" are on land.
    kind = (told_kind or own_kind) if own_kind == _AT_SEA else (own_kind or told_kind)
    if kind == _AT_SEA and kind_before:
        name, start = text[start - len(kind_before[0]) : start + len(name)], start - len(kind_before[0])
    if (possessive and _SPEAKS_FOR.match(after)) or _A_PEOPLE.match(after):
        return None
    if _HOSPITAL.match(after) and _TAKEN.search(before):
        return None
    if _TITLE_BEFORE.search(before) or (
        _PERSON_AFTER.match(after) and not word and not after.startswith(",")
    ):
        return None
    dateline = re.match(r"^\s*(?:\([^)]*\)\s*)?(?:[,/].{0,40})?\s*[–—-]{1,2}\s", after) and re.search(
        r"(?:^|\n)\s*$", before
    )
    dateline = dateline or (
        None if start else re.match(r"^(?:, [A-Z][a-z]{2,8}\.? \d{1,2})?\s*(?:\([^)]{1,30}\))?:\s", after)
    )
    has_cue = bool(own_kind or word or preposition or possessive or dateline or re.search(r",\s+$", before))
    return (
        _Candidate(
            start,
            start + len(name),
            name,
            kind,
            bool(preposition and preposition["near"]),
            has_cue,
            bool(dateline),
        )
        if has_cue
        else None
    )


def _resolve(
    candidates: Sequence[_Candidate],
    text: str,
    counts: Counter[str],
    located: Counter[str],
    in_title: Sequence[_Candidate],
) -> list[PlaceMention]:
    located = located or _dateline_country(candidates)
    if not located:
        counts = counts + _common_country(candidates, guess=not counts)
    options = {c.name: _options(c, counts, located) for c in candidates}
    anchors = [ps[0] for ps in options.values() if len(ps) == 1 or (ps and ps[0].population >= _A_TOWN)]
    headed = [_options(c, counts, located) for c in in_title]
    divisions = {_division_key(ps[0]) for ps in [*options.values(), *headed] if ps and ps[0].kind == "adm1"}
    mentions = []
    for candidate in candidates:
        places = options[candidate.name]
        if candidate.kind is None and _DIRECTION.search(text[max(0, candidate.start - 20) : candidate.start]):
            provinces = [p for p in places if p.kind == "adm1" and fold(p.name) == fold(candidate.name)]
            places = provinces or places
        parents = _stated_parents(candidate, text)
        around = [ps[0] for parent in parents if (ps := options.get(parent))]
        place = _choose(places, parents, around, divisions, anchors, candidate.kind)
        if (
            place is None
            and not places
            and candidate.kind is None
            and not _LOCATIVE.search(text[max(0, candidate.start - 30) : candidate.start])
        ):
            continue
        mentions.append(
            PlaceMention(
                candidate.start,
                candidate.end,
                candidate.name,
                place,
                _precision(place, candidate),
                relation="near" if candidate.is_near else "in",
            )
        )
    return mentions


def _dateline_country(candidates: Sequence[_Candidate]) -> Counter[str]:
    """Where the text lays nothing in a country: that of the city it was written in."""
    for candidate in candidates:
        if candidate.is_dateline:
            named = [
                p
                for p in default_gazetteer().lookup(candidate.name)
                if p.kind == "ppl" and fold(p.name) == fold(candidate.name) and p.population >= _A_CITY
            ]
            return Counter({place.country_code: 1 for place in named[:1]})
    return Counter()


def _common_country(candidates: Sequence[_Candidate], *, guess: bool) -> Counter[str]:
    """Where the text names no country: the one in which most of its places lie, if at least two do and no other as many."""
    found: Counter[str] = Counter()
    for name in {candidate.name for candidate in candidates}:
        found.update({place.country_code for place in default_gazetteer().lookup(name)})
    ranked = found.most_common(2)
    if guess and (not ranked or ranked[0][1] < 2):
        big = {
            place.country_code
            for name in {candidate.name for candidate in candidates}
            for place in default_gazetteer().lookup(name)[:1]
            if place.population >= _KNOWN_TO_ALL
        }
        return Counter(big) if len(big) == 1 else Counter()
    is_clear = bool(ranked) and ranked[0][1] >= 2 and (len(ranked) == 1 or ranked[0][1] > ranked[1][1])
    return Counter({ranked[0][0]: 1}) if is_clear else Counter()


def _lookup(name: str) -> list[Place]:
    """The gazetteer's places of a name; in a country where news means one place by it, that one."""
    meant = _meant_places().get(fold(name), [])
    countries = {place.country_code for place in meant}
    return [*meant, *(p for p in default_gazetteer().lookup(name) if p.country_code not in countries)]


def _options(candidate: _Candidate, counts: Counter[str], located: Counter[str]) -> list[Place]:
    """Gazetteer entries in the article's countries; without a country, only places that everybody knows.

    A place spelt otherwise is looked for only where the text lays something. Where it lays nothing in a country
    ("Turkish drone"), a much larger place of the name elsewhere goes first.
    """
    if candidate.kind == _AT_SEA:
        return []
    found = _lookup(candidate.name)
    head, _, last = candidate.name.rpartition(" ")
    if not found and head and last.casefold() in _KEPT_KINDS:
        found, candidate = _lookup(head), replace(candidate, name=head)
    exact = fold(candidate.name)
    most = max(located.values(), default=0)
    leading = {code for code, count in located.items() if count == most} or counts
    in_countries = [
        p
        for p in found
        if p.country_code in leading
        or (
            (fold(p.name) == exact or p.population >= _A_CITY)
            and (p.country_code in counts or p.country_code in located)
        )
    ]
    if not located:
        largest = max((p.population for p in in_countries), default=0)
        cities = [
            p
            for p in found
            if p.kind == "ppl" and fold(p.name) == exact and p.population >= max(_A_CITY, 10 * largest)
        ]
        in_countries = cities or in_countries
    towns = [p for p in in_countries if p.kind == "ppl" and p.population >= _A_TOWN]
    if in_countries:
        named = [p for p in in_countries if fold(p.name) == exact] or [
            p
            for p in default_gazetteer().lookup(f"{candidate.name} City")
            if fold(p.name) == f"{exact} city" and p.country_code in leading
        ]
        if candidate.kind not in (3, 4) and not any(
            p.kind == "area" or (p.kind == "ppl" and p.population) for p in named
        ):
            named = [*towns, *named]
        return sorted(
            named or in_countries,
            key=lambda p: (
                p.population < _KNOWN_TO_ALL,
                p.country_code not in located,
                -counts[p.country_code],
                -p.population,
                p.kind != "ppl",
            ),
        )
    meant = _meant_places().get(exact, [])
    if len(meant) == 1 and not counts:
        return meant
    provinces = [p for p in found if p.kind == "adm1" and fold(p.name) == exact]
    others = [p for p in found if p.population >= _A_CITY]
    if len(exact) > 5 and len({p.country_code for p in [*provinces, *others]}) == 1 and provinces:
        return provinces[:1]
    if len(candidate.name) > 3 and not counts:
        return [p for p in found if p.population >= 100_000 or p.kind == "adm1"][:5]
    return [p for p in found if p.population >= _KNOWN_TO_ALL and fold(p.name) == exact][:1]


def _stated_parents(candidate: _Candidate, text: str) -> list[str]:
    """Names that stand around the candidate as its larger places: after a comma or "in", or before an apostrophe."""
    parents = []
    possessive = re.match(r"['’](?=\s)", text[candidate.end : candidate.end + 2])
    position = candidate.end + (1 if possessive else 0)
    if kind := _kind_after().match(text[position : position + 40]):
        position += kind.end()
    for match in _NAME.finditer(text, position, candidate.end + 90):
        if not _JOINED.match(_without_kind(text[position : match.start()])):
            break
        parents.append(_POSSESSIVE.sub("", match[0]))
        position = match.end()
    for match in _NAME.finditer(text, max(0, candidate.start - 40), candidate.start):
        owner = _POSSESSIVE.search(match[0])
        if owner and re.fullmatch(r"\s+(?:[a-z-]+\s+){0,2}", text[match.end() : candidate.start]):
            parents.append(_without_opening(match[0][: owner.start()]))
    return [parent for parent in parents if parent.casefold() not in _stop_words()]


def _without_opening(name: str) -> str:
    """ "In Narathiwat" at the beginning of a sentence names Narathiwat."""
    first, _, rest = name.partition(" ")
    return rest if rest and first.casefold() in _stop_words() else name


def _without_kind(gap: str) -> str:
    kind = _kind_after().match(gap)
    return gap[kind.end() :] if kind else gap


def _division_key(place: Place) -> tuple[str, str]:
    return place.country_code, fold(place.name if place.kind == "adm1" else place.admin1_name or "")


def _choose(
    places: list[Place],
    parents: list[str],
    around: Sequence[Place],
    divisions: set[tuple[str, str]],
    anchors: list[Place],
    kind: int | None,
) -> Place | None:
    """The place meant: inside what the text puts around it, else inside a province that the article names, else nearest to
    the places it names; of villages far apart that nothing tells from each other, none."""
    if not places:
        return None
    folded = {fold(parent) for parent in parents}
    inside = [p for p in places if fold(p.admin1_name or "") in folded or fold(p.country_name) in folded]
    beside = [p for p in places if _division_key(p) in {_division_key(other) for other in around}]
    within = [p for p in places if _division_key(p) in divisions]
    divided = [other for other in around if other.kind.startswith("adm")]
    if (
        divided
        and not inside
        and not beside
        and all(distance_km(p, o) > _FAR_KM for p in places for o in divided)
    ):
        return None
    chosen = inside or beside or (within if places[0].population < _KNOWN_TO_ALL else []) or places
    if kind in (3, 4):
        levels = ("adm1",) if kind == 4 else ("adm2", "adm3")
        chosen = [p for p in chosen if p.kind in levels] or chosen
    elif any(p.kind == "ppl" for p in chosen):
        first = chosen[0]
        named = [p for p in chosen if p.kind == "ppl" and p.country_code == first.country_code]
        is_hamlet = kind is None and all(p.population < _A_TOWN for p in named)
        chosen = chosen if first.kind == "adm1" and is_hamlet else named or chosen
    if len(chosen) > 1 and chosen[0].population < 50_000:
        near = [a for a in anchors if a.country_code == chosen[0].country_code]
        if near:
            return min(chosen, key=lambda p: min(distance_km(p, a) for a in near))
        if not chosen[0].population and any(distance_km(chosen[0], p) > _NEAR_KM for p in chosen):
            return None
    return chosen[0]


def distance_km(a: Place, b: Place) -> float:
    """Great-circle distance, to a percent or so; infinite where one has no coordinates."""
    if a.latitude is None or b.latitude is None or a.longitude is None or b.longitude is None:
        return math.inf
    across = (a.longitude - b.longitude) * math.cos(math.radians((a.latitude + b.latitude) / 2))
    return math.hypot(a.latitude - b.latitude, across) * _KM_PER_DEGREE


def _precision(place: Place | None, candidate: _Candidate) -> int:
    if candidate.is_near:
        return 2
    if candidate.kind in (3, 4):
        return candidate.kind
    if place is None:
        return candidate.kind or 1
    if place.kind == "area":
        return 5
    if place.kind == "adm1":
        return 4
    if place.kind in {"adm2", "adm3"}:
        return 3
    return 2 if candidate.kind == 5 else 1


def _parents(mention: PlaceMention, mentions: list[PlaceMention], text: str) -> tuple[str, ...]:
    if mention.place is not None and mention.place.kind == "country":
        return ()
    candidate = _Candidate(mention.start, mention.end, mention.text, None, False, True, False)
    return tuple(_stated_parents(candidate, text))
