"""Publish: the batch's rows into the lake's tables, made visible together by one replaced file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec

from pipeline import __version__
from pipeline.batches import duplicates
from pipeline.batches.staging import SourceAdvance, StagedBatch
from pipeline.batches.stopping import check_own_rows
from pipeline.config import Settings
from pipeline.errors import SupersededError
from pipeline.extract.rows import EXTRACTED_TABLES
from pipeline.lake.catalog import Catalog, SourceState, read_catalog, write_catalog, writer_lock
from pipeline.lake.snapshot import Snapshot, sql_text
from pipeline.lake.store import append, mark, roll_back_uncommitted
from pipeline.lake.views import refresh_database
from pipeline.quality.ledger import COUNTS, check_conservation
from pipeline.schema.tables import arrow_table, table

Row = dict[str, Any]
Rows = dict[str, list[Row]]


def published_ledger(batch_id: str, lake: Path) -> dict[str, int] | None:
    """The conservation ledger of a published batch; ``None`` where it is not published."""
    if not read_catalog(lake).tables:
        return None
    with Snapshot(lake) as snapshot:
        found = snapshot.rows("SELECT * FROM batches WHERE batch_id = ?", [batch_id])
    return {name: found[0][name] for name in (*COUNTS, "reports_accepted")} if found else None


def publish(staged: StagedBatch, settings: Settings, *, now: dt.datetime) -> dict[str, int]:
    """Publish the batch; see ``pipeline.stages.publish``."""
    lake = settings.lake
    with writer_lock(lake):
        ledger = published_ledger(staged.batch_id, lake)
        if ledger is None:
            catalog = read_catalog(lake)
            sources = _advanced(staged, catalog)
            roll_back_uncommitted(lake, catalog)
            catalog = duplicates.catch_up(lake, catalog, batch_id=staged.batch_id)
            with Snapshot(lake, catalog) as snapshot:
                rows, ledger = _plan(staged, snapshot, now)
            check_conservation(ledger)
            check_own_rows(staged.batch_id, rows, settings.reports)
            tables = _write_rows(staged, lake, catalog, rows, now)
            write_catalog(lake, Catalog(catalog.version + 1, tables, staged.batch_id, sources))
        refresh_database(settings.database, lake)
    staged.remove()
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


def _plan(staged: StagedBatch, snapshot: Snapshot, now: dt.datetime) -> tuple[Rows, dict[str, int]]:
    """The rows to append and the ledger, given what other batches published since this one was read."""
    note, extracted = staged.read_note("ingest"), staged.read_note("extract")
    staged.read_note("validate")
    published = snapshot.keys("articles")
    staged_articles = staged.read_rows("ingest", "articles")
    raced = {(row["article_id"], row["version"]) for row in staged_articles} & published
    articles = _without(staged_articles, raced, "version")
    made = _unpublished(staged, "extract", EXTRACTED_TABLES, snapshot, raced)
    accepted = _unpublished(staged, "validate", ("articles", *EXTRACTED_TABLES), snapshot, raced)
    failed = _without(staged.read_rows("extract", "quarantine"), raced, "article_version")
    rejected = _without(staged.read_rows("validate", "quarantine"), raced, "article_version")
    updated = set(note["updated"])
    n_updated = sum(row["version"] in updated for row in articles)
    n_replayed = len(staged.read_rows("replay", "articles"))
    ledger = {
        "items_fetched": note["items_fetched"],
        "items_parsed": note["items_parsed"],
        "items_failed": note["items_failed"],
        "items_gated": note["items_gated"],
        "articles_new": len(articles) - n_updated,
        "articles_updated": n_updated,
        "articles_duplicate": note["duplicates"] + len(staged_articles) - len(articles),
        "articles_conflicting": note["conflicting"],
        "versions_replayed": n_replayed,
        "versions_extracted": extracted["versions_extracted"]
        - (len(staged_articles) - len(articles))
        + _lost(staged, failed),
        "versions_failed": len(failed),
        "rows_extracted": len(articles) + sum(map(len, made.values())),
        "rows_accepted": sum(map(len, accepted.values())),
        "rows_quarantined": len(rejected),
        "reports_accepted": len(accepted["incident_reports"]),
    }
    quarantined = [*staged.read_rows("ingest", "quarantine"), *failed, *rejected]
    rows = accepted | {"quarantine": _unknown(snapshot, "quarantine", quarantined)}
    rows["quality_results"] = staged.read_rows("validate", "quality_results")
    rows |= duplicates.duplicate_rows(snapshot, accepted["articles"], batch_id=staged.batch_id)
    rows["batches"] = [_batch_row(staged, note, extracted, ledger, now)]
    return rows, ledger


def _lost(staged: StagedBatch, failed: list[Row]) -> int:
    """Failed extractions of articles that another batch published meanwhile: they are duplicates now."""
    return len(staged.read_rows("extract", "quarantine")) - len(failed)


def _unpublished(
    staged: StagedBatch, stage: str, names: tuple[str, ...], snapshot: Snapshot, raced: set[tuple[Any, ...]]
) -> Rows:
    """Rows a stage left, by table, without those the lake holds."""
    rows = {}
    for name in names:
        version = "version" if name == "articles" else "article_version"
        rows[name] = _unknown(snapshot, name, _without(staged.read_rows(stage, name), raced, version))
    return rows


def _without(rows: list[Row], raced: set[tuple[Any, ...]], version: str) -> list[Row]:
    return [row for row in rows if (row["article_id"], row[version]) not in raced]


def _unknown(snapshot: Snapshot, name: str, rows: list[Row]) -> list[Row]:
    """Rows whose key the lake does not hold, each key once."""
    key = table(name).key
    held = snapshot.keys(name)
    distinct = {tuple(row[column] for column in key): row for row in rows}
    return [row for values, row in distinct.items() if values not in held]


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
    staged: StagedBatch, lake: Path, catalog: Catalog, rows: Rows, now: dt.datetime
) -> dict[str, int]:
    """Append to every table; the versions that would show the result."""
    versions = dict(catalog.tables)
    for name, found in rows.items():
        if found:
            versions[name] = append(lake, name, arrow_table(name, found), batch_id=staged.batch_id)
    if resolved := _resolved(staged):
        versions["quarantine"] = mark(
            lake,
            "quarantine",
            batch_id=staged.batch_id,
            updates={"replayed_at": f"to_timestamp({sql_text(now.isoformat())})"},
            predicate=f"quarantine_id IN ({', '.join(map(sql_text, resolved))}) AND replayed_at IS NULL",
        )
    return versions


def _resolved(staged: StagedBatch) -> list[str]:
    """Quarantined rows that this batch replayed and that were not rejected again for the same reason."""
    again = {
        row["quarantine_id"]
        for stage in ("ingest", "extract", "validate")
        for row in staged.read_rows(stage, "quarantine")
    }
    return sorted(set(staged.read_note("ingest")["replays"]) - again)
