"""Review: people's decisions about quarantined and published rows, staged with the article versions they concern."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pipeline.batches.contradictions import failed_anew
from pipeline.batches.corrected_inputs import corrected_input
from pipeline.batches.implied_corrections import with_implied
from pipeline.batches.intake import stage_arrival
from pipeline.batches.replay import open_rows, stored_articles
from pipeline.config import Settings
from pipeline.errors import ReviewError
from pipeline.extract.rows import EXTRACTED_TABLES
from pipeline.ids import make_id
from pipeline.lake.counting import UNCOUNTED_TABLE
from pipeline.lake.database import open_database
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.corrections import NO_CHARACTER, parse_corrections
from pipeline.quality.quarantine import entity_key
from pipeline.quality.revisions import json_text, revision_row
from pipeline.schema.expectations import expectation_names
from pipeline.schema.tables import table
from pipeline.sources.raw import RawObject

Row = dict[str, Any]
ACTIONS = ("correct", "accept", "retract", "restore")


@dataclass(frozen=True)
class Decision:
    """What a person decided about one row: a quarantine id (``q-``), or the key of an extracted row."""

    action: str
    target: str
    reason: str
    reviewer: str
    corrections: dict[str, str] = field(default_factory=dict)
    """Field to value as typed, of ``correct``."""
    is_accepted: bool = False
    """True where a published row is corrected in spite of the expectations that it fails then."""


@dataclass
class _Plan:
    """What the batch of some decisions consists of."""

    revisions: list[Row] = field(default_factory=list)
    versions: set[tuple[str, str]] = field(default_factory=set)
    replays: list[str] = field(default_factory=list)
    objects: list[RawObject] = field(default_factory=list)


def ingest_decisions(decisions: Sequence[Decision], settings: Settings, *, now: dt.datetime) -> str:
    """Stage decisions with the articles they concern; see ``pipeline.stages.ingest_decisions``."""
    with Snapshot(settings.lake) as snapshot:
        plan = _planned(decisions, snapshot, settings, now)
        if not plan.revisions:
            raise ReviewError("There is no decision to apply.")
        articles = stored_articles(snapshot, plan.versions)
        plan.replays += open_ids(snapshot, plan.versions)
    batch_id = make_id("b", "review", *sorted(row["revision_id"] for row in plan.revisions))
    return stage_arrival(
        plan.objects,
        [],
        sorted({raw.location for raw in plan.objects}),
        batch_id,
        settings,
        now=now,
        replays=sorted(set(plan.replays)),
        replayed_articles=articles,
        revisions=plan.revisions,
    )


def check_decision(decision: Decision, settings: Settings) -> None:
    """Raise what staging the decision would raise; stage nothing."""
    with Snapshot(settings.lake) as snapshot:
        _planned([decision], snapshot, settings, dt.datetime.now(dt.UTC))


def _planned(
    decisions: Sequence[Decision], snapshot: Snapshot, settings: Settings, now: dt.datetime
) -> _Plan:
    plan = _Plan()
    settings.staging.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".review-", dir=settings.staging) as folder:
        for decision in decisions:
            _check(decision)
            if decision.target.startswith("q-"):
                [row] = open_rows(snapshot, [decision.target])
                _add_quarantined(plan, decision, row, settings, Path(folder), now)
            else:
                _add_published(plan, decision, snapshot, now)
    return plan


def counted_instead(batch_id: str, settings: Settings) -> list[str]:
    """Where a batch decided about reports that do not count, for a copy tells the same: which report counts instead."""
    with open_database(settings.database) as connection:
        rows = connection.execute(
            f"""SELECT decided.entity_id, counted_report_id, report.article_id
                FROM (SELECT DISTINCT entity_id FROM revisions WHERE batch_id = ? AND reviewer_name IS NOT NULL) AS decided
                JOIN {UNCOUNTED_TABLE} AS left_out ON left_out.report_id = decided.entity_id
                LEFT JOIN incident_reports AS report ON report.report_id = counted_report_id
                WHERE counted_report_id IS NOT NULL ORDER BY ALL""",
            [batch_id],
        ).fetchall()
    return [
        f"A copy tells the same as {decided}: in totals "
        + (
            f"{counted} of the article {article} counts instead."
            if article
            else f"none counts, for {counted} was retracted."
        )
        for decided, counted, article in rows
    ]


def questionable_ids(settings: Settings, limit: int) -> list[str]:
    """The oldest open quarantine rows that a person can decide about."""
    with Snapshot(settings.lake) as snapshot:
        rows = snapshot.rows(
            "SELECT quarantine_id FROM quarantine WHERE replayed_at IS NULL AND stage = 'validate' "
            "AND table_name <> 'articles' AND reason_code = 'failed_expectation' ORDER BY first_seen_at, quarantine_id LIMIT ?",
            [limit],
        )
    return [row["quarantine_id"] for row in rows]


def open_ids(snapshot: Snapshot, versions: set[tuple[str, str]]) -> list[str]:
    """Open quarantine rows that reading these article versions again may resolve."""
    columns = ("quarantine_id", "replayed_at", "stage", "table_name")
    rows = snapshot.matching("quarantine", columns, ("article_id", "article_version"), versions)
    return sorted(
        row["quarantine_id"]
        for row in rows
        if row["replayed_at"] is None
        and (row["stage"] == "extract" or (row["stage"] == "validate" and row["table_name"] != "articles"))
    )


def _check(decision: Decision) -> None:
    if decision.action not in ACTIONS:
        raise ReviewError(f"{decision.action!r} is no decision; known: {', '.join(ACTIONS)}.")
    if not decision.reason.strip() or not decision.reviewer.strip():
        raise ReviewError("A decision needs a reason and the name of who decided: --reason and --by.")
    for told in (decision.reason, decision.reviewer):
        if NO_CHARACTER.search(told):
            raise ReviewError(f"{told!r} holds what is no character. Write it anew.")


def _add_quarantined(
    plan: _Plan, decision: Decision, row: Row, settings: Settings, folder: Path, now: dt.datetime
) -> None:
    if row["table_name"] in EXTRACTED_TABLES:
        if row["reason_code"] == "parent_quarantined":
            raise ReviewError(
                f"{row['quarantine_id']} follows its incident report into quarantine: decide about that."
            )
        key = entity_key(row["table_name"], row["row_json"])
        if key is None:
            raise ReviewError(f"The row of {row['quarantine_id']} has no key that can be read; replay it.")
        version = (row["article_id"], row["article_version"])
        failed = list(row["failed_expectations"])
        held = _held_fields(row)
        plan.revisions += _revisions(decision, row["table_name"], key, version, now, held=held, failed=failed)
        plan.versions.add(version)
        return
    if row["stage"] != "ingest" or decision.action != "correct":
        raise ReviewError(
            f"{row['quarantine_id']} cannot be decided by {decision.action}: it was rejected by the stage {row['stage']} "
            f"({row['reason_code']}). {row['reason']}"
        )
    plan.objects.append(corrected_input(row, decision.corrections, settings.raw, folder))
    plan.replays.append(row["quarantine_id"])
    plan.revisions.append(
        revision_row(
            entity="quarantine",
            entity_id=row["quarantine_id"],
            action="correct",
            new=json_text(decision.corrections),
            reason=decision.reason,
            reviewer=decision.reviewer,
            at=now,
        )
    )


def _held_fields(row: Row) -> Row:
    try:
        found: Row = orjson.loads(row["row_json"] or "{}")
    except orjson.JSONDecodeError:
        return {}  # it was cut off; the old values are not told
    return found


def _add_published(plan: _Plan, decision: Decision, snapshot: Snapshot, now: dt.datetime) -> None:
    for name in EXTRACTED_TABLES:
        [key] = table(name).key
        rows = snapshot.rows(f"SELECT * FROM {name} WHERE {key} = ?", [decision.target])
        known = rows or snapshot.rows(
            "SELECT article_id, article_version FROM revisions WHERE entity = ? AND entity_id = ? LIMIT 1",
            [name, decision.target],
        )
        if not known:
            continue
        version = (known[0]["article_id"], known[0]["article_version"])
        _check_standing(decision, name, version, snapshot, is_published=bool(rows))
        revisions = _revisions(decision, name, decision.target, version, now, held=known[0])
        if rows and decision.action == "correct":
            revisions += _accepted(decision, name, rows[0], revisions, snapshot, now)
        plan.revisions += revisions
        plan.versions.add(version)
        return
    raise ReviewError(
        f'No published row has the key {decision.target}. See: incidents query "SELECT report_id FROM incident_reports", '
        "or incidents quarantine list for what was rejected."
    )


def _check_standing(
    decision: Decision, name: str, version: tuple[str, str], snapshot: Snapshot, *, is_published: bool
) -> None:
    """Refuse what would change nothing, or nothing that can be seen."""
    if decision.action == "accept":
        raise ReviewError(
            f"{decision.target} is published or was decided about; accept is for rows in quarantine."
        )
    newer = snapshot.rows(
        "SELECT superseding_version FROM superseded_versions WHERE article_id = ? AND version = ?", version
    )
    if newer:
        raise ReviewError(
            f"{decision.target} is of a version of the article {version[0]} that a newer one has superseded: nothing of it is shown. "
            f"Decide about the reports of the newer one: incidents query \"FROM incident_reports WHERE article_id = '{version[0]}'\"."
        )
    verdicts = snapshot.rows(
        "SELECT action FROM revisions WHERE entity = ? AND entity_id = ? AND action IN ('retract', 'restore') "
        "ORDER BY decided_at DESC, revision_id DESC LIMIT 1",
        [name, decision.target],
    )
    is_retracted = bool(verdicts) and verdicts[0]["action"] == "retract" and not is_published
    if decision.action == "restore" and not is_retracted:
        raise ReviewError(f"{decision.target} is not retracted: there is nothing to undo.")
    if decision.action != "restore" and is_retracted:
        raise ReviewError(
            f"{decision.target} is retracted and stays so. Publish it again first: incidents retract {decision.target} --undo."
        )


def _accepted(
    decision: Decision, name: str, row: Row, revisions: Sequence[Row], snapshot: Snapshot, now: dt.datetime
) -> list[Row]:
    """The acceptance of what the corrected row fails, where that is what was decided."""
    failed = failed_anew(table(name), row, revisions, snapshot)
    if not failed:
        return []
    if not decision.is_accepted:
        raise ReviewError(
            f"So corrected, {decision.target} would be rejected and taken out of what is published: {' '.join(failed)} "
            "Nothing was changed. Set the other fields too, or publish it in spite of that: --accept."
        )
    acceptance = Decision("accept", decision.target, decision.reason, decision.reviewer)
    version = (row["article_id"], row["article_version"])
    return _revisions(acceptance, name, decision.target, version, now, held=row, failed=failed)


def _revisions(
    decision: Decision,
    entity: str,
    key: str,
    version: tuple[str, str],
    now: dt.datetime,
    *,
    held: Row,
    failed: Sequence[str] = (),
) -> list[Row]:
    common: dict[str, Any] = {
        "entity": entity,
        "entity_id": key,
        "action": decision.action,
        "article": version,
        "reason": decision.reason,
        "reviewer": decision.reviewer,
        "at": now,
    }
    if decision.action == "correct":
        values = parse_corrections(entity, decision.corrections)
        if entity == "incident_reports":
            values = with_implied(values, held)
        return [
            revision_row(**common, name=name, old=json_text(held.get(name)), new=json_text(value))
            for name, value in values.items()
        ]
    if decision.action == "accept":
        names = expectation_names(table(entity))
        return [revision_row(**common, new=json_text(sorted(names[s] for s in failed if s in names)))]
    return [revision_row(**common, old=json_text(held) if decision.action == "retract" else None)]
