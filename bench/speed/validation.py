"""Share of validation in a batch's time: ``python -m bench.speed.validation [--articles N] [--workers N]``.

All stages on relevant articles in one process, Great Expectations imported before, as Airflow preloads it. Wall time; reported, never a gate.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from bench.speed.texts import relevant_stream
from pipeline import stages
from pipeline.config import Settings
from pipeline.quality.engine import run_expectations


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    import pandas as pd

    run_expectations("preload", [], pd.DataFrame({"row_number": [0]}))
    with tempfile.TemporaryDirectory() as name:
        home = Settings(home=Path(name), lake=Path(name) / "lake", workers=given.workers)
        path = Path(name) / "articles.jsonl"
        lines = [
            {"id": str(n), "title": a.title, "text": a.text, "published_at": str(a.published_on), "source": "Wire", "language": "en"}
            for n, a in enumerate(relevant_stream(given.articles))
        ]  # fmt: skip
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        began = time.perf_counter()
        batch_id = stages.ingest([path], home)
        stages.extract(batch_id, home)
        before = time.perf_counter()
        stages.validate(batch_id, home)
        took = time.perf_counter() - before
        stages.publish(batch_id, home)
        stages.write_batch_report(batch_id, home)
        whole = time.perf_counter() - began
    print(f"{given.articles} articles: validate {took:.1f} of {whole:.1f} s, {took / whole:.0%}.")


if __name__ == "__main__":
    main()
