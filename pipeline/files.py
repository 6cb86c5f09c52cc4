"""Writing files so that a reader sees the old one or the new one, whole, whatever is killed when."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import LakeError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a fresh path beside ``path``; what is written there replaces ``path`` atomically on leaving.

    Raises:
        LakeError: the folder cannot be written (read-only, full); ``path`` is untouched.
    """
    with staging(path) as staged:
        yield staged
        put(staged, path)


def put(staged: Path, path: Path) -> None:
    """Move a file that is written to ``path``, atomically, in place of what is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sync(staged)
    staged.replace(path)
    _sync(path.parent)


@contextmanager
def staging(path: Path) -> Iterator[Path]:
    """Give a fresh path beside ``path``, which is removed on leaving unless it was put elsewhere.

    Raises:
        LakeError: what is done meanwhile cannot be written (read-only, full).
    """
    staged: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        os.close(handle)
        staged = Path(name)
        yield staged
    except OSError as error:
        raise LakeError(
            f"Cannot write {path}: {error.strerror or error}. Free space or give write permission."
        ) from error
    finally:
        if staged is not None:
            staged.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all."""
    with replacing(path) as staged:
        staged.write_bytes(content)
