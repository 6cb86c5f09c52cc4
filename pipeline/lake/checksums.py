"""Checksums: what was written, to tell later that it is still so. A data file's hash, taken right after writing, and a table's rows.

The hashes lie in one small file beside the tables, which is replaced before the catalog is and holds the files of both states: whichever
is visible after a crash has its own. Files of before hashes were kept have none, and are not compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from pipeline.errors import LakeError
from pipeline.files import write_atomically
from pipeline.lake.catalog import REMEDY, Catalog
from pipeline.lake.store import stored_table

CHANGED = "the file is not what was written: a part of it was changed"


def checksums_path(folder: Path) -> Path:
    """Where the hashes of the files of the tables in ``folder`` are kept."""
    return folder / "checksums.json"


def read_checksums(folder: Path) -> dict[str, str]:
    """Hashes by table and file name; none in a lake of before they were kept.

    Raises:
        LakeError: they cannot be read.
    """
    path = checksums_path(folder)
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise LakeError(
            f"The checksums {path} cannot be read ({error}). Remove the file: files that are there are not compared any more "
            "then, those that are written later are. `incidents lake rebuild` makes all anew."
        ) from error


def file_key(name: str, path: Path) -> str:
    """What a data file of a table is called among the hashes; its name is unlike any other's."""
    return f"{name}/{path.name}"


def is_changed(path: Path, checksum: str) -> bool:
    """Whether the file is another than the one that was written."""
    return _checksum(path) != checksum


def is_as_written(lake: Path, catalog: Catalog, name: str) -> bool:
    """Whether a table's log and all its files are what was committed, as far as counts, sizes and hashes tell."""
    known: Mapping[str, str] = {}
    with suppress(LakeError):
        known = read_checksums(catalog.folder(lake))
    try:
        stored = stored_table(lake, name, catalog)
        if stored.rows != catalog.rows.get(name, stored.rows) or stored.misfit():
            return False
        paths = [(path, known.get(file_key(name, path))) for path in map(Path, stored.files)]
        return not any(checksum is not None and is_changed(path, checksum) for path, checksum in paths)
    except (LakeError, OSError):
        return False


def sealed(lake: Path, before: Catalog, after: Catalog) -> Catalog:
    """The state ``after`` with the rows of its tables, to commit over ``before``; the files that it adds are hashed.

    The files that it takes away were read to write others: a change in one would go on in these, and with their hash.
    The caller holds the writer's lock.

    Raises:
        LakeError: a file that was read is not what was written; or the hashes cannot be read or written.
    """
    folder = after.folder(lake)
    held, made = _files(lake, before), _files(lake, after)
    known = read_checksums(folder)
    for key in held.keys() - made.keys():
        if key in known and held[key].exists() and is_changed(held[key], known[key]):
            raise LakeError(f"The table of {held[key]} is damaged: {CHANGED}. Nothing is committed. {REMEDY}")
    added = {key: _checksum(path) for key, path in made.items() if key not in held}
    kept = {key: checksum for key, checksum in known.items() if key in held or key in made}
    if added or len(kept) < len(known):
        encoded = msgspec.json.encode(dict(sorted((kept | added).items())))
        write_atomically(checksums_path(folder), msgspec.json.format(encoded, indent=1))
    return msgspec.structs.replace(after, rows=_rows(lake, after))


def _files(lake: Path, catalog: Catalog) -> Mapping[str, Path]:
    return {
        file_key(name, Path(file)): Path(file)
        for name in catalog.tables
        for file in stored_table(lake, name, catalog).files
    }


def _rows(lake: Path, catalog: Catalog) -> dict[str, int]:
    counted = {name: stored_table(lake, name, catalog).rows for name in catalog.tables}
    return {name: rows for name, rows in counted.items() if rows is not None}


def _checksum(path: Path) -> str:
    with path.open("rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()
