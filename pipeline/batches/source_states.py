"""Source states: what the lake holds of each source, set against what its declaration, or else its habit, lets expect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from pipeline.batches.volumes import Volume
from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.freshness import Brought, Expected, Freshness, judge, silent
from pipeline.sources.declaration import Declaration
from pipeline.sources.streams import survey


def source_states(
    settings: Settings, *, now: dt.datetime, snapshot: Snapshot | None = None
) -> list[Freshness]:
    """The state of every declared source as of ``now``; none where none is declared. Reads the snapshot if one is given.

    A declaration that cannot be read has the state ``broken``, and does not take the others along.
    """
    found = survey(settings.sources)
    if not found:
        return []
    with nullcontext(snapshot) if snapshot else Snapshot(settings.lake) as held:
        return [
            Freshness(name, "broken", str(declared))
            if isinstance(declared, ConfigError)
            else _state(declared, settings.sources / f"{name}.yaml", held, now)
            for name, declared in found.items()
        ]


def states_for_pages(
    settings: Settings, brought: Sequence[Volume], *, now: dt.datetime, snapshot: Snapshot
) -> list[Freshness]:
    """The same, and every source that has fallen silent without a declaration that sets a minimum."""
    expected = {
        name
        for name, declared in survey(settings.sources).items()
        if isinstance(declared, ConfigError) or declared.bounds.minimum
    }
    states = {state.source: state for state in source_states(settings, now=now, snapshot=snapshot)}
    fallen = {
        one.source: silent(one.source, one.silent_since)
        for one in brought
        if one.silent_since is not None and one.source not in expected
    }
    return list((states | fallen).values())


def _state(declared: Declaration, path: Path, snapshot: Snapshot, now: dt.datetime) -> Freshness:
    bounds = declared.bounds
    since = now - bounds.window
    [batches] = snapshot.rows(
        """SELECT min(committed_at) AS first_committed_at,
                  coalesce(sum(items_fetched) FILTER (committed_at > $2), 0)::BIGINT AS items_fetched,
                  coalesce(sum(items_failed) FILTER (committed_at > $2), 0)::BIGINT AS items_failed
           FROM batches WHERE source = $1 AND committed_at <= $3""",
        [declared.name, since, now],
    )
    [articles] = snapshot.rows(
        """SELECT count(DISTINCT article_id) AS found FROM articles
           SEMI JOIN (SELECT batch_id FROM batches WHERE source = $1 AND committed_at <= $3) USING (batch_id)
           WHERE first_seen_at > $2 AND first_seen_at <= $3""",
        [declared.name, since, now],
    )
    brought = Brought(articles["found"], batches["items_fetched"], batches["items_failed"])
    expected = Expected(bounds.window, bounds.minimum, bounds.maximum)
    return judge(declared.name, expected, brought, known_for=now - _known_since(batches, path))


def _known_since(batches: dict[str, Any], path: Path) -> dt.datetime:
    """The first batch, or the declaration's file where that is older: an edit of the file does not make it new."""
    written = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    first: dt.datetime | None = batches["first_committed_at"]
    return written if first is None else min(written, first)
