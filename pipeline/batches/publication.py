"""Publish: the batch's rows into the lake's tables, made visible together by one replaced file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec

from pipeline import __version__
from pipeline.batches import duplicates, supersession
from pipeline.batches.decisions import decided_versions, is_decided_otherwise, keep_decisions
from pipeline.batches.maintenance import compact_where_due
from pipeline.batches.replacement import Reader, explanation, replace_rows, reprocessed_rows
from pipeline.batches.resolution import mark_quarantine, reopened_ids
from pipeline.batches.staging import SourceAdvance, StagedBatch
from pipeline.batches.stopping import check_own_rows, prepare_own_checks
from pipeline.config import Settings
from pipeline.errors import OutdatedError, SupersededError
from pipeline.extract.rows import EXTRACTED_TABLES
from pipeline.lake.catalog import (
    Catalog,
    Operation,
    SourceState,
    begin_catalog,
    commit_time,
    read_catalog,
    write_catalog,
    writer_lock,
)
from pipeline.lake.checksums import sealed
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.store import append, remove, roll_back_uncommitted
from pipeline.lake.supersession import SUPERSEDED
from pipeline.lake.views import check_catalog, refresh_database
from pipeline.quality.ledger import SUMMED, check_conservation, filled
from pipeline.quality.related import Related
from pipeline.schema.tables import arrow_table, table

Row = dict[str, Any]
Rows = dict[str, list[Row]]
Key = tuple[Any, ...]


def published_ledger(batch_id: str, lake: Path) -> dict[str, int] | None:
    """The conservation ledger of a published batch; ``None`` where it is not published."""
    if not read_catalog(lake).tables:
        return None
    with Snapshot(lake) as snapshot:
        found = snapshot.rows("SELECT * FROM batches WHERE batch_id = ?", [batch_id])
    if not found:
        return None
    batch = filled(found[0])
    return {name: batch[name] for name in SUMMED}


def published_batches(lake: Path) -> set[str]:
    """The ids of all published batches."""
    with Snapshot(lake) as snapshot:
        return {row["batch_id"] for row in snapshot.rows("SELECT batch_id FROM batches")}


def publish(staged: StagedBatch, settings: Settings, *, now: dt.datetime) -> dict[str, int]:
    """Publish the batch; see ``pipeline.stages.publish``."""
    lake = settings.lake
    prepare_own_checks()
    with writer_lock(lake):
        ledger = published_ledger(staged.batch_id, lake)
        if ledger is None:
            visible = begin_catalog(lake)
            check_catalog(settings.database, lake, visible)
            now = commit_time(visible, now)
            sources = _advanced(staged, visible)
            catalog = roll_back_uncommitted(lake, visible)
            catalog = duplicates.catch_up(lake, catalog, batch_id=staged.batch_id)
            catalog = supersession.catch_up(lake, catalog, batch_id=staged.batch_id)
            with Snapshot(lake, catalog) as snapshot:
                rows, ledger, removed_keys = _plan(staged, snapshot, now)
                reopened = reopened_ids(staged, snapshot)
                lapsed = decided_versions(snapshot, rows[SUPERSEDED])
            check_conservation(ledger)
            check_own_rows(staged.batch_id, rows, Related(decided_versions=lapsed), settings.reports)
            folder = catalog.folder(lake)
            tables = _write_rows(staged, folder, catalog, rows, removed_keys)
            tables |= mark_quarantine(staged, folder, tables, reopened, now)
            keep_decisions(staged.read_rows("revise", "revisions"), settings.raw)
            made = msgspec.structs.replace(
                catalog,
                version=catalog.version + 1,
                tables=tables,
                batch_id=staged.batch_id,
                sources=sources,
                operation=Operation.PUBLISH,
            )
            write_catalog(lake, sealed(lake, visible, made), now=now)
        refresh_database(settings.database, lake)
    staged.remove()
    compact_where_due(settings, now=now)
    return ledger


def advance_source(advance: SourceAdvance, settings: Settings) -> None:
    """Remember the state of a source that brought nothing: what it was told, and when it may be asked again.

    Raises:
        SupersededError: another run has moved the source on meanwhile.
    """
    if read_catalog(settings.lake).source(advance.source).state == advance.state:
        return
    with writer_lock(settings.lake):
        catalog = read_catalog(settings.lake)
        sources = _moved(advance, catalog, f"The poll of the source {advance.source}")
        write_catalog(settings.lake, msgspec.structs.replace(catalog, sources=sources))


def _plan(
    staged: StagedBatch, snapshot: Snapshot, now: dt.datetime
) -> tuple[Rows, dict[str, int], dict[str, list[str]]]:
    """The rows to append, the ledger, and the keys of rows to take back, given what other batches published meanwhile."""
    note, extracted, validated = map(staged.read_note, ("ingest", "extract", "validate"))
    staged_articles = staged.read_rows("ingest", "articles")
    read = {(row["article_id"], row["version"]) for row in staged_articles}
    raced = snapshot.held("articles", table("articles").key, read)
    articles = _without(staged_articles, raced, "version")
    replayed = {(row["article_id"], row["version"]) for row in staged.read_rows("replay", "articles")}
    versions = replayed | {(row["article_id"], row["version"]) for row in articles}
    if is_decided_otherwise(snapshot, versions, validated["decisions"], raced):
        raise OutdatedError(
            f"People have decided about rows of batch {staged.batch_id} since they were checked. Validate it again."
        )
    made = _unpublished(staged, "extract", raced)
    accepted = {"articles": _without(staged.read_rows("validate", "articles"), raced, "version")}
    accepted |= _unpublished(staged, "validate", raced)
    failed = _without(staged.read_rows("extract", "quarantine"), raced, "article_version")
    rejected = _without(staged.read_rows("validate", "quarantine"), raced, "article_version")
    retracted = [entry for entry in validated["retracted"] if (entry[2], entry[3]) not in raced]
    updated = set(note["updated"])
    n_updated = sum(row["version"] in updated for row in articles)
    ledger = {
        "items_fetched": note["items_fetched"],
        "items_parsed": note["items_parsed"],
        "items_failed": note["items_failed"],
        "items_gated": note["items_gated"],
        "articles_new": len(articles) - n_updated,
        "articles_updated": n_updated,
        "articles_duplicate": note["duplicates"] + len(staged_articles) - len(articles),
        "articles_conflicting": note["conflicting"],
        "versions_replayed": len(replayed),
        "versions_extracted": extracted["versions_extracted"]
        - (len(staged_articles) - len(articles))
        + _lost(staged, failed),
        "versions_failed": len(failed),
        "rows_extracted": len(articles) + sum(map(len, made.values())),
        "rows_accepted": sum(map(len, accepted.values())),
        "rows_quarantined": len(rejected),
        "rows_retracted": len(retracted),
        "reports_accepted": len(accepted["incident_reports"]),
    }
    quarantined = [*staged.read_rows("ingest", "quarantine"), *failed, *rejected]
    rows = accepted | {"quarantine": _unknown(snapshot, "quarantine", quarantined)}
    rows[SUPERSEDED] = supersession.superseded_rows(snapshot, accepted["articles"], batch_id=staged.batch_id)
    rows["quality_results"] = staged.read_rows("validate", "quality_results")
    rows |= duplicates.duplicate_rows(snapshot, accepted["articles"], batch_id=staged.batch_id)
    removed_keys: dict[str, list[str]] = {}
    read_again = replayed - {(row["article_id"], row["article_version"]) for row in failed}
    decided = _unknown(snapshot, "revisions", staged.read_rows("revise", "revisions"))
    rows["revisions"] = decided
    if read_again:
        reader = Reader(staged.batch_id, now, explanation(decided, rejected, extracted))
        replacement = replace_rows(snapshot, accepted, read_again, reader)
        removed_keys = replacement.removed_keys
        left = [row | {"batch_id": staged.batch_id} for row in replacement.revisions]
        rows |= {
            name: [*_without(accepted[name], read_again, "article_version"), *replacement.appended[name]]
            for name in EXTRACTED_TABLES
        } | {"revisions": [*decided, *left]}
    rows["reprocessed_versions"] = reprocessed_rows(staged, read_again, extracted, now)
    rows["batches"] = [_batch_row(staged, note, extracted, ledger, now)]
    return rows, ledger, removed_keys


def _lost(staged: StagedBatch, failed: list[Row]) -> int:
    """Failed extractions of articles that another batch published meanwhile: they are duplicates now."""
    return len(staged.read_rows("extract", "quarantine")) - len(failed)


def _unpublished(staged: StagedBatch, stage: str, raced: set[Key]) -> Rows:
    """Extracted rows a stage left, by table, but for those of article versions that another batch published meanwhile.

    The lake can hold such rows already only of versions that are read again; these are compared one by one.
    """
    rows = {}
    for name in EXTRACTED_TABLES:
        left = _without(staged.read_rows(stage, name), raced, "article_version")
        rows[name] = list(_distinct(name, left).values())
    return rows


def _without(rows: list[Row], raced: set[Key], version: str) -> list[Row]:
    return [row for row in rows if (row["article_id"], row[version]) not in raced]


def _unknown(snapshot: Snapshot, name: str, rows: list[Row]) -> list[Row]:
    """Rows whose key the lake does not hold, each key once."""
    distinct = _distinct(name, rows)
    held = snapshot.held(name, table(name).key, distinct.keys())
    return [row for key, row in distinct.items() if key not in held]


def _distinct(name: str, rows: list[Row]) -> dict[Key, Row]:
    """Rows by their key."""
    return {tuple(row[column] for column in table(name).key): row for row in rows}


def _batch_row(
    staged: StagedBatch, note: Row, extracted: Row, ledger: dict[str, int], now: dt.datetime
) -> Row:
    seconds = (now - dt.datetime.fromisoformat(note["started_at"])).total_seconds()
    return {
        "batch_id": staged.batch_id,
        "inputs": note["inputs"],
        "source": None if (advance := staged.advance()) is None else advance.source,
        "committed_at": now,
        "extractor": extracted["extractor"],
        "extractor_version": extracted["extractor_version"],
        "pipeline_version": __version__,
        "seconds": max(0.0, seconds),
        **ledger,
    }


def _advanced(staged: StagedBatch, catalog: Catalog) -> dict[str, SourceState]:
    """The sources' states after this batch; refused where another batch has moved its source on (fencing).

    A consumer that was thought dead, or one whose offsets were rewound, has read at an older revision: publishing what
    it brings would set the source back.
    """
    advance = staged.advance()
    return catalog.sources if advance is None else _moved(advance, catalog, f"Batch {staged.batch_id}")


def _moved(advance: SourceAdvance, catalog: Catalog, reader: str) -> dict[str, SourceState]:
    """The sources' states with one of them moved on, by who has read it."""
    held = catalog.source(advance.source)
    if held.revision != advance.revision:
        raise SupersededError(
            f"{reader} read the source {advance.source} at revision {advance.revision}, but it is published up to "
            f"{held.revision}: another run was faster. Nothing of this is published; the next run reads on from there."
        )
    return catalog.sources | {advance.source: SourceState(held.revision + 1, advance.state)}


def _write_rows(
    staged: StagedBatch, folder: Path, catalog: Catalog, rows: Rows, removed_keys: dict[str, list[str]]
) -> dict[str, int]:
    """Take rows back from and append to every table; the versions that would show the result."""
    versions = dict(catalog.tables)
    for name, keys in removed_keys.items():
        if keys:
            versions[name] = remove(folder, name, batch_id=staged.batch_id, keys=keys)
    for name, found in rows.items():
        if found:
            versions[name] = append(folder, name, arrow_table(name, found), batch_id=staged.batch_id)
    return versions
