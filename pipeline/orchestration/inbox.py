"""The drop folder: arriving files are claimed by an atomic move, and moved on when they are published.

``inbox/`` is where files are put, ``inbox/.claimed/<time>-<name>/`` where one waits for its run, ``inbox/processed/<day>/``
where it stays, a folder a day. A move is atomic, so a file is in exactly one of them whatever is killed when.
"""

from __future__ import annotations

import datetime as dt
import os
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

CLAIMED = ".claimed"
PROCESSED = "processed"
SETTLED_SECONDS = 1.0
"""A file counts as whole when it has not changed for this long."""
MAX_BATCH_FILES = 500
MAX_BATCH_BYTES = 64_000_000
"""Of what is claimed, a batch takes so much: its memory and the time until it can be queried stay bounded."""
_UNFINISHED = {".part", ".tmp", ".crdownload", ".swp"}


def arrived_files(inbox: Path, *, now: float | None = None) -> list[Path]:
    """Files in the drop folder that are whole; hidden and unfinished ones are left alone."""
    moment = time.time() if now is None else now
    return sorted(path for path in _candidates(inbox) if moment - _changed_at(path) >= SETTLED_SECONDS)


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")  # another watcher was faster


def _candidates(inbox: Path) -> Iterator[Path]:
    """Files of the drop folder; what is processed is not walked through, however much of it there is."""
    for folder, inner, names in os.walk(inbox):
        is_top = Path(folder) == inbox
        inner[:] = [name for name in inner if not name.startswith(".") and not (is_top and name == PROCESSED)]
        for name in names:
            path = Path(folder, name)
            if not name.startswith(".") and path.suffix not in _UNFINISHED and path.is_file():
                yield path


def claim_arrived(inbox: Path) -> list[Path]:
    """Move whole files into the claimed folder, each under its own name in a folder of its own."""
    claimed = []
    for path in arrived_files(inbox):
        home = inbox / CLAIMED / f"{time.time_ns():020}-{uuid.uuid4().hex[:8]}"
        home.mkdir(parents=True)
        try:
            claimed.append(path.rename(home / path.name))
        except FileNotFoundError:
            home.rmdir()  # another watcher was faster
    return claimed


def claimed_files(inbox: Path) -> list[Path]:
    """Files that are claimed and not yet published, those that a crash left included; the oldest claims first."""
    return sorted(path for path in (inbox / CLAIMED).glob("*/*") if path.is_file())


def first_batch(files: Sequence[Path]) -> list[Path]:
    """As many of the files, from the first on, as one batch takes; one at least."""
    taken: list[Path] = []
    size = 0
    for path in files[:MAX_BATCH_FILES]:
        size += path.stat().st_size
        if taken and size > MAX_BATCH_BYTES:
            break
        taken.append(path)
    return taken


def mark_processed(inbox: Path, files: Iterable[Path]) -> None:
    """Move published files to the processed folder of the day; a file of the same name there is kept beside it."""
    day = dt.datetime.now(dt.UTC).date().isoformat()
    for path in files:
        done = inbox / PROCESSED / day / path.parent.name
        done.mkdir(parents=True, exist_ok=True)
        path.rename(done / path.name)
        path.parent.rmdir()
