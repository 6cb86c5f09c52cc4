"""Report: what one published batch did, as the self-contained data-quality page."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.batches.history import history
from pipeline.batches.source_states import states_for_pages
from pipeline.batches.trends import failed_trends
from pipeline.batches.volumes import volumes
from pipeline.config import SCHEMAS_DIR, Settings
from pipeline.errors import LakeError
from pipeline.files import write_atomically
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.ledger import balances, filled
from pipeline.report.dashboard import render_dashboard
from pipeline.report.history import DAYS
from pipeline.report.model import ReportData
from pipeline.report.page import page_bytes, render_report

_BY_SOURCE = """
WITH own AS (SELECT * FROM articles WHERE batch_id = $1),
known AS (SELECT article_id, version, source_name, published_on FROM articles
          SEMI JOIN (SELECT article_id FROM own UNION SELECT article_id FROM incident_reports WHERE batch_id = $1
                     UNION SELECT article_id FROM quarantine WHERE batch_id = $1) USING (article_id)),
found AS (
  SELECT source_name AS source, published_on AS day, 1 AS articles, 0 AS reports, 0 AS quarantined FROM own
  UNION ALL
  SELECT k.source_name, k.published_on, 0, 1, 0 FROM incident_reports AS r
  JOIN known AS k ON k.article_id = r.article_id AND k.version = r.article_version WHERE r.batch_id = $1
  UNION ALL
  SELECT coalesce(k.source_name, CASE WHEN json_valid(q.row_json) THEN q.row_json ->> '$.source_name' END),
         coalesce(k.published_on, CASE WHEN json_valid(q.row_json) THEN try_cast(q.row_json ->> '$.published_on' AS DATE) END),
         0, 0, 1 FROM quarantine AS q
  LEFT JOIN known AS k ON k.article_id = q.article_id AND k.version = q.article_version WHERE q.batch_id = $1)
SELECT source, day, sum(articles)::BIGINT AS articles, sum(reports)::BIGINT AS reports, sum(quarantined)::BIGINT AS quarantined
FROM found GROUP BY source, day ORDER BY quarantined DESC, articles DESC, source, day LIMIT 200
"""


def known_accuracy(extractor: str, version: str) -> dict[str, Any] | None:
    """What ``schemas/accuracy.json`` says of an extractor version; ``None`` where that version was not measured."""
    pinned: dict[str, Any] = json.loads((SCHEMAS_DIR / "accuracy.json").read_text(encoding="utf-8"))
    return pinned if (extractor, version) == (pinned["extractor"], pinned["extractor_version"]) else None


def report_path(batch_id: str, settings: Settings) -> Path:
    """Where the page of a batch lies."""
    return settings.reports / f"{batch_id}.html"


def report_data(batch_id: str, settings: Settings, snapshot: Snapshot) -> ReportData:
    """What the page shows of a published batch.

    Raises:
        LakeError: the batch is not published.
    """
    batches = snapshot.rows("SELECT * FROM batches WHERE batch_id = ?", [batch_id])
    if not batches:
        raise LakeError(f"Batch {batch_id} is not published; run it first.")
    batch = filled(batches[0])
    own = "WHERE batch_id = ? ORDER BY ALL"
    expectations = snapshot.rows(
        "SELECT * FROM quality_results WHERE batch_id = ? ORDER BY table_name, expectation", [batch_id]
    )
    committed_at: dt.datetime = batch["committed_at"]
    days = [committed_at.date() - dt.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    brought = volumes(snapshot, days, committed_at)
    return ReportData(
        batch=batch,
        balances=balances(batch),
        expectations=expectations,
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
        sources=[
            asdict(state)
            for state in states_for_pages(settings, brought, now=committed_at, snapshot=snapshot)
        ],
        trends=failed_trends(expectations),
        by_source=snapshot.rows(_BY_SOURCE, [batch_id]),
        accuracy=known_accuracy(batch["extractor"], batch["extractor_version"]),
    )


def dashboard_path(settings: Settings) -> Path:
    """Where the standing dashboard lies."""
    return settings.reports / "index.html"


def write_batch_report(batch_id: str, settings: Settings) -> Path:
    """Write the page of a published batch, of the newest also as ``latest.html``, and the dashboard of all."""
    with Snapshot(settings.lake) as snapshot:
        page = page_bytes(render_report(report_data(batch_id, settings, snapshot)))
        dashboard = page_bytes(render_dashboard(history(settings, snapshot)))
        [newest] = snapshot.rows("SELECT arg_max(batch_id, committed_at) AS batch_id FROM batches")
    write_atomically(report_path(batch_id, settings), page)
    if batch_id == newest["batch_id"]:
        write_atomically(settings.reports / "latest.html", page)
    write_atomically(dashboard_path(settings), dashboard)
    return report_path(batch_id, settings)
