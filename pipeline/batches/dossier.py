"""What a person needs to see of a quarantined row to decide about it."""

from __future__ import annotations

from typing import Any

import orjson

from pipeline.batches.replay import named_rows, open_rows
from pipeline.config import Settings
from pipeline.lake.snapshot import Snapshot

AROUND_CHARACTERS = 120
CONTENT_CHARACTERS = 2_000
Row = dict[str, Any]


def dossier(quarantine_id: str, settings: Settings, *, is_open: bool = True) -> Row:
    """The quarantine row, its fields, and the source text around its quotes. The text is as hostile as its source.

    Raises:
        SourceError: no row has this id, or it is closed where it must be open.
    """
    with Snapshot(settings.lake) as snapshot:
        [row] = (open_rows if is_open else named_rows)(snapshot, [quarantine_id])
        texts = snapshot.rows(
            "SELECT text FROM articles WHERE article_id = ? AND version = ?",
            [row["article_id"], row["article_version"]],
        )
    fields = _fields(row["row_json"])
    text = texts[0]["text"] if texts else str(fields.get("text") or "")
    return {
        "quarantine_id": row["quarantine_id"],
        "table_name": row["table_name"],
        "reason_code": row["reason_code"],
        "reason": row["reason"],
        "failed_expectations": row["failed_expectations"],
        "input_location": row["input_location"],
        "replayed_at": row["replayed_at"],
        "row": {name: value for name, value in fields.items() if name not in ("evidence", "text")},
        "quotes": [_around(text, evidence) for evidence in fields.get("evidence") or []],
        "content": None if fields else (row["row_json"] or "")[:CONTENT_CHARACTERS],
    }


def _fields(row_json: str | None) -> Row:
    try:
        found = orjson.loads(row_json or "")
    except orjson.JSONDecodeError:
        return {}  # an input that is no JSON, or a row that was cut off
    return found if isinstance(found, dict) else {}


def _around(text: str, evidence: Row) -> Row:
    start, end = max(0, int(evidence["start"])), max(0, int(evidence["end"]))
    return {
        "field": evidence["field"],
        "before": text[max(0, start - AROUND_CHARACTERS) : start],
        "quote": evidence["quote"],
        "after": text[end : end + AROUND_CHARACTERS],
    }
