"""A standing Airflow under a stream: ``python -m bench.speed.soak [--minutes 10] [--rate 10] [--burst 4000] [--port 8099]``.

What ``make up`` runs is started on a home of its own. Articles are dropped at a pace, in one second as many small files and in
the next as one file; then a burst of articles, in files of a hundred. Told are the time from the drop until a query of
`incidents.duckdb` shows an incident of the article, the memory of Airflow's processes, how fast its API answers meanwhile, and
what the logs hold of locks and errors. Articles are invented. Reported, never a gate.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, median

from rich.console import Console
from rich.table import Table

from bench.speed.texts import TOWNS, invented_article
from pipeline.config import Settings
from pipeline.lake.database import open_database
from pipeline.orchestration.environment import USER, write_password

BURST_FILE_ARTICLES = 100
PATIENCE_SECONDS = 900.0
LOOK_SECONDS = 0.5
MEMORY_SECONDS = 5.0
SHOWN = "SELECT DISTINCT source_article_id FROM articles SEMI JOIN incident_reports USING (article_id)"
_LOCKED = re.compile(r"database is locked", re.IGNORECASE)
_ERROR = re.compile(r"\b(?:ERROR|CRITICAL)\b|\[(?:error|critical) *\]|\"level\": ?\"(?:error|critical)\"")


def soak_record(number: int) -> bytes:
    """The JSON line of an article that tells of one incident among other news."""
    lead = f"{TOWNS[number % len(TOWNS)].upper()} – {number % 97 + 2} soldiers were killed on Monday when gunmen attacked a base in Konduga, Nigeria."
    fields = {
        "id": f"soak-{number}",
        "title": f"Attack number {number}",
        "text": f"{lead}\n{invented_article(number).text}",
        "published_at": "2025-03-05T08:00:00Z",
        "source": "The Courier",
        "language": "en",
    }
    return json.dumps(fields).encode() + b"\n"


@dataclass
class Arrivals:
    """Drops articles into an inbox, and remembers when each was dropped and when a query first showed it."""

    home: Settings
    dropped: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)

    def drop(self, count: int) -> None:
        """One file of the next articles; whole when it has its name."""
        first = len(self.dropped)
        name = f"arrival-{first:07}.jsonl"
        part = self.home.inbox / f".{name}.part"
        part.write_bytes(b"".join(soak_record(number) for number in range(first, first + count)))
        part.rename(self.home.inbox / name)
        now = time.monotonic()
        self.dropped.update(dict.fromkeys((f"soak-{n}" for n in range(first, first + count)), now))

    def look(self) -> int:
        """Ask the database what it shows. Returns how many articles are still missing."""
        if self.home.database.exists():
            with open_database(self.home.database) as connection:
                found = connection.execute(SHOWN).fetchall()
            now = time.monotonic()
            for (name,) in found:
                self.shown.setdefault(name, now)
        return len(self.dropped.keys() - self.shown.keys())

    def wait(self) -> None:
        """Return when all that was dropped is shown, or the patience is over."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while self.look() and time.monotonic() < ends:
            time.sleep(LOOK_SECONDS)

    def latencies(self, first: int) -> list[float]:
        """Seconds from drop to sight of the articles from that number on, sorted."""
        names = [f"soak-{number}" for number in range(first, len(self.dropped))]
        return sorted(self.shown[name] - self.dropped[name] for name in names if name in self.shown)


class Watch:
    """Runs a look again and again in a thread of its own while its block lasts."""

    def __init__(self, look: Callable[[], object], seconds: float) -> None:
        self._look, self._seconds = look, seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            self._look()


