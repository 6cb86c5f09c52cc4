"""Quarantine rows that a batch settles, closes or opens again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from pipeline.batches.staging import StagedBatch
from pipeline.lake.snapshot import Snapshot, sql_text
from pipeline.lake.store import mark

Row = dict[str, Any]


def settled_rows(snapshot: Snapshot, rejected: list[Row], now: dt.datetime) -> list[Row]:
    """Rejected rows to append; an input that a person has corrected (in a lake that is made again) is closed already."""
    asked = {("quarantine", row["quarantine_id"]) for row in rejected}
    decided = snapshot.matching("revisions", ("entity_id",), ("entity", "entity_id"), asked)
    corrected = {row["entity_id"] for row in decided}
    return [row | {"replayed_at": now} if row["quarantine_id"] in corrected else row for row in rejected]


def mark_quarantine(
    staged: StagedBatch, folder: Path, versions: dict[str, int], reopened: list[str], now: dt.datetime
) -> dict[str, int]:
    """Close what is resolved, open again what is rejected once more; the version of the table after that."""
    marked: dict[str, int] = {}
    moment = f"to_timestamp({sql_text(now.isoformat())})"
    for ids, value, state in ((_resolved(staged), moment, "NULL"), (reopened, "NULL", "NOT NULL")):
        if ids and "quarantine" in versions:
            marked["quarantine"] = mark(
                folder,
                "quarantine",
                batch_id=staged.batch_id,
                updates={"replayed_at": value},
                predicate=f"quarantine_id IN ({', '.join(map(sql_text, ids))}) AND replayed_at IS {state}",
            )
    return marked


def reopened_ids(staged: StagedBatch, snapshot: Snapshot) -> list[str]:
    """Quarantined rows that were resolved once and are rejected by this batch again, of versions it read again."""
    again = {
        row["quarantine_id"]
        for stage in ("extract", "validate")
        for row in staged.read_rows(stage, "quarantine")
    }
    if not again:
        return []
    asked = {(quarantine_id,) for quarantine_id in again}
    held = snapshot.matching("quarantine", ("quarantine_id", "replayed_at"), ("quarantine_id",), asked)
    return sorted(row["quarantine_id"] for row in held if row["replayed_at"] is not None)


def _resolved(staged: StagedBatch) -> list[str]:
    """Quarantined rows that this batch replayed and that were not rejected again for the same reason."""
    again = {
        row["quarantine_id"]
        for stage in ("ingest", "extract", "validate")
        for row in staged.read_rows(stage, "quarantine")
    }
    return sorted(set(staged.read_note("ingest")["replays"]) - again)
