"""The default extractor on local news of shootings in the United States: ``python -m bench.eval.gva``.

Gold is the final toll, the day and the coordinates of one shooting an article. Some texts are paywall notices or tell of
something else, so figures are also given over the articles that tell of the shooting: those that name somebody of it, or its
town and a shot. Most of these shootings are ordinary crime, which the extractor leaves out on purpose; so figures are given
once more over the articles where it found an incident, for the one nearest to gold (day, coordinates and counts together) and
for the one told first. A count that is not told is right where gold has nobody.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.eval.bodies import EVAL, Record, extract, read_lines
from bench.eval.scoring import Tally, fold

DEV = EVAL / "gva" / "dev.jsonl"
NEAR_KM = 25
_SHOT = re.compile(r"\b(?:shot|shots|shoot\w*|gun\w*|bullets?)\b", re.IGNORECASE)
_EARTH_KM = 6371


class Case(NamedTuple):
    """An article's gold and the incidents found in it."""

    gold: Record
    found: list[Record]
    tells: bool


def tells_of(article: Record) -> bool:
    """True where the text names somebody of the shooting, or its town and a shot."""
    text = f" {fold(article['text'])} "
    names = (fold(person.get("Name")) for person in article["gold"]["participants"])
    if any(" " in name and f" {name} " in text for name in names):
        return True
    towns = (fold(name) for name in re.split(r"[()]", article["gold"]["city_or_county"] or ""))
    return bool(_SHOT.search(article["text"])) and any(town and f" {town} " in text for town in towns)


def kilometres(a: Sequence[float], b: Sequence[float]) -> float:
    """Great-circle distance of two points, each as latitude and longitude."""
    (lat, lon), (other_lat, other_lon) = (tuple(map(math.radians, point)) for point in (a, b))
    half = math.sin((other_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(half))


def figures_of(gold: Record, found: Record | None) -> dict[str, bool]:
    """What of an incident is right; figures that gold cannot tell are left out."""
    killed, injured = gold["num_killed"], gold["num_injured"]
    right = {
        "killed exact": _is_count(killed, found, "fatalities"),
        "injured exact": _is_count(injured, found, "injured"),
    }
    right["killed and injured exact"] = all(right.values())
    if killed:
        right["killed exact, where somebody was"] = right["killed exact"]
    if injured:
        right["injured exact, where somebody was"] = right["injured exact"]
    right["date exact"] = found is not None and found["date_start"] == gold["date"]
    if gold["latlon"]:
        right[f"within {NEAR_KM} km"] = (
            found is not None
            and found["latitude"] is not None
            and kilometres(gold["latlon"], (found["latitude"], found["longitude"])) <= NEAR_KM
        )
    return right


def _is_count(gold: int, found: Record | None, stem: str) -> bool:
    if found is None:
        return False
    told = {found[f"{stem}_{bound}"] for bound in ("low", "best", "high")}
    return told == {gold} or (gold == 0 and told == {None})


def nearest(case: Case) -> Record | None:
    """The incident with most figures right, the first of equals."""
    return max(case.found, key=lambda record: sum(figures_of(case.gold, record).values()), default=None)


def first(case: Case) -> Record | None:
    """The incident told first."""
    return case.found[0] if case.found else None


def read_cases(path: Path) -> list[Case]:
    """All articles of a file, extracted."""
    return [
        Case(
            article["gold"],
            extract(
                {name: article[name] for name in ("id", "title", "text")}
                | {"published_at": article["published"], "language": "en"}
            )["incidents"],
            tells_of(article),
        )
        for article in read_lines(path)
    ]


def main() -> None:
    """Measure and print."""
    if not DEV.is_file():
        print(f"The evaluation data is not at {DEV}; nothing is measured.")
        return
    # The shipped gazetteer is measured, not one that was loaded into ./data.
    os.environ["INCIDENTS_HOME"] = str(Path(__file__).parent / "no_home")
    cases = read_cases(DEV)
    telling = [case for case in cases if case.tells]
    found = [case for case in telling if case.found]
    columns = {
        "all": (cases, nearest),
        "telling": (telling, nearest),
        "found": (found, nearest),
        "found, first": (found, first),
    }
    shares = []
    for held, choose in columns.values():
        tally = Tally()
        for case in held:
            for name, right in figures_of(case.gold, choose(case)).items():
                tally.add(name, right=right)
            tally.add("no incident found", right=not case.found)
        shares.append(tally.shares())
    print(f"{'':36}" + "".join(f"{name:>14}" for name in columns))
    print(f"{'articles':36}" + "".join(f"{len(held):>14}" for held, _ in columns.values()))
    for name in shares[0]:
        print(f"{name:36}" + "".join(f"{column.get(name, 0.0):>14.3f}" for column in shares))


if __name__ == "__main__":
    main()
