"""The drop folder: arriving files are claimed by an atomic move, and moved on when they are published.

``inbox/`` is where files are put, ``inbox/.claimed/<time>-<name>/`` where one waits for its run, ``inbox/processed/``
where it stays. A move is atomic, so a file is in exactly one of them whatever is killed when.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

CLAIMED = ".claimed"
PROCESSED = "processed"
SETTLED_SECONDS = 1.0
"""A file counts as whole when it has not changed for this long."""
_UNFINISHED = {".part", ".tmp", ".crdownload", ".swp"}


def arrived_files(inbox: Path, *, now: float | None = None) -> list[Path]:
    """Files in the drop folder that are whole; hidden and unfinished ones are left alone."""
    moment = time.time() if now is None else now
    return sorted(path for path in _candidates(inbox) if moment - path.stat().st_mtime >= SETTLED_SECONDS)


def _candidates(inbox: Path) -> Iterator[Path]:
    if not inbox.is_dir():
        return
    for path in inbox.rglob("*"):
        inside = path.relative_to(inbox).parts
        hidden = inside[0] == PROCESSED or any(part.startswith(".") for part in inside)
        if path.is_file() and not hidden and path.suffix not in _UNFINISHED:
            yield path


def claim_arrived(inbox: Path) -> list[Path]:
    """Move whole files into the claimed folder, each under its own name in a folder of its own."""
    claimed = []
    for path in arrived_files(inbox):
        home = inbox / CLAIMED / uuid.uuid4().hex
        home.mkdir(parents=True)
        try:
            claimed.append(path.rename(home / path.name))
        except FileNotFoundError:
            home.rmdir()  # another watcher was faster
    return claimed


def claimed_files(inbox: Path) -> list[Path]:
    """Files that are claimed and not yet published, those that a crash left included."""
    return sorted(path for path in (inbox / CLAIMED).glob("*/*") if path.is_file())


def mark_processed(inbox: Path, files: Iterable[Path]) -> None:
    """Move published files to the processed folder; a file of the same name there is kept beside it."""
    for path in files:
        done = inbox / PROCESSED / path.parent.name
        done.mkdir(parents=True, exist_ok=True)
        path.rename(done / path.name)
        path.parent.rmdir()
