"""How long the dashboard takes to write over a lake of many batches: ``python -m bench.speed.dashboard [BATCHES] [FILES]``.

The lake is made up: batches of 90 days with all their tables, in so many files a table.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pipeline.batches.history import history
from pipeline.config import Settings
from pipeline.lake.catalog import Catalog, write_catalog
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.store import append
from pipeline.quality.ledger import COUNTS
from pipeline.report.dashboard import render_dashboard
from pipeline.schema.tables import arrow_table, tables

_PLAIN: dict[str, Any] = {"string": "made up", "int32": 1, "int64": 1, "float64": 0.5, "bool": True}


def _row(name: str, at: dt.datetime, **values: Any) -> dict[str, Any]:
    made = _PLAIN | {"date": at.date(), "timestamp": at}
    return {column.name: made.get(column.type, []) for column in tables()[name].columns} | values


def made_batch(number: int, at: dt.datetime, articles: int = 20) -> dict[str, list[dict[str, Any]]]:
    """The rows of one batch, by table."""
    chance = random.Random(number)
    batch = f"b-{number:020x}"
    failed = chance.random() < 0.3
    ledger = dict.fromkeys((*COUNTS, "reports_accepted"), 0) | {
        "items_fetched": articles + 1, "items_parsed": articles, "items_failed": 1, "articles_new": articles,
        "versions_extracted": articles, "rows_extracted": 2 * articles, "rows_accepted": 2 * articles - failed,
        "rows_quarantined": int(failed), "reports_accepted": articles - failed,
    }  # fmt: skip
    source = f"outlet {chance.randrange(12)}"
    return {
        "batches": [_row("batches", at, batch_id=batch, committed_at=at, source=None, inputs=["a"], **ledger)],
        "articles": [
            _row("articles", at, article_id=f"{batch}-{n}", source_name=source, batch_id=batch, published_year=at.year)
            for n in range(articles)
        ],
        "incident_reports": [
            _row("incident_reports", at, report_id=f"{batch}-{n}", country_code="IRQ", incident_year=at.year,
                 fatalities_best=None if chance.random() < 0.4 else 3, latitude=33.0, longitude=44.0, batch_id=batch)
            for n in range(articles - failed)
        ],
        "quality_results": [
            _row("quality_results", at, batch_id=batch, table_name="incident_reports", expectation=f"e{n}",
                 sentence=f"Expectation {n} holds.", severity="reject", element_count=articles,
                 unexpected_count=int(failed and n == number % 7), is_passed=not (failed and n == number % 7))
            for n in range(120)
        ],
        "quarantine": [
            _row("quarantine", at, quarantine_id=f"q-{number}-{n}", reason_code=code, replayed_at=None, batch_id=batch)
            for n, code in enumerate(["missing_text", "failed_expectation"][: 1 + failed])
        ],
    }  # fmt: skip


def made_lake(settings: Settings, batches: int, files: int, newest: dt.datetime) -> None:
    """A lake of so many batches over 90 days, its tables in so many files."""
    versions: dict[str, int] = {}
    step = dt.timedelta(days=90) / batches
    settings.lake.mkdir(parents=True, exist_ok=True)
    for chunk in range(files):
        numbers = range(chunk * batches // files, (chunk + 1) * batches // files)
        made = [made_batch(number, newest - step * (batches - 1 - number)) for number in numbers]
        for name in made[0] if made else ():
            rows = [row for batch in made for row in batch[name]]
            versions[name] = append(settings.lake, name, arrow_table(name, rows), batch_id=f"b-{chunk}")
    write_catalog(settings.lake, Catalog(1, versions, "b-0", {}))


def main() -> None:
    """Make the lake, write the dashboard three times, print the times."""
    batches = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    files = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as folder:
        found = Settings(home=Path(folder), lake=Path(folder) / "lake", workers=1)
        made_lake(found, batches, files, dt.datetime(2025, 6, 30, 12, tzinfo=dt.UTC))
        for _ in range(3):
            start = time.perf_counter()
            with Snapshot(found.lake) as snapshot:
                opened = time.perf_counter()
                page = render_dashboard(history(found, snapshot))
            print(f"{batches} batches, {files} files a table: open {opened - start:.2f} s, "
                  f"sum and draw {time.perf_counter() - opened:.2f} s, {len(page) / 1000:.0f} kB")  # fmt: skip
        if len(sys.argv) > 3:
            Path(sys.argv[3]).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
