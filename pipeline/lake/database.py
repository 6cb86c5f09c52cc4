"""Opening ``incidents.duckdb``, which every publish replaces, so that what is read is one state of it."""

from __future__ import annotations

from pathlib import Path

import duckdb

_TRIES = 100


def open_database(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection that reads the file as it is now, whatever replaces it later.

    DuckDB 2.0 opens a file twice, for its header and for the rest. Where it is replaced between the two, the one does not
    fit the other: opening fails, or might not be noticed. So a file that was replaced meanwhile is opened again.

    Raises:
        duckdb.Error: it cannot be opened as it stands.
    """
    for _ in range(_TRIES):
        before = _identity(path)
        try:
            connection = duckdb.connect(str(path), read_only=True)
        except duckdb.Error:
            if _identity(path) == before:
                raise
            continue  # it was replaced meanwhile
        if _identity(path) == before:
            return connection
        connection.close()
    return duckdb.connect(str(path), read_only=True)  # replaced faster than it can be opened: its error tells


def _identity(path: Path) -> tuple[int, ...] | None:
    """What differs between a file and the one that replaces it; ``None`` where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
