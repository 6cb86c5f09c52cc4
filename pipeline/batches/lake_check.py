"""The whole check of a lake: catalog, tables, ledger, database and kept originals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from pipeline.batches.decisions import decisions_folder, kept_decisions, unkept_decisions
from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.lake.catalog import Catalog, catalog_path, read_catalog, writer_lock
from pipeline.lake.check import Damage, ReadFile, check_content, check_tables
from pipeline.lake.history import AHEAD_REMEDY, ahead_of_clock, check_not_set_back, damaged_copies
from pipeline.lake.snapshot import table_rows
from pipeline.lake.views import read_shown
from pipeline.quality.ledger import balances, filled
from pipeline.sources.arrival_records import read_arrivals
from pipeline.sources.raw import file_hash, raw_path

_DELIVER = "Restore it from a backup, or deliver the file again: the rows read from it stay."
_DECISION = "What is said there: a rebuild stops at it, for the decision would be lost."
_FILES_BETWEEN_LINES = 500
_TRIES = 3


@dataclass
class Checked:
    """What was looked at, and what is damaged."""

    version: int = 0
    tables: int = 0
    files: int = 0
    files_without_checksum: int = 0
    """Files of before hashes were kept: whether a value in them was changed cannot be told."""
    rows: int = 0
    originals: int = 0
    damages: list[Damage] = field(default_factory=list)


def check_lake(
    settings: Settings, *, is_raw_read: bool = False, progress: Callable[[str], None] = lambda _line: None
) -> Checked:
    """Look the whole lake through; what is damaged is told, never raised.

    Where the lake has moved on meanwhile, files that are gone may be those of a state that was forgotten: it is checked again.
    """
    for _ in range(_TRIES):
        checked = _check_state(settings, is_raw_read=is_raw_read, progress=progress)
        with suppress(LakeError):
            if checked.damages and read_catalog(settings.lake).version != checked.version:
                progress("check: the lake has moved on: again")
                continue
        break
    return checked


def _check_state(settings: Settings, *, is_raw_read: bool, progress: Callable[[str], None]) -> Checked:
    checked = Checked()
    try:
        catalog = read_catalog(settings.lake)
    except LakeError as error:
        checked.damages.append(Damage("", str(catalog_path(settings.lake)), str(error)))
        return checked
    checked.version, checked.tables = catalog.version, len(catalog.tables)
    for found in check_tables(settings.lake, catalog):
        if isinstance(found, ReadFile):
            checked.files, checked.rows = checked.files + 1, checked.rows + found.rows
            checked.files_without_checksum += not found.is_compared
            if checked.files % _FILES_BETWEEN_LINES == 0:
                progress(f"check: {checked.files:,} files, {checked.rows:,} rows")
        else:
            checked.damages.append(found)
    if not checked.damages:
        progress("check: comparing the tables")
        checked.damages += check_content(settings.lake, catalog)
        checked.damages += _balances(settings, catalog)
    checked.damages += _history(settings)
    checked.damages += _database(settings)
    checked.damages += _times(settings, catalog)
    _originals(settings, catalog, checked, is_raw_read)
    return checked


def _balances(settings: Settings, catalog: Catalog) -> Iterator[Damage]:
    rows = table_rows(settings.lake, catalog, "batches")
    if rows is None:
        yield Damage("batches", str(settings.lake), "the table cannot be read")
    for batch in sorted(rows or [], key=lambda row: str(row["batch_id"])):
        for sentence, left, right in balances(filled(batch)):
            if left != right:
                damage = (
                    f"the ledger of {batch['batch_id']} does not hold: {sentence} ({left:,} and {right:,})"
                )
                yield Damage("batches", str(settings.lake), damage)


def _times(settings: Settings, catalog: Catalog) -> Iterator[Damage]:
    told = ahead_of_clock(catalog, dt.datetime.now(dt.UTC))
    if told is not None:
        yield Damage("", str(catalog_path(settings.lake)), told, AHEAD_REMEDY)


def _history(settings: Settings) -> Iterator[Damage]:
    for path, damage in damaged_copies(settings.lake).items():
        remedy = "`incidents lake vacuum` takes it away: that state cannot be asked any more."
        yield Damage("", str(path), damage, remedy)


def _database(settings: Settings) -> Iterator[Damage]:
    """Does the database show the catalog, and is this the last one that was committed?"""
    database, lake = settings.database, settings.lake
    if database.is_dir():
        remedy = "Remove it; the next run makes the database."
        yield Damage("", str(database), "the database is a folder", remedy)
        return
    with ExitStack() as held:
        # A writer replaces the database after the catalog: who has its place finds both as it leaves them.
        with suppress(LakeError):  # where nothing can be written, nobody writes
            held.enter_context(writer_lock(lake))
        catalog, shown = read_catalog(lake), read_shown(database)
        try:
            check_not_set_back(lake, catalog, shown.catalog if shown else None)
        except LakeError as error:
            yield Damage("", str(catalog_path(lake)), str(error), "")
            return
    if catalog.version and (shown is None or not shown.is_of(lake, catalog)):
        state = (
            "is missing or no database"
            if shown is None
            else f"shows state {shown.catalog.version}, the catalog is at {catalog.version}"
            if shown.catalog.version != catalog.version
            else f"does not show this state of the lake in {lake}"
        )
        remedy = "The next run makes it again, and so does `incidents lake compact`."
        yield Damage("", str(database), f"the database {state}", remedy)


def _originals(settings: Settings, catalog: Catalog, checked: Checked, is_raw_read: bool) -> None:
    """Are the originals of all articles kept, and whole?"""
    for name in ("articles", "quarantine"):
        rows = table_rows(settings.lake, catalog, name, ("DISTINCT raw_sha256",)) or []
        for sha256 in sorted(row["raw_sha256"] for row in rows if row["raw_sha256"] is not None):
            path = raw_path(settings.raw, sha256)
            checked.originals += 1
            try:
                if not path.is_file():
                    checked.damages.append(Damage(name, str(path), "the kept original is gone", _DELIVER))
                elif is_raw_read and file_hash(path) != sha256:
                    checked.damages.append(
                        Damage(name, str(path), "the kept original has another hash", _DELIVER)
                    )
            except OSError as error:
                checked.damages.append(
                    Damage(name, str(path), f"the kept original cannot be read: {error}", _DELIVER)
                )
    rows = table_rows(settings.lake, catalog, "revisions") or []
    for kept in kept_decisions(settings.raw):
        if isinstance(kept, LakeError):
            checked.damages.append(Damage("", str(decisions_folder(settings.raw)), str(kept), _DECISION))
    for row in unkept_decisions(rows, settings.raw):
        damage = f"the decision {row['revision_id']} of the table revisions has no file that says the same"
        remedy = "`incidents lake rebuild` writes it again; where there is one that says something else, that one holds then."
        checked.damages.append(Damage("revisions", str(decisions_folder(settings.raw)), damage, remedy))
    for record in read_arrivals(settings.raw):
        if isinstance(record, LakeError):
            remedy = "Restore it from a backup; it is needed only to make the lake again."
            checked.damages.append(Damage("", str(settings.raw), str(record), remedy))
