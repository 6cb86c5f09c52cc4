"""Batches as the stages before `publish` leave them, made from invented rows: so that commits can be tried without extracting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zlib import crc32

from pipeline.batches.staging import StagedBatch
from pipeline.config import Settings
from pipeline.extract.rows import EXTRACTED_TABLES
from pipeline.ids import make_id
from pipeline.schema.tables import Column, table

Row = dict[str, Any]
START = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)
COUNTRIES = ("IRQ", "SYR", "NGA", "MLI", "COL", "UKR")


def _blank(column: Column) -> Any:
    """A value of the column's type; NULL where it is not required."""
    if not column.required:
        return None
    if column.values:
        return column.values[0]
    if column.type.startswith("list<"):
        return []
    if column.type in ("int32", "int64"):
        return 0
    return {"float64": 0.5, "bool": False, "date": START.date(), "timestamp": START}.get(
        column.type, column.name
    )


def blank_row(name: str) -> Row:
    """A row of a table, every required column filled."""
    return {column.name: _blank(column) for column in table(name).columns}


def article_row(
    number: int, *, revision: int = 0, minutes: int | None = None, text: str | None = None
) -> Row:
    """An article version; a later ``revision`` is published later. ``minutes`` after the start it is published."""
    moment = START + dt.timedelta(minutes=number if minutes is None else minutes, hours=revision)
    article_id = make_id("a", str(number))
    return blank_row("articles") | {
        "article_id": article_id,
        "version": make_id("v", article_id, str(revision), moment.isoformat()),
        "source_name": f"Outlet {number % 7}",
        "title": f"Article {number}",
        "text": text or f"Article {number} of the invented wire, revision {revision}.",
        "published_at": moment,
        "published_on": moment.date(),
        "published_year": moment.year,
        "first_seen_at": START,
        "language": "en",
    }


def report_row(article: Row) -> Row:
    """The incident report of an article version."""
    day = article["published_on"]
    country = COUNTRIES[crc32(article["article_id"].encode()) % len(COUNTRIES)]
    return blank_row("incident_reports") | {
        "report_id": make_id("r", article["article_id"], article["version"]),
        "article_id": article["article_id"],
        "article_version": article["version"],
        "date_start": day,
        "date_end": day,
        "country_code": country,
        "incident_year": day.year,
        "fatalities_best": 1,
    }


def stage_batch(
    settings: Settings, batch_id: str, articles: Sequence[Row], *, updated: Sequence[str] = ()
) -> StagedBatch:
    """Leave the articles, with a report each, as `ingest`, `extract` and `validate` would. ``updated``: versions of known articles."""
    staged = StagedBatch(settings.staging, batch_id)
    articles = list(articles)
    reports = [report_row(article) for article in articles]
    made = {name: [] for name in EXTRACTED_TABLES} | {"incident_reports": reports}
    staged.write_rows("ingest", "articles", articles)
    staged.write_rows("replay", "articles", [])
    staged.write_rows("revise", "revisions", [])
    for stage in ("ingest", "extract", "validate"):
        staged.write_rows(stage, "quarantine", [])
    for stage in ("extract", "validate"):
        for name, rows in made.items():
            staged.write_rows(stage, name, rows)
    staged.write_rows("validate", "articles", articles)
    staged.write_rows("validate", "quality_results", [])
    count = len(articles)
    staged.write_note(
        "ingest",
        {
            "inputs": ["invented"],
            "started_at": START.isoformat(),
            "items_fetched": count,
            "items_failed": 0,
            "items_gated": 0,
            "items_parsed": count,
            "duplicates": 0,
            "conflicting": 0,
            "replays": [],
            "updated": list(updated),
            "advance": None,
        },
    )
    staged.write_note(
        "extract", {"extractor": "invented", "extractor_version": "1", "versions_extracted": count}
    )
    checked = {"rows_accepted": count * 2, "rows_quarantined": 0, "rows_retracted": 0}
    staged.write_note("validate", checked | {"decisions": [], "retracted": []})
    return staged
