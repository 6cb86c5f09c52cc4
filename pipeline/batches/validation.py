"""Validate: every staged row against the expectations of its table; failing rows go to quarantine, whole."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pipeline.batches.staging import StagedBatch
from pipeline.batches.stopping import check_stops
from pipeline.batches.trends import batch_trends
from pipeline.config import Settings
from pipeline.extract.rows import EXTRACTED_TABLES
from pipeline.quality.freshness import volume
from pipeline.quality.quarantine import quarantined_article, quarantined_row
from pipeline.quality.related import Related, related
from pipeline.quality.validation import ExpectationOutcome, validate_rows
from pipeline.schema.tables import table

Row = dict[str, Any]
Version = tuple[str, str]


@dataclass
class _Sorted:
    """What validation makes of a batch: rows by table, quarantined ones, and the outcomes of all expectations."""

    accepted: dict[str, list[Row]] = field(default_factory=dict)
    quarantined: list[Row] = field(default_factory=list)
    outcomes: list[ExpectationOutcome] = field(default_factory=list)
    rejected: set[Version] = field(default_factory=set)
    """Article versions that are quarantined."""
    lost_reports: set[str] = field(default_factory=set)


def validate(staged: StagedBatch, settings: Settings, *, now: dt.datetime) -> dict[str, int]:
    """Validate the batch; see ``pipeline.stages.validate``."""
    articles = staged.read_rows("ingest", "articles")
    by_version = {
        (row["article_id"], row["version"]): row
        for row in [*articles, *staged.read_rows("replay", "articles")]
    }
    extracted = {name: staged.read_rows("extract", name) for name in EXTRACTED_TABLES}
    batch = related(extracted)
    found = _Sorted()
    _sort_articles(found, articles, by_version, now)
    for name, rows in extracted.items():
        _sort_rows(found, name, rows, by_version, batch, now)
    _check_batch(found, staged, articles, settings)
    check_stops(staged.batch_id, found.outcomes, settings.reports)
    return _stage(staged, found)


def _sort_articles(
    found: _Sorted, articles: list[Row], by_version: dict[Version, Row], now: dt.datetime
) -> None:
    checked = validate_rows(table("articles"), articles, by_version)
    found.outcomes += checked.outcomes
    found.accepted["articles"] = [row for n, row in enumerate(articles) if n not in checked.failed]
    for number, failed in checked.failed.items():
        row, value = articles[number], " ".join(failed)
        found.rejected.add((row["article_id"], row["version"]))
        found.quarantined.append(
            quarantined_article(row, stage="validate", code="failed_expectation", value=value, seen_at=now)
        )


def _sort_rows(
    found: _Sorted,
    name: str,
    rows: list[Row],
    by_version: dict[Version, Row],
    batch: Related,
    now: dt.datetime,
) -> None:
    checked = validate_rows(table(name), rows, by_version, batch)
    found.outcomes += checked.outcomes
    accepted = found.accepted[name] = []
    key = table(name).key[0]
    for number, row in enumerate(rows):
        version = (row["article_id"], row["article_version"])
        failed, code = checked.failed.get(number, []), "failed_expectation"
        if not failed and (version in found.rejected or row.get("report_id") in found.lost_reports):
            failed, code = [f"{row.get('report_id') or row['article_id']}"], "parent_quarantined"
        if not failed:
            accepted.append(row)
            continue
        article = by_version[version]
        found.quarantined.append(quarantined_row(name, row[key], row, article, failed, now, code=code))
        if name == "incident_reports":
            found.lost_reports.add(row["report_id"])


def _check_batch(found: _Sorted, staged: StagedBatch, articles: list[Row], settings: Settings) -> None:
    """Expectations on the batch as a whole; none of them drops a row."""
    advance = staged.advance()
    if advance is not None and advance.maximum is not None:
        found.outcomes.append(volume(advance.source, len(articles), advance.maximum))
    declared = None if advance is None else advance.source
    found.outcomes += batch_trends(declared, articles, found.accepted["incident_reports"], settings.lake)


def _stage(staged: StagedBatch, found: _Sorted) -> dict[str, int]:
    for name, rows in found.accepted.items():
        staged.write_rows("validate", name, rows)
    staged.write_rows("validate", "quarantine", found.quarantined)
    results = [msgspec.to_builtins(outcome) for outcome in found.outcomes]
    staged.write_rows("validate", "quality_results", results)
    counts = {
        "rows_accepted": sum(map(len, found.accepted.values())),
        "rows_quarantined": len(found.quarantined),
    }
    staged.write_note("validate", counts)
    return counts
