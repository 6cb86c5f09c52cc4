"""Speed of reading beside the bare libraries: ``python -m bench.speed.cleaning [--pages N] [--rounds N] [--real FOLDER]``.

Within a round, one after the other: trafilatura alone on the decoded pages, in this process; the whole way from a web archive
and from HTML files to articles, one worker; and a stream of which one page in ten tells of conflict, with the gate and without.
Processor time of all processes is counted, without the workers' start. Ratios are taken within each round and the median is told.
Pages and records are invented (``bench.speed.pages``); ``--real FOLDER`` measures the first two on a checkout of
article-extraction-benchmark too. Reported, never a gate.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import forkserver
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
_CPU_FIELDS = slice(11, 15)
"""In ``/proc/PID/stat`` behind the name: own user and system time, and that of children that have ended."""


@dataclass(frozen=True)
class Stream:
    """Pages, and the same as files and as web archives: of one page and of all."""

    pages: list[bytes]
    files: list[RawObject]
    archives: dict[int, RawObject]


def make_stream(folder: Path, pages: list[bytes]) -> Stream:
    """Write the pages as archives and as files, and keep them as the pipeline does."""
    folder.mkdir()
    files, archives = [], {}
    for number, page in enumerate(pages):
        path = folder / f"page-{number}_2025-03-05.html"
        path.write_bytes(page)
        files.append(keep_raw(path, folder / "raw"))
    for count in (1, len(pages)):
        path = folder / f"{count}.warc.gz"
        path.write_bytes(b"".join(warc_member(number, page) for number, page in enumerate(pages[:count])))
        archives[count] = keep_raw(path, folder / "raw")
    return Stream(pages, files, archives)


def cpu_seconds() -> float:
    """Processor time of this process and of its workers that have ended; they are children of the fork server (Linux)."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime + _fork_server_seconds()


def _fork_server_seconds() -> float:
    """Processor time of the fork server and of the workers it has seen end; nothing where none is running."""
    server = getattr(forkserver, "_forkserver")._forkserver_pid  # noqa: B009  # the standard library tells it nowhere else
    if server is None:
        return 0.0
    fields = Path(f"/proc/{server}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[_CPU_FIELDS])) / os.sysconf("SC_CLK_TCK")


def reading_cost(read: Callable[[int], Iterable[object]], count: int) -> float:
    """Processor seconds an item: of reading all less that of reading one, which is mostly the worker's start."""
    costs = []
    for wanted in (1, count):
        began = cpu_seconds()
        came = sum(1 for _ in read(wanted))
        costs.append(cpu_seconds() - began)
        if came != wanted:
            raise SystemExit(f"{came} items came of {wanted} pages; the measurement is void.")
    return (costs[1] - costs[0]) / (count - 1)


def bare(pages: list[bytes]) -> Iterator[str | None]:
    """Main texts by trafilatura alone."""
    for page in pages:
        text = page.decode("utf-8", errors="replace")
        yield trafilatura.extract(text, fast=True, include_comments=False, include_tables=False)


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
    began = cpu_seconds()
    read = sum(isinstance(item, ParsedArticle) for item in read_items([raw], workers=1))
    if read != count:
        raise SystemExit(f"{read} articles came of {count} records; the measurement is void.")
    return count / (cpu_seconds() - began)


def decoded_a_second(lines: list[bytes]) -> float:
    """Pace of msgspec alone on the same records."""
    decoder = msgspec.json.Decoder(ArticleRecord)
    began = cpu_seconds()
    for line in lines:
        decoder.decode(line)
    return len(lines) / (cpu_seconds() - began)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=400, help="length of each stream of pages")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--real", type=Path, help="checkout of article-extraction-benchmark")
    given = parser.parse_args()
    out = Console(highlight=False, soft_wrap=True, width=120)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        news = make_stream(folder / "news", [invented_page(n, is_candidate=True) for n in range(given.pages)])
        list(read_items(news.files[:1], workers=1))  # starts the fork server, which is part of no page's cost
        measure_ways("invented pages", news, given.rounds, out)
        if given.real:
            pages = [gzip.decompress(path.read_bytes()) for path in sorted((given.real / "html").iterdir())]
            measure_ways("real pages", make_stream(folder / "real", pages), given.rounds, out)
        mixed = [invented_page(n, is_candidate=n % CANDIDATES == 0) for n in range(given.pages)]
        measure_gate(make_stream(folder / "mixed", mixed), given.rounds, out)
        measure_records(folder, given.rounds, out)


def measure_ways(label: str, stream: Stream, rounds: int, out: Console) -> None:
    """The whole way beside trafilatura alone."""
    ways: dict[str, Callable[[int], Iterable[object]]] = {
        "trafilatura alone": lambda n: bare(stream.pages[:n]),
        "web archive to articles": lambda n: read_items([stream.archives[n]], workers=1),
        "HTML files to articles": lambda n: read_items(stream.files[:n], workers=1),
    }
    count = len(stream.pages)
    found = [{way: reading_cost(read, count) for way, read in ways.items()} for _ in range(rounds)]
    table = Table(label, "CPU ms a page", "pages a CPU s", "cost beside trafilatura alone")
    for way in ways:
        cost = median(costs[way] for costs in found)
        ratio = median(costs[way] / costs["trafilatura alone"] for costs in found)
        table.add_row(way, f"{1000 * cost:.2f}", f"{1 / cost:.0f}", f"{ratio:.2f}")
    out.print(table)
    size = mean(map(len, stream.pages)) / 1000
    out.print(f"{count} pages of {size:.0f} kB on average; {rounds} rounds.")


def measure_gate(stream: Stream, rounds: int, out: Console) -> None:
    """The gate's gain on a stream with few candidates."""
    count = len(stream.pages)
    costs = [
        [
            reading_cost(lambda n, g=is_gated: read_items([stream.archives[n]], workers=1, is_gated=g), count)
            for is_gated in (False, True)
        ]
        for _ in range(rounds)
    ]
    plain, gated = median(a for a, _ in costs), median(b for _, b in costs)
    gain = median(a / b for a, b in costs)
    out.print(
        f"One candidate in {CANDIDATES}: {1000 * plain:.2f} CPU ms a page without the gate, {1000 * gated:.2f} with it, {gain:.1f} times as fast."
    )


def measure_records(folder: Path, rounds: int, out: Console) -> None:
    """JSONL to articles beside msgspec alone."""
    table = Table("JSONL", "articles a CPU s", "msgspec alone", "cost beside it")
    for label, language in (("language declared", "en"), ("language detected", None)):
        lines = records(RECORDS, language=language)
        path = folder / f"{label.split()[1]}.jsonl"
        path.write_bytes(b"".join(lines))
        raw = keep_raw(path, folder / "raw")
        paces = [(articles_a_second(raw, RECORDS), decoded_a_second(lines)) for _ in range(rounds)]
        ours, theirs = median(a for a, _ in paces), median(b for _, b in paces)
        table.add_row(label, f"{ours:,.0f}", f"{theirs:,.0f}", f"{median(b / a for a, b in paces):.1f}")
    out.print(table)


if __name__ == "__main__":
    main()
