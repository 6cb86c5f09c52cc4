"""Replacing what was published of article versions that were read again: old rows out, new rows in, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipeline.batches.staging import StagedBatch
from pipeline.extract.rows import EXTRACTED_TABLES
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.quarantine import entity_key
from pipeline.quality.revisions import json_text, revision_row
from pipeline.schema.tables import table

Row = dict[str, Any]
_VERSION = ("article_id", "article_version")
_UNTOLD = {"batch_id", "extractor_version"}
"""Columns that may differ without the row saying something else."""


@dataclass
class Replacement:
    """What is to be written in one commit."""

    appended: dict[str, list[Row]] = field(default_factory=dict)
    removed_keys: dict[str, list[str]] = field(default_factory=dict)
    revisions: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Reader:
    """What read the versions again, and when; it explains the revisions it leaves."""

    batch_id: str
    now: dt.datetime
    explain: Callable[[str, Row], str]
    """Why a row of a table is gone or changed."""


def replace_rows(
    snapshot: Snapshot, made: dict[str, list[Row]], versions: set[tuple[str, str]], reader: Reader
) -> Replacement:
    """Compare what comes out of the versions now with what the lake holds of them.

    A row that comes out as it was is not touched, so doing it twice changes nothing.
    """
    found = Replacement()
    for name in EXTRACTED_TABLES:
        spec = table(name)
        [key], columns = spec.key, [column.name for column in spec.columns]
        held = {row[key]: row for row in snapshot.matching(name, columns, _VERSION, versions)}
        fresh = {
            row[key]: row for row in made[name] if (row["article_id"], row["article_version"]) in versions
        }
        changed = {k for k in held.keys() & fresh.keys() if _differing(held[k], fresh[k], {"batch_id"})}
        found.removed_keys[name] = sorted((held.keys() - fresh.keys()) | changed)
        found.appended[name] = [row for k, row in fresh.items() if k in changed or k not in held]
        for k in found.removed_keys[name]:
            if revision := _revision(name, k, held[k], fresh.get(k), reader):
                found.revisions.append(revision)
    return found


def _differing(held: Row, fresh: Row, ignored: set[str]) -> list[str]:
    return [name for name in held if name not in ignored and held[name] != fresh.get(name)]


def _revision(name: str, key: str, held: Row, fresh: Row | None, reader: Reader) -> Row | None:
    """The trace that a row leaves; none where only the version of the extractor differs."""
    said = {column: value for column, value in held.items() if column != "batch_id"}
    new = None
    if fresh is not None:
        names = _differing(held, fresh, _UNTOLD)
        if not names:
            return None
        said = {column: held[column] for column in names}
        new = json_text({column: fresh.get(column) for column in names})
    return revision_row(
        entity=name,
        entity_id=key,
        action="removed" if fresh is None else "changed",
        reason=reader.explain(name, held),
        at=reader.now,
        article=(held["article_id"], held["article_version"]),
        old=json_text(said),
        new=new,
        origin=reader.batch_id,
    )


def explanation(decided: list[Row], rejected: list[Row], extracted: Row) -> Callable[[str, Row], str]:
    """Why a row is gone or changed: an expectation that it fails now, a decision about it or what it belongs to, or the extractor."""
    by_row = {(row["entity"], row["entity_id"]): row for row in decided}
    verbs = {"correct": "corrected", "accept": "accepted", "retract": "retracted", "restore": "restored"}
    reasons = {_entity_id(row): row["reason"] for row in rejected}

    def explain(name: str, row: Row) -> str:
        key = row[table(name).key[0]]
        if key in reasons:
            return f"quarantined: {reasons[key]}"
        owned_by = [("incident_reports", row.get("report_id")), ("aggregate_claims", row.get("claim_id"))]
        if revision := next(filter(None, map(by_row.get, [(name, key), *owned_by])), None):
            return f"{verbs[revision['action']]} by {revision['reviewer_name']}: {revision['reason']}"
        return f"reprocessed by extractor {extracted['extractor']} version {extracted['extractor_version']}"

    return explain


def _entity_id(row: Row) -> str | None:
    """Key of the row of an extracted table that a quarantine row holds."""
    return entity_key(row["table_name"], row["row_json"]) if row["table_name"] in EXTRACTED_TABLES else None


def reprocessed_rows(
    staged: StagedBatch, versions: set[tuple[Any, ...]], extracted: Row, now: dt.datetime
) -> list[Row]:
    made_by = {name: extracted[name] for name in ("extractor", "extractor_version")}
    owner = made_by | {"reprocessed_at": now, "batch_id": staged.batch_id}
    return [
        {"article_id": article_id, "article_version": version, **owner}
        for article_id, version in sorted(versions)
    ]
