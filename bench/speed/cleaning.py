"""Speed of reading beside the bare libraries: ``python -m bench.speed.cleaning [--pages N] [--rounds N]``.

Within a round, one after the other: trafilatura alone on the decoded pages, in this process; the whole way from a web archive
and from HTML files to articles, one worker; and a stream of which one page in ten tells of conflict, with the gate and without.
The pace of the whole way is taken from the first tenth of its items on, when the worker has started. Ratios are taken within each round and
the median is told. All pages and records are invented (``bench.speed.pages``). Reported, never a gate.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import msgspec
import trafilatura
from rich.console import Console
from rich.table import Table

from bench.speed.pages import invented_page, warc_member
from bench.speed.texts import invented_article
from pipeline.records import ArticleRecord
from pipeline.sources.items import ParsedArticle
from pipeline.sources.raw import RawObject, keep_raw
from pipeline.sources.registry import read_items

CANDIDATES = 10
"""One page in so many of the mixed stream tells of conflict."""
RECORDS = 20_000
_TEXT_PARTS = 2


@dataclass(frozen=True)
class Stream:
    """Pages, and the same as a web archive and as files."""

    pages: list[bytes]
    archive: RawObject
    files: list[RawObject]


def make_stream(folder: Path, pages: list[bytes]) -> Stream:
    """Write the pages as an archive and as files, and keep them as the pipeline does."""
    folder.mkdir()
    archive = folder / "pages.warc.gz"
    archive.write_bytes(b"".join(warc_member(number, page) for number, page in enumerate(pages)))
    files = []
    for number, page in enumerate(pages):
        path = folder / f"page-{number}.html"
        path.write_bytes(page)
        files.append(keep_raw(path, folder / "raw"))
    return Stream(pages, keep_raw(archive, folder / "raw"), files)


def seconds_an_item(items: Iterable[object], count: int) -> float:
    """Seconds an item, from the first tenth on."""
    skipped, began, number = count // 10, 0.0, 0
    for number, _item in enumerate(items, start=1):
        if number == skipped:
            began = time.perf_counter()
    if number != count:
        raise SystemExit(f"{number} items came of {count} pages; the measurement is void.")
    return (time.perf_counter() - began) / (count - skipped)


def bare(pages: list[bytes]) -> float:
    """Seconds a page of trafilatura alone."""
    texts = [page.decode() for page in pages]
    return seconds_an_item(
        (trafilatura.extract(t, fast=True, include_comments=False, include_tables=False) for t in texts),
        len(texts),
    )


def records(count: int, *, language: str | None) -> list[bytes]:
    """JSON lines of articles of some 2,500 characters."""
    lines = []
    for number in range(count):
        article = invented_article(number % 2_000)
        fields = {
            "id": str(number),
            "title": article.title,
            "text": "\n".join([article.text] * _TEXT_PARTS),
            "published_at": "2025-03-05T08:00:00Z",
            "source": "The Courier",
        }
        lines.append(json.dumps(fields | ({"language": language} if language else {})).encode() + b"\n")
    return lines


def articles_a_second(raw: RawObject, count: int) -> float:
    """Pace from a file of records to articles."""
    began = time.perf_counter()
    read = sum(isinstance(item, ParsedArticle) for item in read_items([raw], workers=1))
    if read != count:
        raise SystemExit(f"{read} articles came of {count} records; the measurement is void.")
    return count / (time.perf_counter() - began)


def decoded_a_second(lines: list[bytes]) -> float:
    """Pace of msgspec alone on the same records."""
    decoder = msgspec.json.Decoder(ArticleRecord)
    began = time.perf_counter()
    for line in lines:
        decoder.decode(line)
    return len(lines) / (time.perf_counter() - began)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=400, help="length of each stream of pages")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    out = Console(highlight=False, soft_wrap=True, width=120)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        news = make_stream(folder / "news", [invented_page(n, is_candidate=True) for n in range(given.pages)])
        mixed = make_stream(
            folder / "mixed",
            [invented_page(n, is_candidate=n % CANDIDATES == 0) for n in range(given.pages)],
        )
        ways: dict[str, Callable[[], float]] = {
            "trafilatura alone": lambda: bare(news.pages),
            "web archive to articles": lambda: seconds_an_item(
                read_items([news.archive], workers=1), given.pages
            ),
            "HTML files to articles": lambda: seconds_an_item(read_items(news.files, workers=1), given.pages),
            "mixed archive, no gate": lambda: seconds_an_item(
                read_items([mixed.archive], workers=1), given.pages
            ),
            "mixed archive, gate": lambda: seconds_an_item(
                read_items([mixed.archive], workers=1, is_gated=True), given.pages
            ),
        }
        rounds = [{way: measure() for way, measure in ways.items()} for _ in range(given.rounds)]
        table = Table("way", "ms a page", "pages/s", "cost beside trafilatura alone")
        for way in ways:
            cost = median(found[way] for found in rounds)
            ratio = median(found[way] / found["trafilatura alone"] for found in rounds)
            table.add_row(way, f"{1000 * cost:.2f}", f"{1 / cost:.0f}", f"{ratio:.2f}")
        out.print(table)
        gain = median(found["mixed archive, no gate"] / found["mixed archive, gate"] for found in rounds)
        size = mean(map(len, news.pages)) / 1000
        out.print(f"The gate makes a stream with one candidate in {CANDIDATES} {gain:.1f} times as fast; pages of {size:.0f} kB, {given.rounds} rounds.")  # fmt: skip
        table = Table("JSONL", "articles/s", "msgspec alone", "cost beside it")
        for label, language in (("language declared", "en"), ("language detected", None)):
            lines = records(RECORDS, language=language)
            path = folder / f"{label.split()[1]}.jsonl"
            path.write_bytes(b"".join(lines))
            raw = keep_raw(path, folder / "raw")
            paces = [(articles_a_second(raw, RECORDS), decoded_a_second(lines)) for _ in range(given.rounds)]
            ours, theirs = median(a for a, _ in paces), median(b for _, b in paces)
            table.add_row(label, f"{ours:,.0f}", f"{theirs:,.0f}", f"{median(b / a for a, b in paces):.1f}")
        out.print(table)


if __name__ == "__main__":
    main()
