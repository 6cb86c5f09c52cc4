"""Writing files so that a reader sees the old one or the new one, whole, whatever is killed when."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import LakeError

QUERY_SCRATCH, AS_OF_SCRATCH = SCRATCH_PREFIXES = ("incidents-query-", "incidents-as-of-")


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
        raise cannot_write(path, error) from error
    finally:
        if staged is not None:
            staged.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> LakeError:
    """The error of a path that cannot be written, with what to do."""
    blocking = _in_the_way(path)
    if blocking is None:
        return LakeError(
            f"Cannot write {path}: {error.strerror or error}. Free space or give write permission."
        )
    kind, wanted = ("folder", "file") if blocking == path else ("file", "folder")
    return LakeError(
        f"Cannot write {path}: {blocking} is a {kind}, and is in the way of the {wanted} of that name. Move it away and run again."
    )


def _in_the_way(path: Path) -> Path | None:
    """A file where the path goes through a folder, or a folder in the place of the file."""
    with suppress(OSError):
        blocking = next((parent for parent in reversed(path.parents) if parent.is_file()), None)
        return blocking or (path if path.is_dir() else None)
    return None


def discard(path: Path) -> None:
    """Remove what is there, a file or a folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A folder for temporary files, held as long as the context lasts; ``prefix`` is one of those that the sweep knows."""
    with tempfile.TemporaryDirectory(prefix=prefix) as folder, held_folder(Path(folder)):
        yield Path(folder)


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """Keep the sweep away from a folder as long as this process lives."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Whether a living process holds the folder, or it is none of ours."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except (FileNotFoundError, PermissionError):
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


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
