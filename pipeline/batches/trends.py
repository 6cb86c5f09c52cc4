"""Trends of a batch: its sources' measures, judged by what the lake's quality results tell of their earlier batches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.lake.catalog import read_catalog
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.trends import LAST_BATCHES, PREFIX, check_trends, measures, plain_name
from pipeline.quality.validation import ExpectationOutcome
from pipeline.report.model import Trend

Row = dict[str, Any]
_JUDGED_SOURCES = 5
_MIN_ARTICLES = 10
_HISTORY = """
SELECT expectation, observed FROM quality_results JOIN batches USING (batch_id)
WHERE table_name = 'batches' AND starts_with(expectation, $1) AND ends_with(expectation, $2)
QUALIFY row_number() OVER (PARTITION BY expectation ORDER BY committed_at DESC, batch_id) <= $3
ORDER BY expectation, committed_at DESC, batch_id
"""


def batch_trends(
    declared: str | None, articles: Sequence[Row], reports: Sequence[Row], lake: Path
) -> list[ExpectationOutcome]:
    """The outcomes of the declared source, or else of the outlets that most of the batch's articles are from."""
    outlet = {(row["article_id"], row["version"]): row["source_name"] for row in articles}
    of_source: dict[str, list[Row]] = defaultdict(list)
    for row in reports:
        version = (row["article_id"], row["article_version"])
        if version in outlet:
            of_source[declared or outlet[version]].append(row)
    outcomes = []
    for source, count in _sources(declared, articles):
        history = _history(source, lake)
        outcomes += check_trends(source, measures(count, of_source[source]), history)
    return outcomes


def failed_trends(results: Sequence[Row]) -> list[Trend]:
    """The trends that failed, of rows of ``quality_results``."""
    return [_trend(row) for row in results if row["expectation"].startswith(PREFIX) and not row["is_passed"]]


def _trend(row: Row) -> Trend:
    measure, _, source = row["expectation"].removeprefix(PREFIX).rpartition(":")
    words, _, usual = row["sentence"].removeprefix(f"Of {source}, ").rstrip(".").partition(": ")
    value = float(row["observed"])
    return Trend(
        source=source,
        measure=measure,
        words=words,
        observed=f"{value:.0%}" if ":" in measure else f"{value:,.0f}",
        usual=usual,
    )


def _sources(declared: str | None, articles: Sequence[Row]) -> list[tuple[str, int]]:
    if declared is not None:
        return [(declared, len(articles))]
    counts: dict[str, tuple[str, int]] = {}
    for source, count in Counter(row["source_name"] for row in articles).most_common():
        counts.setdefault(plain_name(source), (source, count))
    return [found for found in counts.values() if found[1] >= _MIN_ARTICLES][:_JUDGED_SOURCES]


def _history(source: str, lake: Path) -> dict[str, list[float]]:
    if not read_catalog(lake).tables:
        return {}
    with Snapshot(lake) as snapshot:
        rows = snapshot.rows(_HISTORY, [PREFIX, f":{plain_name(source)}", LAST_BATCHES])
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        found[row["expectation"]].append(float(row["observed"]))
    return found
