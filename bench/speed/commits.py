"""Cost of a commit as the lake grows: ``python -m bench.speed.commits [--commits N] [--articles N]``.

Micro-batches of invented articles, with a report each and now and then a changed article, go through the real publish: plan,
append, catalog, views, compaction. Printed are the median cost of the first and the last 50 commits and their ratio (taken in one
run, so it holds on any machine), in time passed and in processor time, which other work on the machine disturbs less; the cost with the
compactions shared out; and the files that a question has to open. ``--every`` prints the medians as
the lake grows. Reported, never a gate.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

import duckdb

from bench.speed.staged import Row, article_row, stage_batch
from pipeline.batches.publication import publish
from pipeline.config import Settings
from pipeline.lake.catalog import Operation, read_catalog
from pipeline.lake.history import kept_versions, state
from pipeline.lake.store import data_files

WINDOW = 50


class Cost(NamedTuple):
    """Seconds of a publish."""

    passed: float
    processor: float


def _told(costs: list[Cost]) -> str:
    passed, processor = (1000 * median(column) for column in zip(*costs, strict=True))
    return f"median {passed:.0f} ms passed, {processor:.0f} ms of processor time"


def batch(number: int, articles: int) -> tuple[list[Row], list[str]]:
    """The articles of a batch, an hour after the one before; each tenth batch changes an article of the one before."""
    rows = [article_row(number * articles + n, minutes=number * 60 + n) for n in range(articles)]
    if number % 10 or not number:
        return rows, []
    changed = article_row((number - 1) * articles, revision=2, minutes=(number - 1) * 60)
    return [*rows, changed], [changed["version"]]


def commit_seconds(home: Settings, commits: int, articles: int, every: int) -> list[Cost]:
    """Cost of each publish; staging is not counted."""
    seconds: list[Cost] = []
    for number in range(commits):
        rows, updated = batch(number, articles)
        staged = stage_batch(home, f"b-{number:06}", rows, updated=updated)
        began, begun = time.perf_counter(), time.process_time()
        publish(staged, home, now=dt.datetime.now(dt.UTC))
        seconds.append(Cost(time.perf_counter() - began, time.process_time() - begun))
        if every and (number + 1) % every == 0:
            print(f"  {number + 1:6} commits, the last {every}: {_told(seconds[-every:])}", flush=True)
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--articles", type=int, default=5)
    parser.add_argument("--every", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Settings(home=Path(folder), lake=Path(folder) / "lake", workers=1)
        publish(stage_batch(home, "b-warm", []), home, now=dt.datetime.now(dt.UTC))
        seconds = commit_seconds(home, given.commits, given.articles, given.every)
        window = min(WINDOW, max(1, given.commits // 2))
        print(f"{given.commits} commits of {given.articles} articles and reports")
        print(f"the first {window}: {_told(seconds[:window])}; the last {window}: {_told(seconds[-window:])}")
        ratios = [
            median(c[n] for c in seconds[-window:]) / median(c[n] for c in seconds[:window]) for n in (0, 1)
        ]
        print(f"ratio {ratios[0]:.2f} of time passed, {ratios[1]:.2f} of processor time")
        print(
            f"mean of all, compactions shared out: {1000 * mean(c.processor for c in seconds):.0f} ms of processor time"
        )
        catalog = read_catalog(home.lake)
        made = [state(home.lake, version).operation for version in kept_versions(home.lake)]
        on_disk = sum("_delta_log" not in path.parts for path in home.lake.rglob("*.parquet"))
        visible = sum(len(data_files(home.lake, name, catalog)) for name in catalog.tables)
        print(
            f"{made.count(Operation.COMPACT)} compactions; {on_disk:,} Parquet files on disk, {visible} of them visible"
        )
        with duckdb.connect(str(home.database), read_only=True) as connection:
            began = time.perf_counter()
            [(reports,)] = connection.execute(
                "SELECT count(*) FROM incident_reports WHERE fatalities_best > 0"
            ).fetchall()
            print(
                f"a question of all {reports:,} current reports: {1000 * (time.perf_counter() - began):.0f} ms"
            )


if __name__ == "__main__":
    main()
