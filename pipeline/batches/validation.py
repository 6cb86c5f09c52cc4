"""Validate: every staged row, as people have revised it, against the expectations of its table.

Failing rows go to quarantine, whole.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pipeline.batches.decisions import decisions_about
from pipeline.batches.staging import StagedBatch
from pipeline.batches.stopping import check_stops
from pipeline.batches.trends import batch_trends
from pipeline.config import Settings
from pipeline.extract.rows import EXTRACTED_TABLES
from pipeline.quality.freshness import volume
from pipeline.quality.quarantine import quarantined_article, quarantined_row
from pipeline.quality.related import CORRECTED, Related, related
from pipeline.quality.revisions import RevisedRows, revise_rows
from pipeline.quality.validation import ExpectationOutcome, validate_rows
from pipeline.schema.expectations import expectation_names
from pipeline.schema.tables import table

Row = dict[str, Any]


def validate(staged: StagedBatch, settings: Settings, *, now: dt.datetime) -> dict[str, int]:
    """Validate the batch; see ``pipeline.stages.validate``."""
    articles = staged.read_rows("ingest", "articles")
    by_version = {
        (row["article_id"], row["version"]): row
        for row in [*articles, *staged.read_rows("replay", "articles")]
    }
    decisions = decisions_about(settings.lake, set(by_version))
    made = {"articles": articles} | {name: staged.read_rows("extract", name) for name in EXTRACTED_TABLES}
    revisions = [*decisions, *staged.read_rows("revise", "revisions")]
    revised = {name: revise_rows(table(name), rows, revisions) for name, rows in made.items()}
    batch = related({name: [*rows.rows, *rows.retracted] for name, rows in revised.items()})
    found = _Findings(now, by_version, batch)
    for name, rows in revised.items():
        found.check(name, rows)
    found.outcomes += _batch_outcomes(staged, articles, found.accepted["incident_reports"], settings)
    check_stops(staged.batch_id, found.outcomes, settings.reports)
    return _stage(staged, found, sorted(decision["revision_id"] for decision in decisions))


@dataclass
class _Findings:
    """What the checks of a batch have found so far, table by table."""

    now: dt.datetime
    articles: dict[tuple[str, str], Row]
    batch: Related
    outcomes: list[ExpectationOutcome] = field(default_factory=list)
    accepted: dict[str, list[Row]] = field(default_factory=dict)
    quarantined: list[Row] = field(default_factory=list)
    retracted: dict[str, list[Row]] = field(default_factory=dict)
    lost: dict[str, set[str]] = field(default_factory=lambda: {"quarantined": set(), "retracted": set()})
    """Article versions, reports and aggregate claims that did not pass: what belongs to them follows."""

    def check(self, name: str, revised: RevisedRows) -> None:
        """Check the rows of one table, those that people have corrected like all others."""
        spec = table(name)
        self.retracted[name] = revised.retracted
        checked = validate_rows(spec, revised.rows, self.articles, self.batch)
        self.outcomes += checked.outcomes
        self.accepted[name] = []
        names = expectation_names(spec)
        for number, row in enumerate(revised.rows):
            waived = revised.accepted.get(_key(name, row), set())
            failed = [s for s in checked.failed.get(number, []) if names.get(s) not in waived]
            self._sort(name, {k: v for k, v in row.items() if k != CORRECTED}, failed)
        self.lost["retracted"].update(_key(name, row) for row in self.retracted[name])

    def _sort(self, name: str, row: Row, failed: list[str]) -> None:
        owners = {row.get(owner) for owner in ("article_version", "report_id", "claim_id")} - {
            _key(name, row)
        }
        if owners & self.lost["retracted"]:
            self.retracted[name].append(row)
            return
        code = "failed_expectation"
        if not failed and owners & self.lost["quarantined"]:
            owner = row.get("report_id") or row.get("claim_id") or row["article_id"]
            failed, code = [str(owner)], "parent_quarantined"
        if not failed:
            self.accepted[name].append(row)
            return
        self.lost["quarantined"].add(_key(name, row))
        if name == "articles":
            value = " ".join(failed)
            self.quarantined.append(
                quarantined_article(row, stage="validate", code=code, value=value, seen_at=self.now)
            )
        else:
            article = self.articles[row["article_id"], row["article_version"]]
            key = row[table(name).key[0]]
            self.quarantined.append(quarantined_row(name, key, row, article, failed, self.now, code=code))


def _key(name: str, row: Row) -> str:
    return str(row["version" if name == "articles" else table(name).key[0]])


def _batch_outcomes(
    staged: StagedBatch, articles: list[Row], reports: list[Row], settings: Settings
) -> list[ExpectationOutcome]:
    """Expectations on the batch as a whole; none of them drops a row."""
    advance = staged.advance()
    declared = None if advance is None else advance.source
    outcomes = batch_trends(declared, articles, reports, settings.lake)
    if advance is not None and advance.maximum is not None:
        outcomes.append(volume(advance.source, len(articles), advance.maximum))
    return outcomes


def _stage(staged: StagedBatch, found: _Findings, decisions: list[str]) -> dict[str, int]:
    for name, rows in found.accepted.items():
        staged.write_rows("validate", name, rows)
    staged.write_rows("validate", "quarantine", found.quarantined)
    results = [msgspec.to_builtins(outcome) for outcome in found.outcomes]
    staged.write_rows("validate", "quality_results", results)
    counts = {
        "rows_accepted": sum(map(len, found.accepted.values())),
        "rows_quarantined": len(found.quarantined),
        "rows_retracted": sum(map(len, found.retracted.values())),
    }
    retracted = [
        [
            name,
            _key(name, row),
            row["article_id"],
            row["version" if name == "articles" else "article_version"],
        ]
        for name, rows in found.retracted.items()
        for row in rows
    ]
    staged.write_note("validate", counts | {"decisions": decisions, "retracted": retracted})
    return counts
