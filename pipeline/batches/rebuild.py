"""Rebuild: the whole lake made again from the kept originals, by the same stages, and shown by one replaced file.

The tables are filled in a new folder under the lake, a *generation*, that is a lake of its own until the catalog names
it. Batches keep their ids, times and order, so the ledger comes out as it was. Readers see the old tables until the switch;
a rebuild that was killed goes on where it was.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from pipeline import __version__
from pipeline.batches import extraction, publication, validation
from pipeline.batches.decisions import read_decisions
from pipeline.batches.intake import stage_objects
from pipeline.batches.replay import file_of
from pipeline.batches.staging import SourceAdvance, StagedBatch
from pipeline.config import Settings
from pipeline.errors import ContractError, LakeError
from pipeline.files import write_atomically
from pipeline.ids import make_id, sha256_text
from pipeline.lake.catalog import (
    GENERATIONS,
    REBUILD_MARK,
    Catalog,
    Operation,
    begin_catalog,
    catalog_path,
    read_catalog,
    write_catalog,
    writer_lock,
)
from pipeline.lake.history import newest_kept
from pipeline.lake.snapshot import Snapshot, table_rows
from pipeline.lake.store import append, delta_table, roll_back_uncommitted, table_path
from pipeline.lake.views import refresh_database, shown_version
from pipeline.schema.tables import arrow_table, tables
from pipeline.sources.arrival_records import Arrival, KeptObject, kept_hashes, read_arrivals
from pipeline.sources.raw import is_whole

Row = dict[str, Any]
DECISIONS = "revisions"
"""The table that the originals of articles cannot give, because people decided what stands in it."""
_WORK = ".work"


@dataclass
class Rebuilt:
    """What a rebuild made, and what it could not."""

    generation: str = ""
    version: int = 0
    batches: int = 0
    articles: int = 0
    incident_reports: int = 0
    unpublished: int = 0
    """Batches that were read once and never published: they are left as they are."""
    unnamed: int = 0
    """Kept originals whose name is not known any more; they were not read."""
    problems: list[str] = field(default_factory=list)
    """What could not be made again, a sentence each."""
    lost_sources: list[str] = field(default_factory=list)
    """Declared sources whose state is lost: they are read from their beginning again."""
    old_tables: list[str] = field(default_factory=list)
    """Folders of the tables as they were; nothing reads them any more."""

    def sentences(self, *, is_old_discarded: bool) -> list[str]:
        """What a person should know of it besides the counts and problems."""
        told = []
        if self.unpublished:
            told.append(f"{self.unpublished:,} batches that were read and never published were left out.")
        if self.unnamed:
            told.append(
                f"{self.unnamed:,} kept originals were not read: nothing tells what they were called."
            )
        if self.lost_sources:
            told.append(
                f"The catalog and its history were lost, and with them how far these sources were read: {', '.join(self.lost_sources)}. "
                "They are read from the beginning again; what the lake has counts as duplicate."
            )
        if self.old_tables and not is_old_discarded:
            told.append(f"The old tables are kept; remove them when all is well: {' '.join(self.old_tables)}")
        return told


@dataclass(frozen=True)
class _Planned:
    arrival: Arrival
    committed_at: dt.datetime


def rebuild(
    settings: Settings,
    *,
    extractor: str,
    progress: Callable[[str], None],
    now: dt.datetime,
    is_old_discarded: bool = False,
) -> Rebuilt:
    """Make the lake again and show it.

    Raises:
        LakeError: the new tables cannot be written; the lake shows what it showed before.
    """
    lake = settings.lake
    made = Rebuilt()
    with writer_lock(lake / GENERATIONS):
        decided = _decided(settings, made)
        made.generation = _begun(lake, extractor, decided)
        _fill(settings, made, decided, extractor=extractor, progress=progress)
        with writer_lock(lake):
            if _decided(settings, made) != decided:
                raise LakeError(
                    "People decided about rows while the lake was made again. Nothing is changed: start again."
                )
            # Batches that were published meanwhile; no further one can be from here on.
            _fill(settings, made, decided, extractor=extractor, progress=progress)
            made.problems = list(dict.fromkeys(made.problems))
            _switch(settings, made, now)
        with Snapshot(lake) as snapshot:
            [counts] = snapshot.rows(
                "SELECT (SELECT count(*) FROM articles) AS articles, (SELECT count(*) FROM batches) AS batches,"
                " (SELECT count(*) FROM incident_reports) AS incident_reports"
            )
        made.articles, made.batches = counts["articles"], counts["batches"]
        made.incident_reports = counts["incident_reports"]
        if is_old_discarded:
            for folder in made.old_tables:
                shutil.rmtree(folder, ignore_errors=True)
    return made


def _decided(settings: Settings, made: Rebuilt) -> list[Row]:
    """What people decided, and what was taken back for it: from the table, and where it is lost from the raw store."""
    held = _held(settings.lake) or _newest(settings.lake)
    rows = table_rows(settings.lake, held, DECISIONS)
    if rows is None:
        made.problems.append(
            "The table revisions cannot be read: the view deletions begins anew. Decisions are kept."
        )
    known = {row["revision_id"]: row for row in rows or []}
    kept = [row | {"batch_id": "rebuild"} for row in read_decisions(settings.raw)]
    known = {row["revision_id"]: row for row in kept} | known
    return [known[key] for key in sorted(known)]


def _begun(lake: Path, extractor: str, decided: list[Row]) -> str:
    """The generation to fill: the one that a killed rebuild of the same product and decisions left, or a new one."""
    decisions = sha256_text(*(row["revision_id"] for row in decided))
    mark = msgspec.json.encode(
        {"pipeline_version": __version__, "extractor": extractor, "decisions": decisions}
    )
    held = _held(lake)
    numbers = [0]
    for folder in sorted(path for path in (lake / GENERATIONS).iterdir() if path.name.isdigit()):
        numbers.append(int(folder.name))
        if not (folder / REBUILD_MARK).exists():
            continue
        if held is not None and held.folder(lake) == folder:
            _finish(folder)  # killed right after the switch
        elif (folder / REBUILD_MARK).read_bytes() == mark:
            return f"{GENERATIONS}/{folder.name}"
        else:
            shutil.rmtree(folder)
    generation = f"{GENERATIONS}/{max(numbers) + 1}"
    write_atomically(lake / generation / REBUILD_MARK, mark)
    return generation


def _held(lake: Path) -> Catalog | None:
    """The visible state; ``None`` where the catalog is lost."""
    try:
        return read_catalog(lake)
    except LakeError:
        return None


def _fill(
    settings: Settings, made: Rebuilt, decided: list[Row], *, extractor: str, progress: Callable[[str], None]
) -> None:
    """Publish every batch that is not yet there into the new generation; decisions first, since they hold for all."""
    folder = settings.lake / made.generation
    inner = replace(settings, home=folder / _WORK, lake=folder)
    begun = begin_catalog(folder)
    if decided and DECISIONS not in begun.tables:
        begun = roll_back_uncommitted(folder, begun)
        version = append(folder, DECISIONS, arrow_table(DECISIONS, decided), batch_id="rebuild")
        tables_with = begun.tables | {DECISIONS: version}
        write_catalog(folder, msgspec.structs.replace(begun, version=begun.version + 1, tables=tables_with))
    planned = _plan(settings, made)
    with Snapshot(folder) as snapshot:
        done = {row["batch_id"] for row in snapshot.rows("SELECT batch_id FROM batches")}
    for number, batch in enumerate(planned, start=1):
        arrival = batch.arrival
        if arrival.batch_id in done:
            continue
        progress(f"rebuild: batch {number:,} of {len(planned):,}, {arrival.batch_id}")
        try:
            _make_batch(batch, settings.raw, inner, made, extractor)
        except ContractError as error:
            made.problems.append(f"Batch {arrival.batch_id} was left out: {error}")


def _make_batch(batch: _Planned, store: Path, inner: Settings, made: Rebuilt, extractor: str) -> None:
    """One batch through the stages, at the times it had."""
    arrival = batch.arrival
    objects = [kept.opened(store) for kept in arrival.objects]
    whole = [raw for raw in objects if is_whole(raw)]
    made.problems += [
        f"The original of {raw.location} is gone or damaged ({raw.path}); what it held is left out. Deliver it again."
        for raw in objects
        if raw not in whole
    ]
    advance = None
    if arrival.source is not None:
        advance = SourceAdvance(arrival.source, read_catalog(inner.lake).source(arrival.source).revision, {})
    stage_objects(
        whole,
        arrival.unreadable,
        arrival.inputs,
        arrival.batch_id,
        replace(inner, is_gated=arrival.is_gated),
        now=arrival.kept_at,
        advance=advance,
    )
    staged = StagedBatch(inner.staging, arrival.batch_id)
    extraction.extract(
        staged, inner, extractor_name=extractor, now=arrival.kept_at, progress=lambda _line: None
    )
    validation.validate(staged, inner, now=arrival.kept_at)
    publication.publish(staged, inner, now=batch.committed_at)


def _plan(settings: Settings, made: Rebuilt) -> list[_Planned]:
    """What to make again, in the order in which it was published; in that of its arrival where the ledger is lost."""
    held = _held(settings.lake) or _newest(settings.lake)
    ledger = table_rows(settings.lake, held, "batches")
    records: dict[str, Arrival] = {}
    for record in read_arrivals(settings.raw):
        if isinstance(record, LakeError):
            made.problems.append(f"{record} What it named is left out where no table names it.")
        else:
            records[record.batch_id] = record
    if ledger:
        missing = [row for row in ledger if row["batch_id"] not in records]
        records |= {found.batch_id: found for found in _named_by_tables(settings.lake, held, missing)}
    named = {kept.sha256 for record in records.values() for kept in record.objects}
    made.unnamed = len(set(kept_hashes(settings.raw)) - named)
    if not ledger:
        planned = [_Planned(record, record.kept_at) for record in records.values()]
        made.unpublished = 0
    else:
        committed = {row["batch_id"]: row["committed_at"] for row in ledger}
        planned = [_Planned(r, committed[r.batch_id]) for r in records.values() if r.batch_id in committed]
        made.unpublished = len(records) - len(planned)
    return sorted(planned, key=lambda batch: (batch.committed_at, batch.arrival.batch_id))


def _newest(lake: Path) -> Catalog:
    """Where the catalog is lost: the tables as they were last written, by batches that were published or about to be."""
    finished = [path for path in (lake / GENERATIONS).glob("[0-9]*") if not (path / REBUILD_MARK).exists()]
    newest = max(finished, key=lambda path: int(path.name), default=None)
    folder = lake if newest is None else newest
    versions: dict[str, int] = {}
    for name in tables():
        with suppress(Exception):  # deltalake raises several unrelated kinds for a damaged log
            versions[name] = delta_table(table_path(folder, name)).version()
    return Catalog(tables=versions, generation="" if newest is None else f"{GENERATIONS}/{newest.name}")


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


def _switch(settings: Settings, made: Rebuilt, now: dt.datetime) -> None:
    """Replace the catalog. The caller holds the writer's lock."""
    lake = settings.lake
    held = _held(lake)
    folder = lake / made.generation
    filled = read_catalog(folder)
    if held is None:
        path = catalog_path(lake)
        if path.exists():
            shutil.copyfile(path, path.with_suffix(".damaged"))
        remembered = newest_kept(lake)
        made.lost_sources = sorted(filled.sources.keys() - remembered.sources.keys())
        held = Catalog(version=remembered.version, sources=remembered.sources)
    made.version = max(held.version, newest_kept(lake).version, shown_version(settings.database) or 0) + 1
    catalog = msgspec.structs.replace(
        held,
        version=made.version,
        tables=filled.tables,
        batch_id=make_id("b", "rebuild", made.generation, now.isoformat()),
        generation=made.generation,
        operation=Operation.REBUILD,
    )
    write_catalog(lake, catalog, now=now)
    refresh_database(settings.database, lake)
    _finish(folder)
    made.old_tables = sorted(
        str(path)
        for path in (
            *(log.parent for log in lake.glob("*/_delta_log") if log.parent.name in tables()),
            *(other for other in (lake / GENERATIONS).glob("[0-9]*") if other != folder),
        )
    )


def _finish(folder: Path) -> None:
    """Clear away what only filling a generation needs."""
    shutil.rmtree(folder / _WORK, ignore_errors=True)
    for path in (catalog_path(folder), folder / ".writer.lock", folder / REBUILD_MARK):
        with suppress(FileNotFoundError):
            path.unlink()
