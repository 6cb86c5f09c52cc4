"""Extracted incidents against gold, article by article: what is found, and how right each field of it is.

Gold and predictions are matched one to one, best pairs first, by evidence, day, place, type and killed together.
A strict match also has the right type, day, country and number of killed. Every figure is a share from 0 to 1.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

Record = dict[str, Any]
MATCHES = 0.5
_GENERIC = frozenset(
    [
        "the",
        "of",
        "a",
        "an",
        "in",
        "city",
        "town",
        "village",
        "district",
        "province",
        "governorate",
        "state",
        "region",
        "township",
        "area",
        "county",
        "municipality",
        "camp",
        "al",
        "el",
    ]
)
_COUNTRIES = {
    "usa": "united states", "us": "united states", "uk": "united kingdom", "burma": "myanmar", "drc": "democratic republic of the congo",
    "dr congo": "democratic republic of the congo", "russian federation": "russia", "syrian arab republic": "syria",
    "palestinian territories": "palestine", "turkiye": "turkey", "cote d ivoire": "ivory coast",
}  # fmt: skip


def fold(text: object) -> str:
    """Letters and digits alone, without case or marks."""
    plain = unicodedata.normalize("NFKD", str(text or ""))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()


def same_name(a: object, b: object, ratio: float = 0.82) -> bool:
    """Two spellings of one name: the same words, one's words among the other's, or nearly the same letters."""
    left, right = fold(a), fold(b)
    if not left or not right or left == right:
        return bool(left) and left == right
    words, others = ([w for w in side.split() if w not in _GENERIC] for side in (left, right))
    if words and others and (set(words) <= set(others) or set(others) <= set(words)):
        return True
    return difflib.SequenceMatcher(None, " ".join(words), " ".join(others)).ratio() >= ratio


def any_same(left: Iterable[object], right: Iterable[object]) -> bool:
    """One name of each side is the same."""
    others = list(right)
    return any(same_name(a, b, 0.75) for a in left for b in others)


def country(value: object) -> str:
    """A country's name, one spelling each."""
    name = fold(value)
    return _COUNTRIES.get(name, name)


def bounds(record: Record, stem: str) -> tuple[int | None, int | None]:
    """Low and high of a count."""
    return record.get(f"{stem}_low"), record.get(f"{stem}_high")


def same_count(gold: tuple[int | None, int | None], found: tuple[int | None, int | None]) -> bool:
    """The stated low, and the high where the gold states one; untold is right only where nothing is told."""
    if gold == (None, None):
        return found == (None, None)
    return gold[0] == found[0] and (gold[1] is None or gold[1] == found[1])


def quoted(record: Record) -> str:
    """The words that a record rests on."""
    evidence = record.get("evidence") or ""
    return evidence if isinstance(evidence, str) else " ".join(e["quote"] for e in evidence)


def overlap(a: str, b: str) -> float:
    """Dice coefficient of two texts' words."""
    left, right = set(fold(a).split()), set(fold(b).split())
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0


def _days_off(a: object, b: object) -> int | None:
    try:
        first, second = dt.date.fromisoformat(str(a)[:10]), dt.date.fromisoformat(str(b)[:10])
    except ValueError:
        return None
    return abs((first - second).days)


def similarity(gold: Record, found: Record) -> float:
    """How alike two records are, 0 to 1: evidence counts 2, place and killed 1.5, day and type 1."""
    parts: list[tuple[float, float]] = []
    if quoted(gold) and quoted(found):
        parts.append((2.0, min(1.0, overlap(quoted(gold), quoted(found)) / 0.5)))
    if gold.get("date_start"):
        off = _days_off(gold["date_start"], found.get("date_start"))
        parts.append((1.0, 1.0 if off is not None and off <= 1 else 0.0))
    parts.append((1.5, _place_likeness(gold, found)))
    if gold["sub_event_type"] == found["sub_event_type"]:
        parts.append((1.0, 1.0))
    else:
        parts.append((1.0, 0.6 if gold["event_type"] == found["event_type"] else 0.0))
    parts.append((1.5, float(same_count(bounds(gold, "killed"), bounds(found, "fatalities")))))
    return sum(w * s for w, s in parts) / sum(w for w, _ in parts)


def _place_likeness(gold: Record, found: Record) -> float:
    if gold.get("place") and same_name(gold["place"], found.get("place_name")):
        return 1.0
    if gold.get("admin1") and same_name(gold["admin1"], found.get("admin1_name")):
        return 0.6
    if country(gold.get("country")) and country(gold.get("country")) == country(found.get("country_name")):
        return 0.3 if gold.get("place") else 1.0
    return 0.0


def align(gold: Sequence[Record], found: Sequence[Record]) -> list[tuple[int, int]]:
    """Pairs of indexes, each record in one pair at most, the most alike first."""
    scored = sorted(
        ((similarity(g, f), i, j) for i, g in enumerate(gold) for j, f in enumerate(found)),
        key=lambda t: (-t[0], t[1], t[2]),
    )
    pairs: list[tuple[int, int]] = []
    for score, i, j in scored:
        if score >= MATCHES and all(i != a and j != b for a, b in pairs):
            pairs.append((i, j))
    return pairs


