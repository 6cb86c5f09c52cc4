"""Arrival records: what the kept originals were called. One small file a batch beside them, so that they are enough to make the lake again.

The objects of the raw store are named by their hash alone. A record tells the names and places of all that one batch
read, of which declared source, and when. Its name is the batch's id, which is made from the same bytes and names:
the same input again is the same record, the same bytes under another name are another one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from pipeline.errors import LakeError
from pipeline.files import write_atomically
from pipeline.sources.items import FailedItem
from pipeline.sources.raw import RawObject, raw_path


class KeptObject(msgspec.Struct, frozen=True):
    """One kept original under the name it came with."""

    sha256: str
    name: str
    location: str

    def opened(self, store: Path) -> RawObject:
        """The object as a stage reads it."""
        return RawObject(raw_path(store, self.sha256), self.sha256, self.name, self.location)


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """What one batch read."""

    batch_id: str
    kept_at: dt.datetime
    """When the batch was first read."""
    inputs: list[str]
    objects: list[KeptObject]
    unreadable: list[FailedItem] = []
    """Inputs whose bytes could not be kept."""
    source: str | None = None
    """The declared source it was read from."""
    is_gated: bool = False
    replays: list[str] = []
    """Quarantined rows whose inputs were read again."""


def records_folder(store: Path) -> Path:
    """Where the raw store keeps its arrival records."""
    return store / "arrivals"


def keep_arrival(
    store: Path,
    batch_id: str,
    objects: Sequence[RawObject],
    unreadable: Sequence[FailedItem],
    inputs: Sequence[str],
    *,
    now: dt.datetime,
    source: str | None = None,
    is_gated: bool = False,
    replays: Sequence[str] = (),
) -> None:
    """Write the record of a batch, unless it is there, whole.

    Raises:
        LakeError: the store cannot be written.
    """
    path = records_folder(store) / f"{batch_id}.json"
    if isinstance(_read_arrival(path), Arrival):
        return
    arrival = Arrival(
        batch_id=batch_id,
        kept_at=now,
        inputs=list(inputs),
        objects=[KeptObject(raw.sha256, raw.name, raw.location) for raw in objects],
        unreadable=list(unreadable),
        source=source,
        is_gated=is_gated,
        replays=list(replays),
    )
    write_atomically(path, msgspec.json.encode(arrival))


def read_arrivals(store: Path) -> Iterator[Arrival | LakeError]:
    """All records, those that cannot be read as the error that names the file."""
    for path in sorted(records_folder(store).glob("[!.]*.json")):
        yield _read_arrival(path)


def _read_arrival(path: Path) -> Arrival | LakeError:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Arrival)
    except (msgspec.DecodeError, OSError) as error:
        return LakeError(f"The arrival record {path} cannot be read ({error}).")


def kept_hashes(store: Path) -> Iterator[str]:
    """The hashes under which originals are kept."""
    for folder in sorted(store.glob("[0-9a-f][0-9a-f]")):
        if folder.is_dir():
            yield from sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
