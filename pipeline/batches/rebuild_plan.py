"""What a rebuild makes again: the batches that were published, in their order, and what is known to be lost before it begins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.batches.replay import file_of
from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.lake.catalog import GENERATIONS, REBUILD_MARK, Catalog, read_catalog
from pipeline.lake.history import newest_kept
from pipeline.lake.snapshot import table_rows
from pipeline.lake.store import delta_table, table_path
from pipeline.schema.tables import tables
from pipeline.sources.arrival_records import Arrival, KeptObject, kept_hashes, read_arrivals
from pipeline.sources.raw import RawObject, is_whole

Row = dict[str, Any]


@dataclass(frozen=True)
class PlannedBatch:
    """A batch to make again, and the time it had."""

    arrival: Arrival
    committed_at: dt.datetime


@dataclass
class Plan:
    """The batches in their order."""

    batches: list[PlannedBatch] = field(default_factory=list)
    unpublished: int = 0
    """Batches that were read once and never published."""
    unnamed: int = 0
    """Kept originals whose name nothing tells."""
    problems: list[str] = field(default_factory=list)
    """What cannot be made again, a sentence each."""


def held_state(lake: Path) -> Catalog | None:
    """The visible state; ``None`` where the catalog is lost."""
    try:
        return read_catalog(lake)
    except LakeError:
        return None


def newest_tables(lake: Path) -> Catalog:
    """Where the catalog is lost: the tables as they were last written, by batches that were published or about to be."""
    finished = [path for path in (lake / GENERATIONS).glob("[0-9]*") if not (path / REBUILD_MARK).exists()]
    newest = max(finished, key=lambda path: int(path.name), default=None)
    folder = lake if newest is None else newest
    versions: dict[str, int] = {}
    for name in tables():
        with suppress(Exception):  # deltalake raises several unrelated kinds for a damaged log
            versions[name] = delta_table(table_path(folder, name)).version()
    return Catalog(tables=versions, generation="" if newest is None else f"{GENERATIONS}/{newest.name}")


def plan_batches(settings: Settings) -> Plan:
    """What to make again, in the order in which it was published; in that of its arrival where the ledger is lost."""
    plan = Plan()
    held = held_state(settings.lake) or newest_tables(settings.lake)
    ledger = table_rows(settings.lake, held, "batches")
    records: dict[str, Arrival] = {}
    for record in read_arrivals(settings.raw):
        if isinstance(record, LakeError):
            plan.problems.append(f"{record} What it named is left out where no table names it.")
        else:
            records[record.batch_id] = record
    if ledger:
        missing = [row for row in ledger if row["batch_id"] not in records]
        records |= {found.batch_id: found for found in _named_by_tables(settings.lake, held, missing)}
    named = {kept.sha256 for record in records.values() for kept in record.objects}
    plan.unnamed = len(set(kept_hashes(settings.raw)) - named)
    if not ledger:
        planned = [PlannedBatch(record, record.kept_at) for record in records.values()]
    else:
        committed = {row["batch_id"]: row["committed_at"] for row in ledger}
        planned = [
            PlannedBatch(r, committed[r.batch_id]) for r in records.values() if r.batch_id in committed
        ]
        plan.unpublished = len(records) - len(planned)
    plan.batches = sorted(planned, key=lambda batch: (batch.committed_at, batch.arrival.batch_id))
    if not planned and (held.version or held.tables or newest_kept(settings.lake).version):
        plan.problems.append(
            f"Nothing tells what was published: there is no arrival record below {settings.raw}, and the table batches "
            "cannot be read. Is the disk of the originals mounted?"
        )
    if plan.unnamed and table_rows(settings.lake, held, "articles", ("article_id",)) is None:
        plan.problems.append(
            f"The table articles cannot be read, and nothing else tells what {plan.unnamed:,} kept originals were called."
        )
    return plan


def lost_originals(plan: Plan, store: Path) -> list[str]:
    """A sentence for each original of the plan that is gone or damaged; all are read through."""
    objects = dict.fromkeys(kept.opened(store) for batch in plan.batches for kept in batch.arrival.objects)
    return [lost_original(raw) for raw in objects if not is_whole(raw)]


def lost_original(raw: RawObject) -> str:
    """Says that an original is lost, and what to do."""
    return f"The original of {raw.location} is gone or damaged ({raw.path}); what it held would be left out. Deliver it again."


def _named_by_tables(lake: Path, held: Catalog, ledger: list[Row]) -> Iterator[Arrival]:
    """Batches of a time before there were arrival records: names and places as the tables tell them."""
    if not ledger:
        return
    found: dict[str, dict[tuple[str, str], dt.datetime]] = {}
    for name in ("articles", "quarantine"):
        for row in (
            table_rows(lake, held, name, ("batch_id", "raw_sha256", "input_location", "first_seen_at")) or []
        ):
            if row["raw_sha256"] is not None:
                location = str(file_of(row["input_location"]))
                found.setdefault(row["batch_id"], {})[row["raw_sha256"], location] = row["first_seen_at"]
    for row in ledger:
        objects = found.get(row["batch_id"], {})
        yield Arrival(
            batch_id=row["batch_id"],
            kept_at=min(objects.values(), default=row["committed_at"]),
            inputs=row["inputs"],
            objects=[KeptObject(sha256, Path(place).name, place) for sha256, place in sorted(objects)],
            source=row["source"],
            is_gated=row["items_gated"] > 0,
        )
