"""Freshness and volume of sources: does one bring what its declaration, or else its habit, lets expect, too little, or too much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from pipeline.quality.validation import ExpectationOutcome

State = Literal["ok", "dry", "flood", "broken", "silent"]
STEADY_DAYS = 7
_JUMP, _LEAST_JUMP = 5, 20


@dataclass(frozen=True)
class Expected:
    """How many articles a window should bring (``bounds`` of the declaration)."""

    window: dt.timedelta
    minimum: int
    maximum: int


@dataclass(frozen=True)
class Brought:
    """What the batches of a source brought within its window."""

    articles: int
    """Articles first seen, new or in a new version."""
    items_fetched: int = 0
    items_failed: int = 0


@dataclass(frozen=True)
class Freshness:
    """The state of one source, with a sentence that says what was found and what to do."""

    source: str
    state: State
    sentence: str
    articles: int | None = None
    """Articles first seen within the window; ``None`` where the declaration cannot be read."""
    since: dt.date | None = None
    """The last day with articles of a silent source."""

    @property
    def is_alarm(self) -> bool:
        """True where somebody should look."""
        return self.state != "ok"


def judge(source: str, expected: Expected, brought: Brought, *, known_for: dt.timedelta) -> Freshness:
    """The state of a source that has been known for so long; one known for less than a window is never dry."""
    window = _hours(expected.window)
    found = f"{source} brought {_articles(brought.articles)} in the last {window}"
    if brought.articles > expected.maximum:
        sentence = (
            f"{found}; at most {expected.maximum:,} are expected. Nothing was dropped. Look at some of them: where they "
            f"are right, raise bounds.maximum of the declaration; where they are not, mend or narrow the source."
        )
        return Freshness(source, "flood", sentence, brought.articles)
    if brought.articles >= expected.minimum:
        return Freshness(source, "ok", f"{found}, as expected.", brought.articles)
    expectation = f"at least {expected.minimum:,} are expected"
    if known_for < expected.window:
        sentence = f"{found}; {expectation}, but it was declared less than {window} ago: nothing to do yet."
        return Freshness(source, "ok", sentence, brought.articles)
    return Freshness(source, "dry", f"{found}; {expectation}. {_remedy(source, brought)}", brought.articles)


def _remedy(source: str, brought: Brought) -> str:
    """What to do about a dry source follows from where along the way its articles were lost."""
    if not brought.items_fetched:
        return (
            f"Nothing was fetched from it: see whether it is still there and its runs succeed (`incidents fetch {source}`). "
            "Where it really publishes less, lower bounds.minimum of the declaration."
        )
    if brought.items_failed:
        return (
            f"Of {brought.items_fetched:,} items fetched {brought.items_failed:,} could not be read: "
            "`incidents quarantine list` says why."
        )
    return (
        f"{brought.items_fetched:,} items were fetched, but too few were new articles: see whether it repeats itself. "
        "Where it really publishes less, lower bounds.minimum of the declaration."
    )


def jumps(brought: Mapping[int, int], days: Sequence[int]) -> list[int]:
    """Days that brought over five times the median of the seven before; ``days`` are all to count, from the source's first on."""
    return [
        days[place]
        for place in range(STEADY_DAYS, len(days))
        if (count := brought.get(days[place], 0)) >= _LEAST_JUMP
        and count > _JUMP * max(1, median(brought.get(day, 0) for day in days[place - STEADY_DAYS : place]))
    ]


def silences(brought: Mapping[int, int], days: Sequence[int]) -> list[int]:
    """Days on which a source fell silent: the first without an article after seven or more that each had some."""
    found: list[int] = []
    steady = 0
    for day in days:
        if brought.get(day):
            steady += 1
        else:
            if steady >= STEADY_DAYS:
                found.append(day)
            steady = 0
    return found


def silent(source: str, since: dt.date) -> Freshness:
    """The state of a source that brought articles every day, and none since."""
    sentence = (
        f"{source} has brought nothing since {since}, after {STEADY_DAYS} days or more that each had some. "
        "See whether it still publishes and still arrives."
    )
    return Freshness(source, "silent", sentence, 0, since)


def idle_days(active: Sequence[int], today: int) -> list[int]:
    """The days right before today on which no source brought anything, after seven or more that each had some."""
    earlier = [day for day in active if day < today][-STEADY_DAYS:]
    if len(earlier) < STEADY_DAYS or earlier[-1] - earlier[0] >= STEADY_DAYS:
        return []
    return list(range(earlier[-1] + 1, today))


def volume(source: str, articles: int, maximum: int) -> ExpectationOutcome:
    """The expectation that one batch of a source holds no more articles than its whole window should; it only warns."""
    return ExpectationOutcome(
        table_name="articles",
        expectation=f"volume:{source}",
        sentence=f"A batch of the source {source} brings at most {maximum:,} articles (bounds.maximum of its declaration).",
        severity="warn",
        element_count=articles,
        unexpected_count=max(0, articles - maximum),
        is_passed=articles <= maximum,
        observed=str(articles),
    )


def _articles(count: int) -> str:
    return "1 article" if count == 1 else f"{count:,} articles"


def _hours(window: dt.timedelta) -> str:
    hours = window / dt.timedelta(hours=1)
    return "hour" if hours == 1 else f"{hours:g} hours"