@dataclass
class Memory:
    """Memory of a process and all that come of it, over time, in MB by kind; shared pages are counted once (PSS)."""

    root: int
    points: list[tuple[float, defaultdict[str, float]]] = field(default_factory=list)

    def look(self) -> None:
        """Note what is in use now."""
        children: dict[int, list[int]] = {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has ended
            children.setdefault(parent, []).append(int(status.parent.name))
        found: defaultdict[str, float] = defaultdict(float)
        todo = [self.root]
        while todo:
            process = todo.pop()
            todo += children.get(process, [])
            found[_kind(process)] += _pss_kilobytes(process) / 1000
        self.points.append((time.monotonic() / 60, found))

    def sentence(self) -> str:
        """The median at the beginning and the end, the peak and the slope, and the kinds of process that grew most."""
        if len(self.points) < 6:
            return "too short to tell"
        values = [sum(found.values()) for _, found in self.points]
        minutes = [minute for minute, _ in self.points]
        part = max(1, len(values) // 4)
        grown = {
            kind: self._median(kind, self.points[-part:]) - self._median(kind, self.points[:part])
            for _, found in self.points
            for kind in found
        }
        most = sorted(grown.items(), key=lambda one: -one[1])[:4]
        return (
            f"{median(values[:part]):,.0f} MB in the first quarter, {median(values[-part:]):,.0f} MB in the last, {max(values):,.0f} MB at most, "
            f"slope {linear_regression(minutes, values).slope:+.1f} MB a minute; grown most: "
            + ", ".join(f"{kind} {more:+.1f} MB" for kind, more in most)
        )

    @staticmethod
    def _median(kind: str, points: list[tuple[float, defaultdict[str, float]]]) -> float:
        return median(found[kind] for _, found in points)


def _pss_kilobytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it has ended
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _kind(process: int) -> str:
    """What a process is for, by its command line."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return "ended"
    named = re.search(
        r"airflow[ :]+(?:api[_-]server|dag-processor|scheduler|triggerer|serve-logs|worker)|forkserver", words
    )
    return named[0] if named else "others"


@dataclass
class Api:
    """Asks Airflow's API and notes how long each answer took."""

    port: int
    token: str
    seconds: dict[str, list[float]] = field(default_factory=dict)
    failures: int = 0

    def look(self) -> None:
        """One round."""
        for path in ("/api/v2/version", "/api/v2/dags?limit=50"):
            request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
            request.add_header("Authorization", f"Bearer {self.token}")
            began = time.monotonic()
            try:
                urllib.request.urlopen(request, timeout=60).read()
            except OSError:
                self.failures += 1
            self.seconds.setdefault(path, []).append(time.monotonic() - began)


def log_in(port: int, home: Settings) -> str:
    """A token for the API."""
    body = json.dumps({"username": USER, "password": write_password(home)}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/auth/token", data=body)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(json.load(answer)["access_token"])


@contextmanager
def standing(home: Settings, port: int) -> Iterator[int]:
    """What ``make up`` runs, ready; its process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.orchestration.standalone", "--port", str(port)],
        env=os.environ | {"INCIDENTS_HOME": str(home.home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if not any(line.startswith("Ctrl-C") for line in process.stdout or ()):
            raise SystemExit("Airflow did not start; the log is in the home of the run.")
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=90)


def stream(arrivals: Arrivals, minutes: float, rate: int) -> None:
    """Drop at a pace: one second's articles in files of one, the next second's in one file."""
    began = time.monotonic()
    for second in range(round(minutes * 60)):
        sizes = [1] * rate if second % 2 else [rate]
        for place, size in enumerate(sizes):
            due = began + second + place / len(sizes)
            time.sleep(max(0.0, due - time.monotonic()))
            arrivals.drop(size)


def percentile(ordered: list[float], share: float) -> float:
    """The value below which that share of the sorted values lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def log_findings(home: Settings) -> list[str]:
    """How often the logs tell of a lock, and of an error, with the first of each."""
    found: dict[str, list[str]] = {"database is locked": [], "errors": []}
    for path in sorted(home.airflow_home.rglob("*.log")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            for name, pattern in (("database is locked", _LOCKED), ("errors", _ERROR)):
                if pattern.search(line):
                    found[name].append(f"{path.name}: {line.strip()[:160]}")
    return [f"{name}: {len(lines)}{f' ({lines[0]})' if lines else ''}" for name, lines in found.items()]


def main() -> None:
    """Run both and print one summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=10, help="articles a second")
    parser.add_argument("--burst", type=int, default=4_000, help="articles dropped at once")
    parser.add_argument("--port", type=int, default=8099)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that Airflow is stopped too
    out = Console(highlight=False, soft_wrap=True, width=140)
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        home = Settings(home=Path(name), lake=Path(name) / "lake", workers=os.cpu_count() or 1)
        os.environ.pop("INCIDENTS_LAKE", None)
        with standing(home, given.port) as process:
            measure(home, process, given, out)
        for line in log_findings(home):
            out.print(line, markup=False)


def measure(home: Settings, process: int, given: argparse.Namespace, out: Console) -> None:
    """The stream and the burst."""
    arrivals, memory, api = Arrivals(home), Memory(process), Api(given.port, log_in(given.port, home))
    arrivals.drop(1)
    arrivals.wait()
    table = Table("", "articles", "p50 s", "p95 s", "max s", "API p95 s", "API max s")
    for label, work in (
        (f"{given.rate} a second", lambda: stream(arrivals, given.minutes, given.rate)),
        ("at once", lambda: [arrivals.drop(BURST_FILE_ARTICLES) for _ in range(given.burst // BURST_FILE_ARTICLES)]),
    ):  # fmt: skip
        first, api.seconds = len(arrivals.dropped), {}
        with Watch(api.look, 1.0), Watch(memory.look, MEMORY_SECONDS):
            with Watch(arrivals.look, LOOK_SECONDS):
                work()
            arrivals.wait()
        told = arrivals.latencies(first)
        answers = sorted(value for values in api.seconds.values() for value in values)
        figures = (percentile(told, 0.5), percentile(told, 0.95), max(told, default=float("nan")), percentile(answers, 0.95), max(answers, default=float("nan")))  # fmt: skip
        shown = [f"{figure:.1f}" for figure in figures]
        table.add_row(label, f"{len(told):,}", *shown)
        out.print(
            f"{label}: p50, p95, max and the API's p95, max: {', '.join(shown)} s; memory {memory.sentence()}"
        )
        memory.points.clear()
    out.print(table)
    missing = len(arrivals.dropped) - len(arrivals.shown)
    batches = len(list(home.reports.glob("b-*.html")))
    size = sum(path.stat().st_size for path in home.reports.iterdir()) / 1e6
    out.print(
        f"{missing} articles never shown; {batches} batches; {api.failures} API calls failed; reports {size:.1f} MB."
    )


if __name__ == "__main__":
    main()
