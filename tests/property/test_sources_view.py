"""The view `sources` follows from the stored rows alone: any order of batches gives it, and a plain count agrees."""

from __future__ import annotations

import datetime as dt
import statistics
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.lake.catalog import Catalog
from pipeline.lake.store import append
from pipeline.lake.views import write_database
from pipeline.schema.tables import arrow_table

START = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)
LATENESS = dt.timedelta(days=7)
HOUR = dt.timedelta(hours=1)

VERSION = st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.integers(-900, 900))
"""Outlet, article, and hours from the start to the publication."""
BATCH = st.tuples(st.integers(0, 4), st.lists(VERSION, min_size=1, max_size=4))
"""The day on which a batch was read (two may be read at one time), and its versions."""


def _row(day: int, version: tuple[str, int, int], batch_id: str) -> dict[str, Any]:
    source, article, hours = version
    published = START + hours * HOUR
    return {
        "article_id": f"{source}{article}",
        "version": f"{source}{article}-{hours}",
        "text_sha256": "0" * 64,
        "source_article_id": None,
        "source_name": source,
        "url": None,
        "title": None,
        "authors": [],
        "text": "x",
        "text_flags": [],
        "language": "en",
        "published_at": published,
        "published_on": published.date(),
        "published_at_source": "record",
        "published_at_certainty": "exact_time",
        "content_type": "jsonl",
        "charset": "utf-8",
        "input_location": "invented",
        "raw_sha256": "0" * 64,
        "published_year": published.year,
        "first_seen_at": START + dt.timedelta(days=day),
        "batch_id": batch_id,
    }


def _shown(batches: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The view over a lake to which the batches were appended one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        lake.mkdir()
        version = -1
        for rows in batches:
            version = append(lake, "articles", arrow_table("articles", rows), batch_id=rows[0]["batch_id"])
        write_database(Path(folder) / "views.duckdb", lake, Catalog(1, {"articles": version}))
        with duckdb.connect(str(Path(folder) / "views.duckdb"), read_only=True) as connection:
            connection.execute("SET TimeZone = 'Europe/Berlin'")
            found = connection.sql("FROM sources ORDER BY source_name").to_arrow_table().to_pylist()
            return [dict(row) for row in found]


def _counted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same, by the words of the view's comments."""
    found = []
    for source in sorted({row["source_name"] for row in rows}):
        own = [row for row in rows if row["source_name"] == source]
        first: dict[str, dict[str, Any]] = {}
        for row in sorted(own, key=lambda r: (r["first_seen_at"], r["published_at"], r["version"])):
            first.setdefault(row["article_id"], row)
        late = 0
        for row in first.values():
            held = [
                min(r["published_at"], r["first_seen_at"])
                for r in own
                if r["first_seen_at"] < row["first_seen_at"]
            ]
            late += bool(held) and row["published_at"] < max(held) - LATENESS
        delays = [(row["first_seen_at"] - row["published_at"]) / HOUR for row in first.values()]
        found.append(
            {
                "source_name": source,
                "articles": len(first),
                "first_published_at": min(r["published_at"] for r in own),
                "last_published_at": max(r["published_at"] for r in own),
                "last_first_seen_at": max(r["first_seen_at"] for r in own),
                "allowed_lateness_hours": 168,
                "watermark": max(min(r["published_at"], r["first_seen_at"]) for r in own) - LATENESS,
                "late_articles": late,
                "delay_median_hours": statistics.median(delays),
                "delay_p95_hours": _quantile(sorted(delays), 0.95),
            }
        )
    return found


def _quantile(values: list[float], share: float) -> float:
    place = share * (len(values) - 1)
    low = int(place)
    return values[low] + (values[min(low + 1, len(values) - 1)] - values[low]) * (place - low)


def _rounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()} for row in rows]


@settings(max_examples=6, deadline=None)
@given(data=st.data(), batches=st.lists(BATCH, min_size=1, max_size=5))
def test_the_order_in_which_batches_are_published_does_not_change_the_figures(
    data: st.DataObject, batches: list[tuple[int, list[tuple[str, int, int]]]]
) -> None:
    seen: set[tuple[str, int, int]] = set()
    made = []
    for number, (day, versions) in enumerate(batches):
        fresh = [version for version in dict.fromkeys(versions) if version not in seen]
        seen.update(fresh)
        if fresh:
            made.append([_row(day, version, f"b-{number}") for version in fresh])
    shown = _shown(made)
    assert _rounded(shown) == _rounded(_counted([row for rows in made for row in rows]))
    assert _shown(data.draw(st.permutations(made))) == shown


@settings(max_examples=5, deadline=None)
@given(hours=st.integers(24, 900))
@example(hours=24 * 365 * 80)
def test_a_date_in_the_future_makes_nothing_that_follows_late(hours: int) -> None:
    day_after = [_row(0, ("a", 0, hours), "b-0")], [_row(1, ("a", 1, 12), "b-1")]
    [shown] = _shown(list(day_after))
    assert shown["late_articles"] == 0
    assert shown["last_published_at"] == START + hours * HOUR
    assert shown["watermark"] <= START + dt.timedelta(days=1) - LATENESS
