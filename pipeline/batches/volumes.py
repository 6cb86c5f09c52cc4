"""Volumes: what each source brought by day, which days stand out, and which sources have fallen silent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.lake.snapshot import Snapshot
from pipeline.quality.freshness import jumps, silences

_DAY = dt.timedelta(days=1)
_BY_SOURCE = """
WITH by_day AS (
  SELECT coalesce(b.source, a.source_name) AS source, b.committed_at::DATE AS day, count(*) AS articles,
         max(a.first_seen_at) AS seen_at
  FROM articles AS a JOIN batches AS b USING (batch_id) WHERE b.committed_at <= $2 GROUP BY ALL)
SELECT source, min(day) AS first_day, max(seen_at) AS seen_at,
       list(day ORDER BY day) AS days, list(articles ORDER BY day) AS counts
FROM by_day GROUP BY source HAVING max(day) >= $1 ORDER BY sum(articles) FILTER (day >= $1) DESC, source
"""


@dataclass(frozen=True)
class Volume:
    """The articles of one source, the declared one or else the outlet; days are places in the days asked for."""

    source: str
    brought: dict[int, int]
    """Days with articles."""
    jumps: list[int]
    silences: list[int]
    """Days on which it fell silent."""
    silent_since: dt.date | None
    """Its last day with articles, where it is silent now."""


def volumes(snapshot: Snapshot, days: Sequence[dt.date], now: dt.datetime) -> list[Volume]:
    """Every source that brought anything on these days, the last of which is that of ``now``; the largest first."""
    rows = snapshot.rows(_BY_SOURCE, [days[0], now])
    own = [
        {
            (day - days[0]).days: count
            for day, count in zip(row["days"], row["counts"], strict=True)
            if day >= days[0]
        }
        for row in rows
    ]
    active = active_days(own)
    found = []
    for row, brought in zip(rows, own, strict=True):
        last, today = max(brought), len(days) - 1
        # A day without any article at all lengthens the wait for those of a source.
        waited = now - row["seen_at"] - (today - last - sum(day > last for day in active)) * _DAY
        judged = [day for day in active if day in brought or day < today or waited >= _DAY]
        fell = silences(brought, judged)
        first = (row["first_day"] - days[0]).days
        found.append(
            Volume(
                row["source"],
                brought,
                jumps(brought, [day for day in active if day >= first]),
                fell,
                days[last] if fell and fell[-1] > last else None,
            )
        )
    return found


def active_days(brought: Iterable[Mapping[int, int]]) -> list[int]:
    """The days on which any source brought an article."""
    return sorted(set().union(*brought))
