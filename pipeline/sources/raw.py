"""The original bytes of everything that arrives, kept content-addressed, so that any later improvement can replay them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import LakeError
from pipeline.files import put, staging

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class RawObject:
    """One kept file: ``path`` holds its bytes under their hash, ``name`` and ``location`` say what it was called."""

    path: Path
    sha256: str
    name: str
    location: str

    @property
    def byte_count(self) -> int:
        """Size in bytes."""
        return self.path.stat().st_size


def is_whole(raw: RawObject) -> bool:
    """True where the bytes are there and have their hash."""
    try:
        return file_hash(raw.path) == raw.sha256
    except OSError:
        return False


def whole(raw: RawObject) -> RawObject:
    """The object, to be read.

    Raises:
        LakeError: its bytes are gone, or are not those that were kept.
    """
    if not is_whole(raw):
        raise LakeError(
            f"The kept original of {raw.location} is gone or damaged ({raw.path}). Restore it from a backup, or deliver the "
            "file again."
        )
    return raw


def file_hash(path: Path) -> str:
    """SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as original:
        while chunk := original.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def raw_path(store: Path, sha256: str) -> Path:
    """Where the store keeps the bytes with this hash."""
    return store / sha256[:2] / sha256


def path_text(path: Path) -> str:
    """A path as text, also one whose bytes are no UTF-8: these are written as ``\\xff``."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def keep_raw(path: Path, store: Path) -> RawObject:
    """Copy a file into the store unless it is there, whole.

    What is kept is named by the hash of its own bytes, also where the file changes while it is read.

    Raises:
        OSError: the file cannot be read.
        LakeError: the store cannot be written.
    """
    sha256 = file_hash(path)
    kept = RawObject(raw_path(store, sha256), sha256, path_text(Path(path.name)), path_text(path))
    return kept if is_whole(kept) else _copied(kept, path, store)


def _copied(planned: RawObject, path: Path, store: Path) -> RawObject:
    """What was copied: not what was planned, where the file has changed meanwhile."""
    digest = hashlib.sha256()
    with path.open("rb") as original, staging(planned.path) as staged:
        with staged.open("wb") as copy:
            while chunk := original.read(_CHUNK_BYTES):
                digest.update(chunk)
                copy.write(chunk)
        sha256 = digest.hexdigest()
        kept = replace(planned, path=raw_path(store, sha256), sha256=sha256)
        put(staged, kept.path)
    return kept
