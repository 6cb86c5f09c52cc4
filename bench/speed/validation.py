"""Share of Great Expectations in a batch's time: ``python -m bench.speed.validation [--articles N ...]``.

All stages of a batch in one process, Great Expectations imported before, as Airflow preloads it. Counted as its share are the
whole stage ``validate`` and, of ``publish``, the check of the pipeline's own tables, which happens under the writer's
lock. Wall times of one run on the articles of ``bench.speed.texts``; reported, never a gate.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.speed.texts import mixed_stream, relevant_stream
from pipeline import stages
from pipeline.batches import publication
from pipeline.batches.stopping import OWN_TABLES
from pipeline.config import Settings
from pipeline.quality.engine import prepare
from pipeline.records import Article

_STREAMS: dict[str, Callable[[int], list[Article]]] = {
    "mixed": lambda count: mixed_stream(count)[0],
    "relevant": relevant_stream,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, nargs="+", default=[6, 1_000])
    parser.add_argument("--stream", choices=sorted(_STREAMS), default="relevant")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    prepare(OWN_TABLES)
    for count in given.articles:
        took = _measure(_STREAMS[given.stream](count), given.workers)
        whole = sum(took[name] for name in ("ingest", "extract", "validate", "publish", "report"))
        share = (took["validate"] + took["own tables"]) / whole
        told = ", ".join(f"{name} {seconds:.2f}" for name, seconds in took.items())
        print(f"{count} {given.stream} articles: {share:.1%} of {whole:.1f} s is validation ({told}).")


def _measure(articles: list[Article], workers: int) -> dict[str, float]:
    """Seconds of each stage, and of the check of the pipeline's own tables within ``publish``."""
    took: dict[str, float] = {}

    def timed(name: str, work: Callable[..., Any], *arguments: Any) -> Any:
        began = time.perf_counter()
        made = work(*arguments)
        took[name] = took.get(name, 0.0) + time.perf_counter() - began
        return made

    def check_own_rows(*arguments: Any) -> None:
        timed("own tables", own_check, *arguments)

    own_check = publication.check_own_rows
    with tempfile.TemporaryDirectory() as name, patch.object(publication, "check_own_rows", check_own_rows):
        home = Settings(home=Path(name), lake=Path(name) / "lake", workers=workers)
        path = Path(name) / "articles.jsonl"
        path.write_text("".join(_line(n, article) for n, article in enumerate(articles)), encoding="utf-8")
        batch_id = timed("ingest", stages.ingest, [path], home)
        timed("extract", stages.extract, batch_id, home)
        timed("validate", stages.validate, batch_id, home)
        timed("publish", stages.publish, batch_id, home)
        timed("report", stages.write_batch_report, batch_id, home)
    return took


def _line(number: int, article: Article) -> str:
    """A record of its own: what is repeated of a text differs by a sentence, as two outlets' copies do."""
    text = f"{article.text}\nReport number {number} of the day."
    day = str(article.published_on)
    return json.dumps({"id": str(number), "title": article.title, "text": text, "published_at": day, "source": "Wire", "language": "en"}) + "\n"  # fmt: skip


if __name__ == "__main__":
    main()
