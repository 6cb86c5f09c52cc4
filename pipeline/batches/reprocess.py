"""Reprocess: articles of the lake are read again by the present extractor, in bounded batches that a killed run goes on with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pipeline.batches.intake import stage_objects
from pipeline.batches.replay import stored_articles
from pipeline.batches.review import open_ids
from pipeline.config import Settings
from pipeline.errors import ReviewError
from pipeline.extract.protocol import get_extractor
from pipeline.files import write_atomically
from pipeline.ids import make_id
from pipeline.lake.snapshot import Snapshot

ARTICLES_A_BATCH = 500
_CURRENT = "SELECT * FROM articles ANTI JOIN superseded_versions USING (article_id, version)"
_READ_BY = """
SELECT article_id, version, coalesce(again.extractor, first.extractor) AS extractor,
       coalesce(again.extractor_version, first.extractor_version) AS extractor_version
FROM chosen LEFT JOIN batches AS first USING (batch_id)
LEFT JOIN (SELECT article_id, article_version AS version, arg_max(extractor, reprocessed_at) AS extractor,
                  arg_max(extractor_version, reprocessed_at) AS extractor_version
           FROM reprocessed_versions GROUP BY ALL) AS again USING (article_id, version)
"""


@dataclass(frozen=True)
class Selection:
    """Which articles are read again: all conditions that are given hold together."""

    article_ids: tuple[str, ...] = ()
    source: str | None = None
    since: dt.date | None = None
    country: str | None = None
    is_outdated: bool = False
    """Only those that another extractor, or another version of it, has read last."""


class _Round(msgspec.Struct):
    """One reprocessing on its way: its articles as they were chosen when it began."""

    identity: str
    versions: list[tuple[str, str]]
    earlier: list[tuple[str, str]] = []
    """Those of an earlier one that was killed and is done by now."""


def select_versions(selection: Selection, settings: Settings, *, extractor: str) -> list[tuple[str, str]]:
    """The current versions of the articles chosen, in the order of their keys.

    Raises:
        ReviewError: an article that was named is not in the lake.
    """
    conditions: list[str] = ["true"]
    parameters: list[Any] = []
    if selection.article_ids:
        conditions.append("list_contains(?, article_id)")
        parameters.append(list(selection.article_ids))
    if selection.source is not None:
        conditions.append("source_name = ?")
        parameters.append(selection.source)
    if selection.since is not None:
        conditions.append("published_at >= ?::DATE")
        parameters.append(selection.since.isoformat())
    if selection.country is not None:
        conditions.append(
            "EXISTS (SELECT 1 FROM incident_reports AS r WHERE r.article_version = version AND r.country_code = ?)"
        )
        parameters.append(selection.country.upper())
    query = f"WITH chosen AS (SELECT * FROM ({_CURRENT}) WHERE {' AND '.join(conditions)}) {_READ_BY} ORDER BY ALL"
    with Snapshot(settings.lake) as snapshot:
        rows = snapshot.rows(query, parameters)
    if unknown := set(selection.article_ids) - {row["article_id"] for row in rows}:
        raise ReviewError(
            f"The lake holds no article {', '.join(sorted(unknown))} that meets the conditions."
        )
    present = get_extractor(extractor)
    return [
        (row["article_id"], row["version"])
        for row in rows
        if not selection.is_outdated
        or (row["extractor"], row["extractor_version"]) != (present.name, present.version)
    ]


def reprocess(
    selection: Selection,
    settings: Settings,
    *,
    extractor: str,
    finish: Callable[[str], str],
    progress: Callable[[str], None],
) -> Iterator[str]:
    """Publish batch after batch; gives their ids.

    The same call goes on where one was killed, and then reads what has come since that one began.
    """
    version = get_extractor(extractor).version
    path = settings.reprocessing / f"{make_id('s', repr(selection), extractor, version)}.json"
    begun = _begun(path)
    done: list[tuple[str, str]] = []
    if begun is not None:
        progress(f"reprocess: going on with {len(begun.versions):,} articles that were chosen earlier")
        yield from _publish(begun, settings, finish, progress)
        done = [*begun.earlier, *begun.versions]
    yield from _publish(_begin(path, selection, settings, extractor, done), settings, finish, progress)
    path.unlink(missing_ok=True)


def _publish(
    plan: _Round, settings: Settings, finish: Callable[[str], str], progress: Callable[[str], None]
) -> Iterator[str]:
    total = len(plan.versions)
    for start in range(0, total, ARTICLES_A_BATCH):
        versions = plan.versions[start : start + ARTICLES_A_BATCH]
        progress(f"reprocess: articles {start + 1:,} to {start + len(versions):,} of {total:,}")
        yield finish(_stage(plan, versions, settings))


def _begun(path: Path) -> _Round | None:
    return msgspec.json.decode(path.read_bytes(), type=_Round) if path.exists() else None


def _begin(
    path: Path, selection: Selection, settings: Settings, extractor: str, done: list[tuple[str, str]]
) -> _Round:
    with Snapshot(settings.lake) as snapshot:
        state = str(snapshot.catalog.version)
    chosen = select_versions(selection, settings, extractor=extractor)
    left = sorted(set(chosen) - set(done))
    plan = _Round(make_id("s", state, repr(selection), extractor), left, done)
    write_atomically(path, msgspec.json.encode(plan))
    return plan


def _stage(plan: _Round, versions: list[tuple[str, str]], settings: Settings) -> str:
    wanted = {(article_id, version) for article_id, version in versions}
    with Snapshot(settings.lake) as snapshot:
        articles = stored_articles(snapshot, wanted)
        replays = open_ids(snapshot, wanted)
    batch_id = make_id("b", "reprocess", plan.identity, *(version for _, version in versions))
    now = dt.datetime.now(dt.UTC)
    inputs = sorted({row["input_location"] for row in articles})
    return stage_objects(
        [], [], inputs, batch_id, settings, now=now, replays=replays, replayed_articles=articles
    )
