"""Parties named in text: armed groups linked to UCDP ids, forces of states, groups of civilians, armed people of no name."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from pipeline.config import SCHEMAS_DIR
from pipeline.extract.gazetteer import countries_by_demonym, countries_by_name, country_name
from pipeline.extract.mentions import ActorMention
from pipeline.extract.names import fold
from pipeline.schema.declarations import read_declaration


@dataclass(frozen=True, slots=True)
class KnownActor:
    """One party of the lexicon or of the UCDP Actor dataset."""

    canonical: str
    actor_id: str | None
    actor_type: str


@cache
def _lexicon() -> dict[str, Any]:
    loaded: dict[str, Any] = read_declaration("lexicons/actors")
    return loaded


# "Al-Qaeda-linked fighters" are not al-Qaeda.
_WHOLE = r"(?!\w|-(?:linked|affiliated|allied|backed|inspired|aligned|claimed))"
_UCDP_TYPES = {"1": "rebel_group", "2": "militia", "3": "communal_militia", "4": "state_forces"}


@cache
def known_actors() -> dict[str, KnownActor]:
    """Every spelling of a named party to what is known of it; the lexicon goes before the UCDP dataset."""
    found: dict[str, KnownActor] = {}
    with (SCHEMAS_DIR / "actors" / "ucdp_actors.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            actor = KnownActor(row["name"], row["actor_id"], _UCDP_TYPES[row["organisation"]])
            for name in [row["name"], *row["aliases"].split("|")]:
                if _is_distinct(name) and actor.actor_type != "state_forces":
                    found.setdefault(name, actor)
    for actor_id, kind, canonical, *aliases in _lexicon()["groups"]:
        actor = KnownActor(canonical, None if actor_id is None else str(actor_id), kind)
        for name in (canonical, *aliases):
            found[name] = found[name[0].upper() + name[1:]] = actor
    return found


def _is_distinct(name: str) -> bool:
    """Names of two words, none of them a people's or a country's alone; single words are too often something else."""
    return len(name) >= 9 and " " in name and name.isascii() and fold(name) not in countries_by_name()


def _any(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    lexicon = _lexicon()
    names = list(known_actors())
    nations = sorted(
        {"US", "U.S.", "UK"}
        | {d.title() for d in countries_by_demonym()}
        | {n for entry in _country_names() for n in entry}
    )
    adjectives, forces = _any(lexicon["state_adjectives"]), _any(lexicon["state_forces"])
    means = _any(lexicon["state_means"])
    nation = rf"(?:{_any(nations)})(?:['’]s)?"
    return (
        ("named", re.compile(rf"(?<![\w-])(?:{_any([n for n in names if not n.isupper()])}){_WHOLE}")),
        ("acronym", re.compile(rf"(?<![\w-])(?:{_any([n for n in names if n.isupper() or len(n) <= 4])}){_WHOLE}")),
        ("state", re.compile(rf"(?<![\w-])(?:{nation}\s+(?:(?:{adjectives})\s+)?|(?:{adjectives})\s+)?(?:{forces})(?![\w-])", re.IGNORECASE)),
        ("means", re.compile(rf"(?<![\w-])(?:{nation})(?:\s+(?:government|regime))?(?=\s+(?:{means})(?![\w-]))")),
        ("nation", re.compile(rf"(?<![\w-])(?:{_any(nation_names())})(?=\s+(?:has\s+|have\s+|had\s+|also\s+)?(?:{_any(lexicon['state_acts'])})(?!\w))")),
        ("group", re.compile(r"(?<![\w-])(?:[A-Z][\w’'-]+\s+(?:(?:of|for|the)\s+){0,2}){1,5}(?:Liberation Army|Liberation Front|Liberation Movement|Salvation Army|Solidarity Organi[sz]ation|Resistance Front|Resistance Movement|Resistance Council|Defen[cs]e Forces?|Revolutionary Army|Popular Front|Brigades?|Militia|Self-Defen[cs]e (?:Groups?|Forces?)|Liberation Council|Liberation Tigers)(?:\s+\([A-Z]{2,8}\))?(?!\w)")),
        ("called", re.compile(r"(?<=calling itself )(?:the\s+|[“\"])?(?:[A-Z][\w’'-]+(?:\s+(?:of|al|the|de)(?=\s+[A-Z]))?(?:\s+|-)?){1,6}(?<![\s-])")),
        ("generic", re.compile(rf"(?<![\w-])(?:{_any(lexicon['generic'])})(?!\w)", re.IGNORECASE)),
        ("civilians", re.compile(rf"(?<![\w-])(?:{_any(lexicon['civilians'])})(?!\w)", re.IGNORECASE)),
    )  # fmt: skip


@cache
def _acronym_forces() -> re.Pattern[str]:
    """ "ANA forces", "IDF troops": forces named by letters that the lexicon does not know."""
    return re.compile(rf"(?<![\w-])[A-Z]{{2,6}}\s+(?:{_any(_lexicon()['state_forces'])})(?![\w-])")


def nation_names() -> list[str]:
    """Names of all countries that have a demonym."""
    return sorted({name for entry in _country_names() for name in entry})


def _country_names() -> list[list[str]]:
    return [[country_name(code)] for code in set(countries_by_demonym().values())]


@cache
def _nation_pattern() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_any(list(countries_by_demonym()))})\b", re.IGNORECASE)


@cache
def _upper_named() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\w-])(?:{_any([name for name in known_actors() if len(name) >= 5])})(?!\w)", re.IGNORECASE
    )


def find_actors(text: str) -> list[ActorMention]:
    """All parties of a text, in order; of two that overlap the longer one, of two as long the named one."""
    return list(_actors(text))


@lru_cache(maxsize=4)
def _actors(text: str) -> tuple[ActorMention, ...]:
    """The same, kept for the next calls: places and scenes both ask for the parties of one article and its title."""
    is_upper = _is_upper_case(text)
    found: list[ActorMention] = []
    for kind, pattern in _patterns():
        used = _upper_named() if kind == "named" and is_upper else pattern
        found += [_mention(kind, match) for match in used.finditer(text)]
    if not is_upper:
        found += [_mention("state", match) for match in _acronym_forces().finditer(text)]
    chosen: list[ActorMention] = []
    for mention in sorted(found, key=lambda m: (m.start - m.end, m.start)):
        if all(mention.end <= m.start or m.end <= mention.start for m in chosen):
            chosen.append(mention)
    return tuple(_joined(sorted(chosen, key=lambda m: m.start), text))


def _joined(mentions: list[ActorMention], text: str) -> list[ActorMention]:
    """ "Boko Haram insurgents", "junta soldiers": one party in two words, the named one."""
    joined: list[ActorMention] = []
    for mention in mentions:
        last = joined[-1] if joined else None
        if (
            last is not None
            and text[last.end : mention.start] == " "
            and last.actor_type != "civilians"
            and mention.actor_type != "civilians"
            and (mention.is_generic or (mention.canonical is None and last.actor_type == "state_forces"))
        ):
            words = text[last.start : mention.end]
            name = last.name if last.canonical else words
            joined[-1] = replace(last, end=mention.end, text=words, name=name)
        else:
            joined.append(mention)
    return joined


def _is_upper_case(text: str) -> bool:
    letters = [c for c in text[:2000] if c.isalpha()]
    return bool(letters) and sum(c.isupper() for c in letters) > 0.6 * len(letters)


@cache
def _by_folded_name() -> dict[str, KnownActor]:
    return {fold(name): actor for name, actor in known_actors().items()}


def _mention(kind: str, match: re.Match[str]) -> ActorMention:
    words = match[0]
    if kind == "group":
        name = re.sub(
            r"^(?:The|A|An|(?:Rebels|Fighters|Members|Soldiers|Militants|Gunmen|Troops|Leaders|Commanders) of(?: the)?)\s+",
            "",
            words,
        )
        start = match.end() - len(name)
        return ActorMention(start, match.end(), name, name, name, None, "rebel_group")
    if kind == "called":
        name = words.removeprefix("the ").lstrip('“"')
        return ActorMention(match.end() - len(name), match.end(), name, name, name, None, "rebel_group")
    if kind in {"named", "acronym"}:
        actor = known_actors().get(words) or _by_folded_name()[fold(words)]
        return ActorMention(
            match.start(), match.end(), words, words, actor.canonical, actor.actor_id, actor.actor_type
        )
    if kind in {"state", "means", "nation"}:
        nation = _nation_pattern().search(words)
        code = countries_by_demonym()[nation[0].casefold()] if nation else None
        code = countries_by_name().get(fold(words)) if kind == "nation" else code
        name = f"{words} forces" if kind == "means" and nation and fold(nation[0]) == fold(words) else words
        return ActorMention(
            match.start(), match.end(), words, name, None, None, "state_forces", country_code=code
        )
    actor_type = "civilians" if kind == "civilians" else "unknown"
    return ActorMention(match.start(), match.end(), words, words, None, None, actor_type, is_generic=True)
