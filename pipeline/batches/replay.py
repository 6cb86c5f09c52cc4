"""Replay: what was quarantined goes through the stages again, from the kept originals or the stored article."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from pipeline.batches.intake import stage_arrival
from pipeline.batches.resolution import is_input
from pipeline.config import Settings
from pipeline.errors import SourceError
from pipeline.ids import make_id
from pipeline.lake.snapshot import Snapshot
from pipeline.schema.tables import table
from pipeline.sources.items import FailedItem
from pipeline.sources.locations import file_of
from pipeline.sources.raw import RawObject, raw_path, whole
from pipeline.sources.registry import keep_files

Row = dict[str, Any]


def open_rows(snapshot: Snapshot, quarantine_ids: list[str]) -> list[Row]:
    """Open quarantine rows, those named or all.

    Raises:
        SourceError: an id is unknown, or its row was closed already.
    """
    if not quarantine_ids:
        return snapshot.rows("SELECT * FROM quarantine WHERE replayed_at IS NULL ORDER BY quarantine_id")
    rows = named_rows(snapshot, quarantine_ids)
    if closed := [f"{row['quarantine_id']} ({row['replayed_at']})" for row in rows if row["replayed_at"]]:
        raise SourceError(
            f"Closed already, so there is nothing to decide or replay: {', '.join(closed)}. See `incidents quarantine list`."
        )
    return rows


def named_rows(snapshot: Snapshot, quarantine_ids: list[str]) -> list[Row]:
    """Quarantine rows by their ids, open ones and closed ones.

    Raises:
        SourceError: an id is unknown.
    """
    columns = [column.name for column in table("quarantine").columns]
    named = snapshot.matching("quarantine", columns, ("quarantine_id",), {(key,) for key in quarantine_ids})
    found = {row["quarantine_id"]: row for row in named}
    if unknown := sorted(set(quarantine_ids) - found.keys()):
        raise SourceError(
            f"No quarantine row has the id {', '.join(unknown)}. See `incidents quarantine list --all`."
        )
    return [found[key] for key in sorted(found)]


def ingest_quarantined(quarantine_ids: list[str], settings: Settings, *, now: dt.datetime) -> str:
    """Stage the originals of quarantined rows again; see ``pipeline.stages.ingest_quarantined``."""
    with Snapshot(settings.lake) as snapshot:
        rows = open_rows(snapshot, quarantine_ids)
        if not rows:
            raise SourceError("Nothing is in quarantine; there is nothing to replay.")
        wanted = {(row["article_id"], row["article_version"]) for row in rows if not is_input(row)}
        articles = stored_articles(snapshot, wanted)
        state = str(snapshot.catalog.version)
    objects, unreadable = _originals([row for row in rows if is_input(row)], settings.raw)
    ids = [row["quarantine_id"] for row in rows]
    inputs = sorted({row["input_location"] for row in rows})
    batch_id = make_id("b", "replay", state, *ids)
    return stage_arrival(
        objects, unreadable, inputs, batch_id, settings, now=now, replays=ids, replayed_articles=articles
    )


def stored_articles(snapshot: Snapshot, versions: set[tuple[str, str]]) -> list[Row]:
    """Article versions of the lake as rows to extract again, in the order of their keys."""
    columns = [column.name for column in table("articles").columns if column.name != "batch_id"]
    found = snapshot.matching("articles", columns, table("articles").key, versions)
    return sorted(found, key=lambda row: (row["article_id"], row["version"]))


def _originals(rows: list[Row], store: Path) -> tuple[list[RawObject], list[FailedItem]]:
    """Kept files under the names they had; what could not be read then is tried at its old path.

    Raises:
        LakeError: a kept file is gone or damaged.
    """
    objects: dict[tuple[str, str], RawObject] = {}
    unread = sorted({Path(row["input_location"]) for row in rows if row["raw_sha256"] is None})
    kept, unreadable = keep_files(unread, store)
    for raw in kept:
        objects[raw.sha256, raw.name] = raw
    for row in rows:
        if row["raw_sha256"] is None:
            continue
        location = file_of(row["input_location"])
        objects[row["raw_sha256"], location.name] = RawObject(
            path=raw_path(store, row["raw_sha256"]),
            sha256=row["raw_sha256"],
            name=location.name,
            location=str(location),
        )
    return [whole(raw) for raw in objects.values()], unreadable