class Tally:
    """Right and all, by name."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}

    def add(self, name: str, *, right: bool) -> None:
        """Count one case."""
        entry = self._counts.setdefault(name, [0, 0])
        entry[0] += right
        entry[1] += 1

    def shares(self) -> dict[str, float]:
        """The share of right ones, in the order of names."""
        return {name: round(right / of, 4) for name, (right, of) in sorted(self._counts.items())}


def f1(matched: int, gold: int, found: int) -> float:
    """Harmonic mean of precision and recall."""
    return round(2 * matched / (gold + found), 4) if gold + found else 0.0


def score(articles: Sequence[tuple[Record, Record, str]]) -> dict[str, float]:
    """Figures of a body of articles, each as gold, extraction and text."""
    tally, matched, strict, aggregates = Tally(), 0, 0, [0, 0, 0]
    totals = taken = n_gold = n_found = 0
    for gold_doc, found_doc, text in articles:
        gold, found = gold_doc["incidents"], found_doc["incidents"]
        pairs = align(gold, found)
        n_gold, n_found, matched = n_gold + len(gold), n_found + len(found), matched + len(pairs)
        strict += sum(_tally_fields(tally, gold[i], found[j]) for i, j in pairs)
        for i, g in enumerate(gold):
            if bounds(g, "killed") != (None, None) and i not in {a for a, _ in pairs}:
                tally.add("killed_exact_over_all_gold", right=False)
        for record in found:
            spans = record.get("evidence")
            held = bool(spans) and all(text[s["start"] : s["end"]] == s["quote"] for s in spans)
            tally.add("evidence_quotes_verbatim", right=held)
        loose = [f for j, f in enumerate(found) if j not in {b for _, b in pairs}]
        claims, told = gold_doc["aggregates"], found_doc["aggregate_claims"]
        aggregates = [a + b for a, b in zip(aggregates, _match_aggregates(claims, told), strict=True)]
        totals += len(claims)
        taken += sum(any(overlap(quoted(c), quoted(f)) >= 0.7 for f in loose) for c in claims)
    return {
        "incidents_f1": f1(matched, n_gold, n_found),
        "incidents_precision": round(matched / n_found, 4) if n_found else 0.0,
        "incidents_recall": round(matched / n_gold, 4) if n_gold else 0.0,
        "incidents_strict_f1": f1(strict, n_gold, n_found),
        "aggregate_claims_f1": f1(*aggregates),
        "aggregates_apart": round(1 - taken / totals, 4) if totals else 1.0,
        **tally.shares(),
    }


def is_right(gold: Record, found: Record) -> bool:
    """True where a pair matches strictly: type, day, country and killed."""
    return bool(_tally_fields(Tally(), gold, found))


def _tally_fields(tally: Tally, gold: Record, found: Record) -> int:
    """Count the fields of one pair; 1 where it matches strictly."""
    kind = gold["event_type"] == found["event_type"]
    off = _days_off(gold.get("date_start"), found.get("date_start"))
    when = gold.get("date_start") is None or off == 0
    where = country(gold.get("country")) == country(found.get("country_name"))
    killed = same_count(bounds(gold, "killed"), bounds(found, "fatalities"))
    tally.add("event_type", right=kind)
    tally.add("sub_event_type", right=gold["sub_event_type"] == found["sub_event_type"])
    if gold.get("date_start"):
        tally.add("date_exact", right=when)
        tally.add("date_within_1_day", right=off is not None and off <= 1)
    if gold.get("country"):
        tally.add("country", right=where)
    if gold.get("admin1"):
        tally.add("admin1", right=same_name(gold["admin1"], found.get("admin1_name")))
    if gold.get("place"):
        tally.add("place", right=same_name(gold["place"], found.get("place_name")))
        tally.add("place_has_coordinates", right=found.get("latitude") is not None)
    if bounds(gold, "killed") == (None, None):
        tally.add("killed_left_null_when_unstated", right=killed)
    else:
        tally.add("killed_exact", right=killed)
        tally.add("killed_exact_over_all_gold", right=killed)
    if bounds(gold, "injured") != (None, None):
        tally.add("injured_exact", right=same_count(bounds(gold, "injured"), bounds(found, "injured")))
    for name, theirs in (("perpetrator", "perpetrators"), ("target", "targets"), ("weapon", "weapons")):
        if gold.get(theirs):
            tally.add(name, right=any_same(gold[theirs], found.get(theirs) or []))
    if gold.get("claimed_by"):
        tally.add("claimed_by", right=same_name(gold["claimed_by"], found.get("claimed_by"), 0.75))
    return int(kind and when and where and killed)


def _match_aggregates(gold: Sequence[Record], found: Sequence[Record]) -> tuple[int, int, int]:
    used: set[int] = set()
    for claim in gold:
        hit = next((k for k, f in enumerate(found) if k not in used and _same_aggregate(claim, f)), None)
        used |= set() if hit is None else {hit}
    return len(used), len(gold), len(found)


def _same_aggregate(gold: Record, found: Record) -> bool:
    stated = [
        (gold[name], found.get(theirs))
        for name, theirs in (("events", "event_count"), ("killed", "killed"), ("injured", "injured"))
        if gold.get(name) is not None
    ]
    if not stated:
        return overlap(quoted(gold), quoted(found)) >= 0.6
    return any(a == b for a, b in stated) and overlap(quoted(gold), quoted(found)) >= 0.4
