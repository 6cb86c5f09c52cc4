"""Validate: every staged row against the expectations of its table; failing rows go to quarantine, whole."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from pipeline.batches.staging import StagedBatch
from pipeline.errors import ContractError
from pipeline.extract.rows import EXTRACTED_TABLES
from pipeline.quality.freshness import volume
from pipeline.quality.quarantine import quarantined_article, quarantined_row
from pipeline.quality.validation import ExpectationOutcome, validate_rows
from pipeline.schema.tables import table

Row = dict[str, Any]


def validate(staged: StagedBatch, *, now: dt.datetime) -> dict[str, int]:
    """Validate the batch; see ``pipeline.stages.validate``."""
    articles = staged.read_rows("ingest", "articles")
    by_version = {
        (row["article_id"], row["version"]): row
        for row in [*articles, *staged.read_rows("replay", "articles")]
    }
    outcomes: list[ExpectationOutcome] = []
    quarantined: list[Row] = []
    checked = validate_rows(table("articles"), articles, by_version)
    outcomes += checked.outcomes
    if (advance := staged.advance()) is not None and advance.maximum is not None:
        outcomes.append(volume(advance.source, len(articles), advance.maximum))
    rejected: dict[tuple[str, str], list[str]] = {}
    for number, failed in checked.failed.items():
        row = articles[number]
        rejected[row["article_id"], row["version"]] = failed
        value = " ".join(failed)
        quarantined.append(
            quarantined_article(row, stage="validate", code="failed_expectation", value=value, seen_at=now)
        )
    accepted = {"articles": [row for n, row in enumerate(articles) if n not in checked.failed]}
    lost_reports: set[str] = set()
    for name in EXTRACTED_TABLES:
        rows = staged.read_rows("extract", name)
        checked = validate_rows(table(name), rows, by_version)
        outcomes += checked.outcomes
        accepted[name] = []
        key = table(name).key[0]
        for number, row in enumerate(rows):
            article = by_version[row["article_id"], row["article_version"]]
            failed, code = checked.failed.get(number, []), "failed_expectation"
            if not failed and (
                (article["article_id"], article["version"]) in rejected
                or row.get("report_id") in lost_reports
            ):
                failed, code = [f"{row.get('report_id') or article['article_id']}"], "parent_quarantined"
            if not failed:
                accepted[name].append(row)
                continue
            quarantined.append(quarantined_row(name, row[key], row, article, failed, now, code=code))
            if name == "incident_reports":
                lost_reports.add(row["report_id"])
    return _stage(staged, accepted, quarantined, outcomes)


def _stage(
    staged: StagedBatch,
    accepted: dict[str, list[Row]],
    quarantined: list[Row],
    outcomes: list[ExpectationOutcome],
) -> dict[str, int]:
    _check_stops(outcomes)
    for name, rows in accepted.items():
        staged.write_rows("validate", name, rows)
    staged.write_rows("validate", "quarantine", quarantined)
    results = [msgspec.to_builtins(outcome) for outcome in outcomes]
    staged.write_rows("validate", "quality_results", results)
    counts = {"rows_accepted": sum(map(len, accepted.values())), "rows_quarantined": len(quarantined)}
    staged.write_note("validate", counts)
    return counts


def _check_stops(outcomes: list[ExpectationOutcome]) -> None:
    stopping = [o for o in outcomes if o.severity == "stop" and not o.is_passed]
    if stopping:
        named = "; ".join(f"{o.table_name}: {o.sentence} ({o.unexpected_count} rows fail)" for o in stopping)
        raise ContractError(f"The batch fails expectations that must hold: {named}. Nothing was published.")
