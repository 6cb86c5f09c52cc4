"""Ingest: files to staged article rows, and quarantine rows for what is no article."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pipeline.batches.publication import published_ledger
from pipeline.batches.resolution import seen_again
from pipeline.batches.staging import SourceAdvance, StagedBatch
from pipeline.config import Settings
from pipeline.errors import LakeError, SourceError
from pipeline.ids import make_id
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.quarantine import quarantined_article, quarantined_input
from pipeline.sources.arrival_records import keep_arrival
from pipeline.sources.intake import Intake, KnownVersion, sort_intake
from pipeline.sources.items import FailedItem, ParsedArticle
from pipeline.sources.raw import RawObject, path_text
from pipeline.sources.registry import find_files, keep_files, read_items

Row = dict[str, Any]


def ingest(paths: Sequence[str | Path], settings: Settings, *, now: dt.datetime) -> str:
    """Stage the articles of the paths; see ``pipeline.stages.ingest``."""
    files = find_files(paths, settings.own_paths)
    if not files:
        listed = ", ".join(map(str, paths))
        raise SourceError(
            f"There are no files in {listed}. Put articles there; `incidents sources` lists the kinds."
        )
    objects, unreadable = keep_files(files, settings.raw)
    inputs = [path_text(path) for path in files]
    identity = sorted(
        [f"{raw.name}:{raw.sha256}" for raw in objects]
        + [f"unreadable:{f.content_sha256}" for f in unreadable]
    )
    gate = ["gated"] if settings.is_gated else []
    batch_id = make_id("b", *identity, *gate)
    return stage_arrival(objects, unreadable, inputs, batch_id, settings, now=now)


def stage_arrival(
    objects: list[RawObject],
    unreadable: list[FailedItem],
    inputs: list[str],
    batch_id: str,
    settings: Settings,
    *,
    now: dt.datetime,
    replays: Sequence[str] = (),
    replayed_articles: Sequence[Row] = (),
    revisions: Sequence[Row] = (),
    advance: SourceAdvance | None = None,
) -> str:
    """Keep the record of what arrived, which a rebuild goes by, and stage it; see :func:`stage_objects`."""
    keep_arrival(
        settings.raw,
        batch_id,
        objects,
        unreadable,
        inputs,
        now=now,
        source=None if advance is None else advance.source,
        is_gated=settings.is_gated,
        replays=replays,
    )
    return stage_objects(
        objects,
        unreadable,
        inputs,
        batch_id,
        settings,
        now=now,
        replays=replays,
        replayed_articles=replayed_articles,
        revisions=revisions,
        advance=advance,
    )


def stage_objects(
    objects: list[RawObject],
    unreadable: list[FailedItem],
    inputs: list[str],
    batch_id: str,
    settings: Settings,
    *,
    now: dt.datetime,
    replays: Sequence[str] = (),
    replayed_articles: Sequence[Row] = (),
    revisions: Sequence[Row] = (),
    advance: SourceAdvance | None = None,
) -> str:
    """Read kept files into the staging folder of ``batch_id``.

    ``replays`` are the quarantined rows this batch tries again, ``replayed_articles`` rows of the lake to extract again,
    ``revisions`` what people have decided about their rows, ``advance`` how far the batch takes a declared source.
    """
    if published_ledger(batch_id, settings.lake) is not None:
        return batch_id
    staged = StagedBatch(settings.staging, batch_id)
    try:
        _stage_items(
            objects, unreadable, inputs, staged, settings, now, replays, replayed_articles, revisions, advance
        )
    except (LakeError, OSError):
        # A twin of this process has published the batch and cleared its staging folder meanwhile.
        if published_ledger(batch_id, settings.lake) is None:
            raise
    return batch_id


def _stage_items(
    objects: list[RawObject],
    unreadable: list[FailedItem],
    inputs: list[str],
    staged: StagedBatch,
    settings: Settings,
    now: dt.datetime,
    replays: Sequence[str],
    replayed_articles: Sequence[Row],
    revisions: Sequence[Row],
    advance: SourceAdvance | None,
) -> None:
    items = list(read_items(objects, workers=settings.workers, is_gated=settings.is_gated))
    article_ids = {item.article_id for item in items if isinstance(item, ParsedArticle)}
    sorted_items = sort_intake([*items, *unreadable], known_versions(settings.lake, article_ids))
    articles = [article_row(article, now) for article in sorted_items.published]
    staged.write_rows("ingest", "articles", articles)
    staged.write_rows("replay", "articles", list(replayed_articles))
    staged.write_rows("revise", "revisions", list(revisions))
    staged.write_rows("ingest", "quarantine", _quarantine_rows(sorted_items, now))
    tried: list[str] = []
    if replays:
        with Snapshot(settings.lake) as snapshot:
            tried = seen_again(snapshot, replays, [*items, *unreadable], replayed_articles)
    staged.write_note(
        "ingest",
        {
            "inputs": inputs,
            "started_at": now.isoformat(),
            "items_fetched": len(items) + len(unreadable),
            "items_failed": len(sorted_items.failed),
            "items_gated": sorted_items.gated,
            "items_parsed": len(items) + len(unreadable) - len(sorted_items.failed) - sorted_items.gated,
            "duplicates": sorted_items.duplicates,
            "conflicting": len(sorted_items.conflicting),
            "replays": tried,
            "updated": [article.version for article in sorted_items.updated],
            "advance": None if advance is None else msgspec.to_builtins(advance),
        },
    )


def known_versions(lake: Path, article_ids: set[str]) -> dict[str, list[KnownVersion]]:
    """What the lake holds of these articles, by article id."""
    columns = ("article_id", "version", "text_sha256", "published_at", "modified_at")
    known: dict[str, list[KnownVersion]] = {}
    with Snapshot(lake) as snapshot:
        for row in snapshot.matching("articles", columns, ("article_id",), [(one,) for one in article_ids]):
            held = KnownVersion(row["version"], row["text_sha256"], row["published_at"], row["modified_at"])
            known.setdefault(row["article_id"], []).append(held)
    return known


def article_row(article: ParsedArticle, now: dt.datetime) -> Row:
    """The row of the table ``articles``, but for its batch."""
    return {
        "article_id": article.article_id,
        "version": article.version,
        "text_sha256": article.text_sha256,
        "source_article_id": article.source_article_id,
        "source_name": article.source_name,
        "url": article.url,
        "title": article.title,
        "authors": list(article.authors),
        "text": article.text,
        "text_flags": list(article.text_flags),
        "language": article.language,
        "published_at": article.published_at,
        "published_on": article.published_on,
        "published_at_source": article.published_at_source,
        "published_at_certainty": article.published_at_certainty,
        "modified_at": article.modified_at,
        "content_type": article.content_type,
        "charset": article.charset,
        "input_location": article.input_location,
        "raw_sha256": article.raw_sha256,
        "published_year": article.published_at.year,
        "first_seen_at": now,
    }


def _quarantine_rows(sorted_items: Intake, now: dt.datetime) -> list[Row]:
    rows = [
        quarantined_input(
            code=item.reason_code,
            value=item.value,
            content=item.content,
            identity=item.content_sha256,
            location=item.input_location,
            raw_sha256=item.raw_sha256,
            seen_at=now,
        )
        for item in sorted_items.failed
    ]
    for article, shown in sorted_items.conflicting:
        value = f"id {article.source_article_id or article.article_id}, published {article.published_at.isoformat()}, shown: {shown}"
        rows.append(
            quarantined_article(
                article_row(article, now),
                stage="ingest",
                code="conflicting_duplicate",
                value=value,
                seen_at=now,
            )
        )
    return rows
