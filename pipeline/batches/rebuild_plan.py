"""What a rebuild makes again: the batches that were published, in their order, and what is known to be lost before it begins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.batches.resolution import is_input
from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.lake.catalog import GENERATIONS, REBUILD_MARK, Catalog, generation_folders, read_catalog
from pipeline.lake.checksums import is_as_written
from pipeline.lake.history import newest_kept, readable_states
from pipeline.lake.snapshot import table_rows
from pipeline.lake.store import delta_table, table_path
from pipeline.schema.tables import tables
from pipeline.sources.arrival_records import Arrival, KeptObject, kept_hashes, read_arrivals
from pipeline.sources.locations import file_of
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
    finished = [path for path in generation_folders(lake) if not (path / REBUILD_MARK).exists()]
    newest = finished[-1] if finished else None
    folder = lake if newest is None else newest
    versions: dict[str, int] = {}
    for name in tables():
        with suppress(Exception):  # deltalake raises several unrelated kinds for a damaged log
            versions[name] = delta_table(table_path(folder, name)).version()
    return Catalog(tables=versions, generation="" if newest is None else f"{GENERATIONS}/{newest.name}")


class OldTables:
    """The tables that a rebuild replaces, each as far as it is what was written: what was changed since tells nothing."""

    def __init__(self, lake: Path) -> None:
        self._lake = lake
        self.state = held_state(lake) or newest_tables(lake)
        self._is_as_written: dict[str, bool] = {}

    def rows(self, name: str, columns: Sequence[str] = ("*",)) -> list[Row] | None:
        """The rows of one table; ``None`` where they cannot be read, or are not those that were written."""
        if name not in self._is_as_written:
            self._is_as_written[name] = is_as_written(self._lake, self.state, name)
        return table_rows(self._lake, self.state, name, columns) if self._is_as_written[name] else None


def plan_batches(settings: Settings, old: OldTables) -> Plan:
    """What to make again, in the order in which it was published; in that of its arrival where nothing tells that.

    A batch was published where the ledger, a row of any table, or a kept state names it. Where the ledger is lost as a whole,
    whatever was read counts as published.
    """
    plan, lake, held = Plan(), settings.lake, old.state
    ledger = {row["batch_id"]: row for row in old.rows("batches") or []}
    states = _first_states(lake, held)
    records: dict[str, Arrival] = {}
    for record in read_arrivals(settings.raw):
        if isinstance(record, LakeError):
            plan.problems.append(f"{record} What it named is left out where no table names it.")
        else:
            records[record.batch_id] = record
    published = ledger.keys() | states.keys() | _named_batches(old)
    missing = published - records.keys()
    records |= {found.batch_id: found for found in _named_by_tables(old, missing, ledger)}
    named = {kept.sha256 for record in records.values() for kept in record.objects}
    plan.unnamed = len(set(kept_hashes(settings.raw)) - named)
    made = [record for record in records.values() if record.batch_id in published or not ledger]
    plan.unpublished = len(records) - len(made)
    ordered = []
    for record in made:
        row, state = ledger.get(record.batch_id), states.get(record.batch_id)
        told = row["committed_at"] if row else state.committed_at if state else None
        batch = PlannedBatch(record, told or record.kept_at)
        # Of one time: in the order of their states; those that are not kept any more are older.
        place = (batch.committed_at, state.version if state else 0, record.kept_at, record.batch_id)
        ordered.append((place, batch))
    plan.batches = [batch for _, batch in sorted(ordered, key=lambda entry: entry[0])]
    if not plan.batches and (held.version or held.tables or newest_kept(lake).version):
        plan.problems.append(
            f"Nothing tells what was published: there is no arrival record below {settings.raw}, and no table that names "
            "batches can be read. Is the disk of the originals mounted?"
        )
    if plan.unnamed and old.rows("articles", ("article_id",)) is None:
        plan.problems.append(
            f"The table articles cannot be read, and nothing else tells what {plan.unnamed:,} kept originals were called."
        )
    return plan


def _first_states(lake: Path, held: Catalog) -> dict[str, Catalog]:
    """The earliest kept state that each batch made, of those that were visible."""
    found: dict[str, Catalog] = {}
    for state in readable_states(lake):
        if state.batch_id is not None and state.version <= (held.version or state.version):
            found.setdefault(state.batch_id, state)
    return found


def _named_batches(old: OldTables) -> set[str]:
    """The batches that rows of the tables name, of those tables that can be read."""
    return {
        row["batch_id"]
        for name, spec in tables().items()
        if any(column.name == "batch_id" for column in spec.columns)
        for row in old.rows(name, ("DISTINCT batch_id",)) or []
    }


def lost_originals(plan: Plan, store: Path) -> list[str]:
    """A sentence for each original of the plan that is gone or damaged; all are read through."""
    objects = dict.fromkeys(kept.opened(store) for batch in plan.batches for kept in batch.arrival.objects)
    return [lost_original(raw) for raw in objects if not is_whole(raw)]


def lost_original(raw: RawObject) -> str:
    """Says that an original is lost, and what to do."""
    return f"The original of {raw.location} is gone or damaged ({raw.path}); what it held would be left out. Deliver it again."


def _named_by_tables(old: OldTables, batch_ids: set[str], ledger: Mapping[str, Row]) -> Iterator[Arrival]:
    """Batches without an arrival record: names and places of what they read as the tables tell them."""
    if not batch_ids:
        return
    found: dict[str, dict[tuple[str, str], dt.datetime]] = {}
    columns = ("batch_id", "raw_sha256", "input_location", "first_seen_at")
    rows = old.rows("articles", columns) or []
    # A rejected row of an extracted table is of an article that its batch may have found in the lake.
    rejected = old.rows("quarantine", (*columns, "stage", "table_name")) or []
    for row in [*rows, *(row for row in rejected if is_input(row))]:
        if row["raw_sha256"] is not None:
            location = str(file_of(row["input_location"]))
            found.setdefault(row["batch_id"], {})[row["raw_sha256"], location] = row["first_seen_at"]
    for batch_id in sorted(batch_ids & (ledger.keys() | found.keys())):
        objects, told = found.get(batch_id, {}), ledger.get(batch_id)
        yield Arrival(
            batch_id=batch_id,
            kept_at=min([*objects.values(), *([told["committed_at"]] if told else [])]),
            inputs=told["inputs"] if told else sorted({place for _, place in objects}),
            objects=[KeptObject(sha256, Path(place).name, place) for sha256, place in sorted(objects)],
            source=told["source"] if told else None,
            is_gated=bool(told and told["items_gated"]),
        )
