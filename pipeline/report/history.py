"""What the standing dashboard shows: the last days of the lake, by day, with what stands out marked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.report.model import MOST, Intake, Row, Trend
from pipeline.report.verdict import (
    Finding,
    gravest,
    intake_findings,
    listed,
    source_findings,
    trend_findings,
)

DAYS = 90
SHOWN_BATCHES = 20
SHOWN_LINES = 25
_LEAST_REPORTS = 30
_NULL_RISE = 0.25


@dataclass(frozen=True)
class Line:
    """One row of a chart by day: a source, a reason, an expectation or a column."""

    name: str
    values: list[float | None]
    """One a day of :attr:`History.days`; ``None`` where nothing was looked at."""
    total: int
    of: int = 0
    """What the total is a part of, where it is one."""
    note: str = ""
    alarms: dict[int, str] = field(default_factory=dict)
    """Days that stand out, with the word for it."""


@dataclass(frozen=True)
class History:
    """The last days of the lake. Rows carry the names of the tables' columns."""

    written_at: dt.datetime
    """The commit of the newest batch that is shown."""
    days: list[dt.date]
    ledger_by_day: list[Row | None]
    ledger: Row
    """The sums of the newest batches that :attr:`batches` lists."""
    batches: list[Row]
    """The newest ones, with ``is_conserved``."""
    unbalanced: int
    """Batches of the window whose counts do not add up."""
    expectations: list[Line]
    met: int
    """Expectations that no row failed within the window."""
    intakes: dict[str, Intake]
    """What came in with each batch of the newest day."""
    failed_last: int
    """Expectations other than trends that some row of the newest day failed."""
    trends: list[Trend]
    """Trends that failed on the newest day."""
    reasons: list[Line]
    open_quarantine: int
    nulls: list[Line]
    volumes: list[Line]
    """All sources; the page shows the first ones."""
    idle: list[int]
    """The days right before the newest on which nothing was ingested, although something had been every day."""
    sources: list[Row]


def null_alarms(missing: Sequence[float | None], seen: Sequence[int]) -> dict[int, str]:
    """Days on which a value is missing in a quarter more of the reports than it was over all days before."""
    found, missed, looked = {}, 0.0, 0
    for day, (share, count) in enumerate(zip(missing, seen, strict=True)):
        if share is None:
            continue
        is_enough = count >= _LEAST_REPORTS and looked >= _LEAST_REPORTS
        if is_enough and share - missed / looked > _NULL_RISE:
            found[day] = "rise"
        missed, looked = missed + share * count, looked + count
    return found


def history_findings(history: History) -> list[Finding]:
    """The open alarms, the gravest first."""
    found = []
    if history.unbalanced:
        found.append(
            Finding(
                "stop",
                f"The counts of {history.unbalanced:,} batches do not add up.",
                "Run incidents doctor; keep raw/ and lake/.",
                "#ledger",
            )
        )
    found += _last_day(history)
    found += source_findings(history.sources, "#volumes")
    if history.idle:
        first, last = history.days[history.idle[0]], history.days[history.idle[-1]]
        when = f"on {first}" if first == last else f"from {first} to {last}"
        found.append(
            Finding(
                "look",
                f"Nothing new came in from any source {when}.",
                "See whether the pipeline ran and files were handed over; no source is called silent for that.",
                "#volumes",
            )
        )
    recent = range(max(0, len(history.days) - 2), len(history.days))
    names = [line.name for line in history.volumes if any(line.alarms.get(day) == "jump" for day in recent)]
    if names:
        sentence = f"Sources brought far more than in the week before: {listed(names)}."
        found.append(Finding("look", sentence, "See whether the source has changed.", "#volumes"))
    names = [line.name for line in history.nulls if any(day in line.alarms for day in recent)]
    if names:
        sentence = f"Values are missing far more often than before: {', '.join(names)}."
        found.append(
            Finding("look", sentence, "Compare some articles of the day with their reports.", "#completeness")
        )
    return sorted(found, key=lambda finding: finding.level != "stop")


def _last_day(history: History) -> list[Finding]:
    """What the newest day's ledger and expectations say."""
    today = history.ledger_by_day[-1] if history.ledger_by_day else None
    if today is None:
        return []
    found = trend_findings(history.trends, f"on {history.days[-1]}", "#expectations")
    last = history.intakes.values()
    found += intake_findings(
        Intake(
            *(sum(getattr(one, name) for one in last) for name in ("came", "rejected", "articles", "unread"))
        ),
        f" of {history.days[-1]}",
    )
    spoilt = [batch_id for batch_id, one in history.intakes.items() if one.is_mostly_rejected]
    if spoilt and gravest(found) != "stop":
        sentence = f"More than half of what came in with {listed(spoilt)} was rejected."
        found.append(Finding("look", sentence, "See its page.", "#batches"))
    if history.failed_last:
        expectations = "1 expectation" if history.failed_last == 1 else f"{history.failed_last} expectations"
        sentence = f"{expectations} failed for some rows on {history.days[-1]}."
        action = "Rows that fail are in quarantine, except where the expectation only warns."
        is_most = today["rows_quarantined"] > MOST * today["rows_extracted"]
        found.append(Finding("stop" if is_most else "look", sentence, action, "#expectations"))
    return found
