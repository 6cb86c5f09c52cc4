"""Quarantine rows that a batch settles, closes or opens again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.batches.corrected_inputs import corrected_id
from pipeline.batches.staging import StagedBatch
from pipeline.lake.snapshot import Snapshot, sql_text
from pipeline.lake.store import mark
from pipeline.sources.locations import file_of, place_in_file
from pipeline.sources.registry import Item

Row = dict[str, Any]


def is_input(row: Row) -> bool:
    """True where replaying a quarantined row reads its original again; else the article itself is in the lake."""
    return bool(row["stage"] == "ingest" or (row["table_name"] == "articles" and row["stage"] == "validate"))


def seen_again(
    snapshot: Snapshot, replays: Sequence[str], items: Sequence[Item], articles: Sequence[Row]
) -> list[str]:
    """Those of the quarantined rows whose input is among the items that were read, or whose article is read again.

    A row of another input stays open: nothing tells what became of it.
    """
    columns = ("quarantine_id", "stage", "table_name", "article_id", "article_version")
    told = ("raw_sha256", "input_location")
    asked = {(quarantine_id,) for quarantine_id in replays}
    rows = snapshot.matching("quarantine", (*columns, *told), ("quarantine_id",), asked)
    versions = {(row["article_id"], row["version"]) for row in articles}
    places = {(item.raw_sha256, place_in_file(item.input_location)) for item in items}
    hashes = {item.raw_sha256 for item in items}
    files = {str(file_of(item.input_location)) for item in items}
    corrected = {corrected_id(file) for file in files}

    def is_seen(row: Row) -> bool:
        if not is_input(row):
            return (row["article_id"], row["article_version"]) in versions
        if row["quarantine_id"] in corrected:
            return True
        if row["raw_sha256"] is None:  # it could not be read then
            return row["input_location"] in files
        place = place_in_file(row["input_location"])
        return (row["raw_sha256"], place) in places if place else row["raw_sha256"] in hashes

    return sorted(row["quarantine_id"] for row in rows if is_seen(row))


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
