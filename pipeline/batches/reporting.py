"""Report: what one published batch did, as the self-contained data-quality page."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from pipeline.batches.source_states import source_states
from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.ledger import balances
from pipeline.report.model import ReportData
from pipeline.report.page import write_report


def report_path(batch_id: str, settings: Settings) -> Path:
    """Where the page of a batch lies."""
    return settings.reports / f"{batch_id}.html"


def report_data(batch_id: str, settings: Settings) -> ReportData:
    """What the page shows of a published batch.

    Raises:
        LakeError: the batch is not published.
    """
    with Snapshot(settings.lake) as snapshot:
        batches = snapshot.rows("SELECT * FROM batches WHERE batch_id = ?", [batch_id])
        if not batches:
            raise LakeError(f"Batch {batch_id} is not published; run it first.")
        own = "WHERE batch_id = ? ORDER BY ALL"
        return ReportData(
            batch=batches[0],
            balances=balances(batches[0]),
            expectations=snapshot.rows(
                "SELECT * FROM quality_results WHERE batch_id = ? ORDER BY table_name, expectation",
                [batch_id],
            ),
            quarantined=snapshot.rows(f"SELECT * FROM quarantine {own}", [batch_id]),
            incidents=snapshot.rows(
                """SELECT r.*, a.source_name, a.title, a.url, a.published_at, a.text
                   FROM incident_reports AS r JOIN articles AS a ON a.article_id = r.article_id AND a.version = r.article_version
                   WHERE r.batch_id = ? ORDER BY r.date_start DESC NULLS LAST, r.country_name, r.place_name, r.report_id""",
                [batch_id],
            ),
            aggregate_claims=snapshot.rows(
                "SELECT * FROM aggregate_claims WHERE batch_id = ? ORDER BY claim_id", [batch_id]
            ),
            sources=[asdict(state) for state in source_states(settings, now=batches[0]["committed_at"])],
        )


def write_batch_report(batch_id: str, settings: Settings) -> Path:
    """Write the page of a published batch, and the same as ``latest.html``."""
    data = report_data(batch_id, settings)
    for path in (report_path(batch_id, settings), settings.reports / "latest.html"):
        write_report(data, path)
    return report_path(batch_id, settings)
