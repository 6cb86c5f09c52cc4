"""Superseded versions of a batch: which versions its articles replace, or are replaced by, in the lake."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec

from pipeline.lake.catalog import Catalog
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.store import append
from pipeline.lake.supersession import RANK, SUPERSEDED, superseded_select
from pipeline.schema.tables import arrow_table

Row = dict[str, Any]


def superseded_rows(snapshot: Snapshot, articles: list[Row], *, batch_id: str) -> list[Row]:
    """The versions that these articles, added to those of the lake, make superseded or are superseded by."""
    wanted = {(row["article_id"],) for row in articles}
    held = snapshot.matching("articles", ("article_id", "version", *RANK), ("article_id",), wanted)
    known = snapshot.held(SUPERSEDED, ("article_id",), {(row["article_id"],) for row in held})
    versions: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in (*held, *articles):
        versions[row["article_id"]][row["version"]] = row
    rows = []
    for article_id, found in versions.items():
        latest = max(map(_rank, found.values()))
        current = min(version for version, row in found.items() if _rank(row) == latest)
        rows += [
            {
                "article_id": article_id,
                "version": version,
                "superseding_version": current,
                "batch_id": batch_id,
            }
            for version in found
            if version != current and (article_id, version) not in known
        ]
    return rows


def _rank(row: Row) -> tuple[dt.datetime, dt.datetime]:
    return row["published_at"], row["modified_at"] or dt.datetime.min.replace(tzinfo=dt.UTC)


def catch_up(lake: Path, catalog: Catalog, *, batch_id: str) -> Catalog:
    """Make the set of a lake that has none; returns the state to commit. Not visible yet.

    The caller holds the writer's lock and has rolled back what was uncommitted.
    """
    if SUPERSEDED in catalog.tables:
        return catalog
    with Snapshot(lake, catalog) as snapshot:
        rows = [row | {"batch_id": batch_id} for row in snapshot.rows(superseded_select("articles"))]
    version = append(catalog.folder(lake), SUPERSEDED, arrow_table(SUPERSEDED, rows), batch_id=batch_id)
    return msgspec.structs.replace(catalog, tables=catalog.tables | {SUPERSEDED: version})
