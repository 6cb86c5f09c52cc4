"""Rebuild: the whole lake made again from the kept originals, by the same stages, and shown by one replaced file.

The tables are filled in a new folder under the lake, a *generation*, that is a lake of its own until the catalog names
it. Batches keep their ids, times and order, so the ledger comes out as it was. Readers see the old tables until the switch;
a rebuild that was killed goes on where it was.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import orjson

from pipeline import __version__
from pipeline.batches import extraction, publication, validation
from pipeline.batches.corrected_inputs import corrected_id
from pipeline.batches.decisions import (
    decisions_folder,
    keep_decisions,
    read_decisions,
    unkept_decisions,
    without_batch,
)
from pipeline.batches.intake import stage_objects
from pipeline.batches.rebuild_plan import (
    OldTables,
    Plan,
    PlannedBatch,
    held_state,
    lost_original,
    lost_originals,
    plan_batches,
)
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
    generation_folders,
    read_catalog,
    write_catalog,
    writer_lock,
)
from pipeline.lake.checksums import sealed
from pipeline.lake.history import last_version, newest_kept
from pipeline.lake.snapshot import Snapshot, table_rows
from pipeline.lake.store import append, roll_back_uncommitted
from pipeline.lake.views import refresh_database, shown_version
from pipeline.schema.tables import arrow_table, tables
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

    @property
    def is_shown(self) -> bool:
        """False where it would have been poorer than the old lake, which is shown as before."""
        return self.version > 0

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
        if self.old_tables and (self.problems or not is_old_discarded):
            told.append(f"The old tables are kept; remove them when all is well: {' '.join(self.old_tables)}")
        return told


def rebuild(
    settings: Settings,
    *,
    extractor: str,
    progress: Callable[[str], None],
    now: dt.datetime,
    is_old_discarded: bool = False,
    is_loss_accepted: bool = False,
) -> Rebuilt:
    """Make the lake again and show it; one that would hold less than the old one only where ``is_loss_accepted``.

    The old tables are never discarded where something is lost.

    Raises:
        LakeError: the new tables cannot be written; the lake shows what it showed before.
    """
    lake = settings.lake
    made = Rebuilt()
    with writer_lock(lake / GENERATIONS):
        old = OldTables(lake)
        decided = _decided(settings, old, made)
        plan = plan_batches(settings, old)
        made.problems += [*plan.problems, *lost_originals(plan, settings.raw)]
        if made.problems and not is_loss_accepted:
            return made
        made.generation = _begun(lake, extractor, decided, made.problems)
        _fill(settings, made, decided, plan, extractor=extractor, progress=progress)
        with writer_lock(lake):
            old = OldTables(lake)
            if _decided(settings, old, made) != decided:
                raise LakeError(
                    "People decided about rows while the lake was made again. Nothing is changed: start again."
                )
            # Batches that were published meanwhile; no further one can be from here on.
            plan = plan_batches(settings, old)
            made.unpublished, made.unnamed = plan.unpublished, plan.unnamed
            _fill(settings, made, decided, plan, extractor=extractor, progress=progress)
            filled = lake / made.generation
            lost = [*plan.problems, *_unapplied(filled, decided), *_fewer(old, filled), *_unread(old, filled)]
            made.problems = list(dict.fromkeys([*made.problems, *lost]))
            if made.problems and not is_loss_accepted:
                shutil.rmtree(filled)
                return made
            keep_decisions(unkept_decisions(decided, settings.raw), settings.raw)
            _switch(settings, made, now)
        with Snapshot(lake) as snapshot:
            [counts] = snapshot.rows(
                "SELECT (SELECT count(*) FROM articles) AS articles, (SELECT count(*) FROM batches) AS batches,"
                " (SELECT count(*) FROM incident_reports) AS incident_reports"
            )
        made.articles, made.batches = counts["articles"], counts["batches"]
        made.incident_reports = counts["incident_reports"]
        if is_old_discarded and not made.problems:
            for folder in made.old_tables:
                shutil.rmtree(folder, ignore_errors=True)
    return made


def _decided(settings: Settings, old: OldTables, made: Rebuilt) -> list[Row]:
    """What people decided, as the raw store has it under its hash, and what was taken back for it, which only the table tells."""
    rows = old.rows(DECISIONS)
    if rows is None:
        made.problems.append(
            "The table revisions cannot be read, or was changed: the view deletions begins anew. Decisions are kept."
        )
    known = {row["revision_id"]: row for row in rows or []}
    for kept in read_decisions(settings.raw):
        held = known.get(kept["revision_id"], kept | {"batch_id": "rebuild"})
        if without_batch(held) != kept:
            made.problems.append(
                f"The table revisions says something else of the decision {kept['revision_id']} about {kept['entity_id']} than its "
                f"file in {decisions_folder(settings.raw)}: the new lake has what the file says."
            )
        known[kept["revision_id"]] = kept | {"batch_id": held["batch_id"]}
    return [known[key] for key in sorted(known)]


def _begun(lake: Path, extractor: str, decided: list[Row], problems: list[str]) -> str:
    """The generation to fill: the one that a killed rebuild from the same left, with the same product, or a new one."""
    mark = msgspec.json.encode(
        {
            "pipeline_version": __version__,
            "extractor": extractor,
            "decisions": sha256_text(orjson.dumps(decided).decode()),
            "problems": sha256_text(*problems),
        }
    )
    held = held_state(lake)
    numbers = [0]
    for folder in generation_folders(lake):
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


def _fill(
    settings: Settings,
    made: Rebuilt,
    decided: list[Row],
    plan: Plan,
    *,
    extractor: str,
    progress: Callable[[str], None],
) -> None:
    """Publish every batch that is not yet there into the new generation; decisions first, since they hold for all."""
    folder = settings.lake / made.generation
    inner = replace(settings, home=folder / _WORK, lake=folder)
    begun = begin_catalog(folder)
    if decided and DECISIONS not in begun.tables:
        begun = roll_back_uncommitted(folder, begun)
        version = append(folder, DECISIONS, arrow_table(DECISIONS, decided), batch_id="rebuild")
        tables_with = begun.tables | {DECISIONS: version}
        # Before all batches: a later time would be the least that these can have.
        first = min((batch.committed_at for batch in plan.batches), default=None)
        made_with = msgspec.structs.replace(begun, version=begun.version + 1, tables=tables_with)
        write_catalog(folder, sealed(folder, begun, made_with), now=first)
    with Snapshot(folder) as snapshot:
        done = {row["batch_id"] for row in snapshot.rows("SELECT batch_id FROM batches")}
    for number, batch in enumerate(plan.batches, start=1):
        arrival = batch.arrival
        if arrival.batch_id in done:
            continue
        progress(f"rebuild: batch {number:,} of {len(plan.batches):,}, {arrival.batch_id}")
        try:
            _make_batch(batch, settings.raw, inner, made, extractor)
        except ContractError as error:
            made.problems.append(f"Batch {arrival.batch_id} was left out: {error}")


def _make_batch(batch: PlannedBatch, store: Path, inner: Settings, made: Rebuilt, extractor: str) -> None:
    """One batch through the stages, at the times it had."""
    arrival = batch.arrival
    objects = [kept.opened(store) for kept in arrival.objects]
    whole = [raw for raw in objects if is_whole(raw)]
    made.problems += [lost_original(raw) for raw in objects if raw not in whole]
    corrected = [corrected_id(raw.location) for raw in whole]
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
        replays=sorted({*arrival.replays, *(one for one in corrected if one is not None)}),
        advance=advance,
    )
    staged = StagedBatch(inner.staging, arrival.batch_id)
    extraction.extract(
        staged, inner, extractor_name=extractor, now=arrival.kept_at, progress=lambda _line: None
    )
    validation.validate(staged, inner, now=arrival.kept_at)
    publication.publish(staged, inner, now=batch.committed_at)


def _unapplied(folder: Path, decided: list[Row]) -> list[str]:
    """Says which corrected inputs did not come again; their quarantined rows are open."""
    asked = {(row["entity_id"],) for row in decided if row["entity"] == "quarantine"}
    with Snapshot(folder) as snapshot:
        columns = ("quarantine_id", "input_location", "replayed_at")
        rows = snapshot.matching("quarantine", columns, ("quarantine_id",), asked)
    return [
        f"The correction of {row['quarantine_id']} ({row['input_location']}) is left out: nothing tells which original is the "
        "corrected one. It is in quarantine: correct it again."
        for row in sorted(rows, key=lambda row: str(row["quarantine_id"]))
        if row["replayed_at"] is None
    ]


def _fewer(old: OldTables, folder: Path) -> list[str]:
    """Says so where the new tables hold fewer article versions than the old ones, as far as it is known how many these hold."""
    counted = ("count(*) AS n",)
    [held] = old.rows("articles", counted) or [{"n": old.state.rows.get("articles", 0)}]
    [made] = table_rows(folder, read_catalog(folder), "articles", counted) or [{"n": 0}]
    if made["n"] >= held["n"]:
        return []
    return [f"The old lake holds {held['n']:,} article versions, the new one {made['n']:,}."]


def _unread(old: OldTables, folder: Path) -> list[str]:
    """Says so where extraction failed or met a limit over articles that the old lake had read: their rows are not there."""
    new, columns = (
        read_catalog(folder),
        ("article_id", "article_version", "reason_code", "reason", "replayed_at"),
    )
    failed = _failed(table_rows(folder, new, "quarantine", columns))
    if not failed:
        return []
    failed_before = _failed(old.rows("quarantine", columns))
    articles = old.rows("articles", ("version",))
    held = failed.keys() if articles is None else {row["version"] for row in articles}
    fewer = Counter(
        row["article_version"] for row in old.rows("incident_reports", ("article_version",)) or []
    )
    fewer.subtract(
        row["article_version"]
        for row in table_rows(folder, new, "incident_reports", ("article_version",)) or []
    )
    lost = [v for v in sorted(failed) if v in held and (v not in failed_before or fewer[v] > 0)]
    if not lost:
        return []
    first, reports = failed[lost[0]], sum(fewer[version] for version in lost)
    return [
        f"The extraction of {len(lost):,} article versions failed that the old lake had read, {reports:,} reports fewer (the first: "
        f"{first['article_id']}. {first['reason']}). Start again with more memory, or with fewer workers (INCIDENTS_WORKERS)."
    ]


def _failed(rows: list[Row] | None) -> dict[str, Row]:
    """The open rows of article versions that could not be read for want of time or memory, or by a failure."""
    return {
        row["article_version"]: row
        for row in rows or []
        if row["replayed_at"] is None and row["reason_code"] in ("extraction_limit", "extraction_failed")
    }


def _switch(settings: Settings, made: Rebuilt, now: dt.datetime) -> None:
    """Replace the catalog. The caller holds the writer's lock."""
    lake = settings.lake
    held = held_state(lake)
    folder = lake / made.generation
    filled = read_catalog(folder)
    if held is None:
        path = catalog_path(lake)
        if path.is_dir():
            path.replace(path.with_suffix(".folder"))
        elif path.exists():
            shutil.copyfile(path, path.with_suffix(".damaged"))
        remembered = newest_kept(lake)
        made.lost_sources = sorted(filled.sources.keys() - remembered.sources.keys())
        held = Catalog(version=remembered.version, sources=remembered.sources)
    made.version = max(last_version(lake, held), shown_version(settings.database) or 0) + 1
    catalog = msgspec.structs.replace(
        held,
        version=made.version,
        tables=filled.tables,
        rows=filled.rows,
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
            *(other for other in generation_folders(lake) if other != folder),
        )
    )


def _finish(folder: Path) -> None:
    """Clear away what only filling a generation needs."""
    shutil.rmtree(folder / _WORK, ignore_errors=True)
    for path in (catalog_path(folder), folder / ".writer.lock", folder / REBUILD_MARK):
        with suppress(FileNotFoundError):
            path.unlink()
