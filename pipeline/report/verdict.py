"""Can the data be trusted: what was found wrong, how grave it is, and what to do about each finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.report.model import MOST, Intake, ReportData, Row, Trend

Level = Literal["ok", "look", "stop"]
WORDS: dict[Level, str] = {
    "ok": "OK: nothing speaks against using this data.",
    "look": "Look at this first.",
    "stop": "Do not use this data.",
}
_MOST_LISTED = 8


@dataclass(frozen=True)
class Finding:
    """One reason to look, with what to do and the part of the page that shows it."""

    level: Level
    sentence: str
    action: str
    link: str = ""


def gravest(findings: Sequence[Finding]) -> Level:
    """The level of the whole: that of its gravest finding."""
    levels = {finding.level for finding in findings}
    return "stop" if "stop" in levels else "look" if "look" in levels else "ok"


def batch_findings(data: ReportData) -> list[Finding]:
    """What is to be said of one batch, the gravest first."""
    batch, found = data.batch, []
    if not data.is_conserved:
        found.append(
            Finding(
                "stop",
                "The counts of the batch do not add up.",
                "Run incidents doctor; keep raw/ and lake/.",
                "#ledger",
            )
        )
    found += trend_findings(data.trends, "in this batch", "#expectations")
    found += intake_findings(data.intake, "")
    found += _expectation_findings(data)
    if (
        data.intake.came
        and not batch["items_failed"]
        and not batch["rows_extracted"]
        and not batch["versions_replayed"]
    ):
        found.append(
            Finding(
                "look",
                "Nothing new came in: every article is known already.",
                "Nothing, if the input was sent twice.",
                "#ledger",
            )
        )
    found += source_findings(data.sources, "#sources")
    return sorted(found, key=lambda finding: finding.level != "stop")


def intake_findings(intake: Intake, when: str) -> list[Finding]:
    """What is to be said of inputs that were rejected, and of articles that are not read; ``when`` is empty, or begins with a space."""
    found = []
    if intake.is_mostly_rejected:
        found.append(
            Finding(
                "stop",
                f"{intake.rejected:,} of {intake.came:,} inputs{when} were rejected: what is left is no fair picture of them.",
                "Look at the reasons; mend the source and replay them.",
                "#quarantine",
            )
        )
    elif intake.rejected:
        found.append(
            Finding(
                "look",
                f"{intake.rejected:,} of {intake.came:,} inputs{when} were rejected and are not published.",
                "Look at the reasons; mend and replay.",
                "#quarantine",
            )
        )
    if intake.is_mostly_unread:
        found.append(
            Finding(
                "look",
                f"{intake.unread:,} of {intake.articles:,} articles{when} are in a language that is not read: nothing is known of what they tell.",
                "Nothing; they are kept and are read when their language is.",
                "#quarantine",
            )
        )
    return found


def trend_findings(trends: Sequence[Trend], when: str, link: str) -> list[Finding]:
    """The tolls that are far from usual, a finding each; all else that is, in one."""
    tolls = [trend for trend in trends if trend.measure == "killed"]
    found = [
        Finding(
            "look",
            f"{trend.source} tells of {trend.observed} killed {when}, all reports together; usual is {trend.usual}.",
            "Compare its highest tolls with their articles before you use the figures.",
            link,
        )
        for trend in tolls
    ]
    others: dict[str, list[str]] = {}
    for trend in trends:
        if trend.measure != "killed":
            others.setdefault(trend.source, []).append(f"{trend.words} ({trend.observed})")
    if others:
        told = [f"of {source}, {', '.join(measures)}" for source, measures in others.items()]
        sentence = f"{'Also far' if tolls else 'Far'} from usual {when}: {listed(told)}."
        found.append(Finding("look", sentence, "What is usual stands beside each under Expectations.", link))
    return found


def source_findings(sources: Sequence[Row], link: str) -> list[Finding]:
    """The sources that are not well, a finding each; the silent ones in one."""
    found = [
        Finding("look", f"Source {row['source']} is {row['state']}.", row["sentence"], link)
        for row in sources
        if row["state"] not in {"ok", "silent"}
    ]
    silent = [
        f"{row['source']} (no article since {row['since']})" for row in sources if row["state"] == "silent"
    ]
    if silent:
        action = "There were some on every day of the week before: see whether it still publishes and still arrives."
        found.append(Finding("look", f"Fallen silent: {listed(silent)}.", action, link))
    return found


def listed(items: Sequence[str]) -> str:
    """Items in one sentence, the first few of many."""
    more = len(items) - _MOST_LISTED
    return "; ".join(items[:_MOST_LISTED]) + (f"; and {more:,} more" if more > 0 else "")


def _expectation_findings(data: ReportData) -> list[Finding]:
    rejecting = [row for row in data.failed_expectations if row["severity"] != "warn"]
    warning = sum(row["severity"] == "warn" for row in data.failed_expectations) - len(data.trends)
    found = []
    if rejecting:
        made, lost = data.batch["rows_extracted"], data.batch["rows_quarantined"]
        found.append(
            Finding(
                "stop" if made and lost / made > MOST else "look",
                f"{len(rejecting)} of {len(data.expectations)} expectations failed; {lost:,} of {made:,} rows are in quarantine and not published.",
                "Compare them with their articles. The published rows meet every expectation but those that only warn, and those that a person has waived for a row.",
                "#expectations",
            )
        )
    if warning:
        found.append(
            Finding(
                "look",
                f"{warning}{' more' if data.trends else ''} of {len(data.expectations)} expectations {'warns' if warning == 1 else 'warn'}; no row was dropped for that.",
                "Read what was observed before you use the figures.",
                "#expectations",
            )
        )
    return found
