"""Revisions: what people have decided about rows, applied to freshly extracted rows each time they are made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipeline.ids import make_id
from pipeline.quality.related import CORRECTED
from pipeline.quality.spans import EVIDENCE_OF
from pipeline.schema.tables import Table

Row = dict[str, Any]
DECIDED = ("correct", "accept", "retract", "restore")
"""Actions of people; the others are written by the product."""


@dataclass
class RevisedRows:
    """Rows of one table after people's decisions."""

    rows: list[Row] = field(default_factory=list)
    """Rows that go on, each with the names of its corrected fields under ``CORRECTED``."""
    retracted: list[Row] = field(default_factory=list)
    accepted: dict[str, set[str]] = field(default_factory=dict)
    """Row key to the names of the expectations that it need not meet."""


def json_text(value: Any) -> str:
    """A value as the table keeps it."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode("utf-8")


def revision_row(
    *,
    entity: str,
    entity_id: str,
    action: str,
    reason: str,
    at: dt.datetime,
    article: tuple[str, str] | None = None,
    name: str | None = None,
    old: str | None = None,
    new: str | None = None,
    reviewer: str | None = None,
    origin: str = "",
) -> Row:
    """One revision, but for its batch. ``old`` and ``new`` are JSON; ``origin`` tells equal ones of the product apart."""
    article_id, article_version = article or (None, None)
    moment = origin if reviewer is None else at.isoformat()
    key = make_id("d", entity, entity_id, article_version, action, name, old, new, reason, reviewer, moment)
    return {
        "revision_id": key,
        "entity": entity,
        "entity_id": entity_id,
        "article_id": article_id,
        "article_version": article_version,
        "action": action,
        "field": name,
        "old_value": old,
        "new_value": new,
        "reason": reason,
        "reviewer_name": reviewer,
        "decided_at": at,
    }


def revise_rows(spec: Table, rows: Sequence[Row], revisions: Iterable[Row]) -> RevisedRows:
    """The rows with the decisions about them, earliest first, the last one of a field holding.

    Doing it twice, or with the decisions in another order, changes nothing: they are ordered by (decided_at, revision_id).
    """
    by_row: dict[str, list[Row]] = {}
    for revision in sorted(revisions, key=lambda r: (r["decided_at"], r["revision_id"])):
        if revision["entity"] == spec.name and revision["action"] in DECIDED:
            by_row.setdefault(revision["entity_id"], []).append(revision)
    made = RevisedRows()
    key = "version" if spec.name == "articles" else spec.key[0]
    for row in rows:
        decisions = by_row.get(row[key], [])
        verdicts = [d["action"] for d in decisions if d["action"] in ("retract", "restore")]
        if verdicts and verdicts[-1] == "retract":
            made.retracted.append(row)
            continue
        made.rows.append(_corrected(spec, row, decisions))
        for decision in decisions:
            if decision["action"] == "accept":
                made.accepted.setdefault(row[key], set()).update(orjson.loads(decision["new_value"]))
    return made


def _corrected(spec: Table, row: Row, decisions: list[Row]) -> Row:
    changes = {
        d["field"]: stored_value(spec, d["field"], d["new_value"])
        for d in decisions
        if d["action"] == "correct"
    }
    if not changes:
        return row
    revised = row | changes | {CORRECTED: sorted({*changes, *row.get(CORRECTED, ())})}
    if "date_start" in changes and "incident_year" in row:
        revised["incident_year"] = changes["date_start"].year if changes["date_start"] else None
    if "evidence" in row and "evidence" not in changes:
        kept = [e for e in row["evidence"] if _is_rested_on(e["field"], revised)]
        revised["evidence"] = kept or row["evidence"]
    return revised


def _is_rested_on(quoted: str, revised: Row) -> bool:
    """False where all that the words were quoted for is set by a person now: they say something else."""
    resting = [name for name, fields in EVIDENCE_OF.items() if quoted in fields and name in revised] or [
        quoted
    ]
    corrected = [name for name in resting if name in revised[CORRECTED]]
    return not corrected or any(revised[name] is not None for name in resting if name not in corrected)


def stored_value(spec: Table, name: str, text: str) -> Any:
    """A value from the JSON that the table ``revisions`` keeps."""
    value = orjson.loads(text)
    kind = next(column.type for column in spec.columns if column.name == name)
    if value is not None and kind == "date":
        return dt.date.fromisoformat(value)
    if value is not None and kind == "timestamp":
        return dt.datetime.fromisoformat(value)
    return value
