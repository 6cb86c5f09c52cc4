"""Extract: staged articles to rows of the extracted tables, each article in a process that can be killed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from pipeline.batches.staging import StagedBatch
from pipeline.config import Settings
from pipeline.extract.protocol import get_extractor
from pipeline.extract.rows import EXTRACTED_TABLES, extraction_rows
from pipeline.quality.quarantine import quarantined_article
from pipeline.records import Article, Extraction
from pipeline.text.guard import Outcome, map_guarded

Row = dict[str, Any]
_ARTICLES_BETWEEN_LINES = 500


def extract(
    staged: StagedBatch,
    settings: Settings,
    *,
    extractor_name: str,
    now: dt.datetime,
    progress: Callable[[str], None],
) -> dict[str, int]:
    """Extract the batch; see ``pipeline.stages.extract``."""
    extractor = get_extractor(extractor_name)
    articles = [*staged.read_rows("ingest", "articles"), *staged.read_rows("replay", "articles")]
    made: dict[str, list[Row]] = {name: [] for name in EXTRACTED_TABLES}
    failed: list[Row] = []
    for done, (row, outcome) in enumerate(
        zip(articles, _outcomes(articles, extractor_name, settings.workers), strict=True), 1
    ):
        rejected = _rejection(row, outcome, now)
        if rejected is not None:
            failed.append(rejected)
        elif outcome.made is not None:
            owner = {"article_id": row["article_id"], "article_version": row["version"]}
            version = {"extractor": extractor.name, "extractor_version": extractor.version}
            for name, rows in extraction_rows(outcome.made, **owner, **version).items():
                made[name] += rows
        if done % _ARTICLES_BETWEEN_LINES == 0:
            progress(f"extract: {done:,} of {len(articles):,} articles")
    for name, rows in made.items():
        staged.write_rows("extract", name, rows)
    staged.write_rows("extract", "quarantine", failed)
    counts = {"versions_extracted": len(articles) - len(failed), "versions_failed": len(failed)}
    staged.write_note(
        "extract", {"extractor": extractor.name, "extractor_version": extractor.version, **counts}
    )
    return counts | {name: len(rows) for name, rows in made.items()}


def article_of(row: Row) -> Article:
    """The record an extractor reads, from a row of the table ``articles``."""
    names = ("article_id", "title", "text", "published_at", "published_on", "source_name", "url", "language")
    return Article(**{name: row[name] for name in names})


def _outcomes(
    rows: list[Row], extractor_name: str, workers: int
) -> Iterator[Outcome[tuple[str, Article], Extraction]]:
    if not rows:
        return iter(())
    return map_guarded(extract_one, ((extractor_name, article_of(row)) for row in rows), workers=workers)


def extract_one(task: tuple[str, Article]) -> Extraction:
    """Extract one article with the named extractor; runs in a worker process."""
    name, article = task
    return get_extractor(name).extract(article)


def _rejection(row: Row, outcome: Outcome[tuple[str, Article], Extraction], now: dt.datetime) -> Row | None:
    if outcome.made is None:
        code, value = (
            "extraction_limit" if outcome.is_limit else "extraction_failed",
            outcome.failure or "no result",
        )
    elif outcome.made.error is not None:
        code, value = "unsupported_language", outcome.made.error
    else:
        return None
    return quarantined_article(row, stage="extract", code=code, value=value, seen_at=now)
