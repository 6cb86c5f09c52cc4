"""The original bytes of everything that arrives, kept content-addressed, so that any later improvement can replay them."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline.files import replacing

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


def keep_raw(path: Path, store: Path) -> RawObject:
    """Copy a file into the store unless it is there.

    Raises:
        OSError: the file cannot be read.
        LakeError: the store cannot be written.
    """
    sha256 = file_hash(path)
    kept = raw_path(store, sha256)
    if not kept.exists():
        with path.open("rb") as original, replacing(kept) as staged, staged.open("wb") as copy:
            shutil.copyfileobj(original, copy, _CHUNK_BYTES)
    return RawObject(path=kept, sha256=sha256, name=path.name, location=str(path))
