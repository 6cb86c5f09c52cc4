"""Make the golden records again: ``python -m tests.golden.regenerate``; read the difference before committing it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import orjson

from pipeline.batches.extraction import article_of
from pipeline.batches.intake import article_row
from pipeline.config import SAMPLES_DIR
from pipeline.extract.protocol import get_extractor
from pipeline.sources.items import ParsedArticle
from pipeline.sources.raw import RawObject
from pipeline.sources.registry import find_files, read_file, source_of

GOLDEN = Path(__file__).parent / "samples_expected.jsonl"
SHOWN = ("event_type", "sub_event_type", "status", "date_start", "date_end", "date_precision", "country_code", "admin1_name", "place_name",
         "latitude", "longitude", "geo_precision", "perpetrators", "targets", "weapons", "fatalities_low", "fatalities_best", "fatalities_high",
         "fatalities_civilians", "fatalities_security_forces", "fatalities_militants", "injured_low", "injured_best", "injured_high",
         "abducted", "claimed_by", "confidence")  # fmt: skip


def sample_articles() -> list[ParsedArticle]:
    """The good sample articles, in the order of their files."""
    found: list[ParsedArticle] = []
    for path in find_files([SAMPLES_DIR / "articles"]):
        raw = RawObject(path=path, sha256="0" * 64, name=path.name, location=path.name)
        source = source_of(path.name)
        assert source is not None
        items = source.read_many(raw) if source.read_many else [read_file(raw)]
        found += [item for item in items if isinstance(item, ParsedArticle)]
    return found


def golden_lines() -> str:
    """One line an article: its title, what it holds, and why nothing could be read."""
    lines = []
    for article in sample_articles():
        extraction = get_extractor("rules").extract(
            article_of(article_row(article, dt.datetime(2025, 1, 1, tzinfo=dt.UTC)))
        )
        plain = msgspec.to_builtins(extraction)
        entry = {
            "source": article.source_name,
            "title": article.title,
            "error": plain["error"],
            "incidents": [{name: incident[name] for name in SHOWN} for incident in plain["incidents"]],
            "aggregate_claims": [
                {k: v for k, v in claim.items() if k != "evidence"} for claim in plain["aggregate_claims"]
            ],
            "responsibility_claims": [
                {k: v for k, v in c.items() if k != "evidence"} for c in plain["responsibility_claims"]
            ],
        }
        lines.append(orjson.dumps(entry).decode())
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    GOLDEN.write_text(golden_lines(), encoding="utf-8")
