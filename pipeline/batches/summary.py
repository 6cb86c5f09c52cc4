"""What one published batch brought, as plain values for the terminal."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from pipeline.batches.alarms import batch_warnings
from pipeline.batches.publication import published_ledger
from pipeline.batches.reporting import report_path
from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.ledger import balances

_QUESTION = (
    "SELECT date_start, country_name, place_name, event_type, fatalities_best "
    "FROM incident_reports ORDER BY date_start DESC"
)


def _suggestion() -> str:
    """A command to go on with, as it can be typed here."""
    command = "incidents"
    if shutil.which(command) is None:
        installed = Path(sys.executable).parent / command
        command = str(
            installed.relative_to(Path.cwd()) if installed.is_relative_to(Path.cwd()) else installed
        )
    return f'{command} query "{_QUESTION}"'


def summarize_batch(batch_id: str, settings: Settings) -> dict[str, Any]:
    """Incidents, ledger, quarantine, warnings and where the report lies."""
    ledger = published_ledger(batch_id, settings.lake)
    if ledger is None:
        raise LakeError(f"Batch {batch_id} is not published.")
    with Snapshot(settings.lake) as snapshot:
        incidents = snapshot.rows(
            """SELECT r.date_start, r.country_name, r.place_name, r.sub_event_type, r.perpetrators, r.fatalities_low,
                      r.fatalities_best, r.fatalities_high, r.injured_low, r.injured_best, r.injured_high, a.source_name, r.report_id
               FROM incident_reports AS r JOIN articles AS a ON a.article_id = r.article_id AND a.version = r.article_version
               WHERE r.batch_id = ? ORDER BY r.date_start DESC NULLS LAST, r.country_name, r.place_name, r.report_id""",
            [batch_id],
        )
        quarantined = snapshot.rows(
            "SELECT reason, input_location FROM quarantine WHERE batch_id = ? ORDER BY ALL", [batch_id]
        )
    for row in incidents:
        row["killed"] = _span(row["fatalities_low"], row["fatalities_high"], row["fatalities_best"])
        row["injured"] = _span(row["injured_low"], row["injured_high"], row["injured_best"])
    return {
        "batch_id": batch_id,
        "incidents": incidents,
        "ledger": ledger,
        "balances": balances(ledger),
        "quarantined": [f"{row['input_location']}: {row['reason']}" for row in quarantined],
        "warnings": batch_warnings(batch_id, settings),
        "report": str(report_path(batch_id, settings)),
        "suggestion": _suggestion(),
    }


def _span(low: int | None, high: int | None, best: int | None) -> str:
    """``13``, ``10-15``, ``4+`` for "at least four", ``≤30`` for "up to 30", ``4+ (6)`` with the best number where it is none of the two,
    and nothing where the text does not say.
    """
    beside = "" if best is None or best in (low, high) else f" ({best})"
    if low is None and high is None:
        return beside.strip()
    if low is None:
        return f"≤{high}{beside}"
    if high is None:
        return f"{low}+{beside}"
    return (str(low) if low == high else f"{low}-{high}") + beside
