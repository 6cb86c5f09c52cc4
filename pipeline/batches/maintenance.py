"""Upkeep of the lake: compaction after publishing and on demand, and vacuum. Rows and answers stay the same."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.config import Settings
from pipeline.lake import compaction, vacuum
from pipeline.lake.catalog import read_catalog, writer_lock
from pipeline.lake.history import kept_versions
from pipeline.lake.store import roll_back_uncommitted
from pipeline.lake.views import check_catalog, refresh_database

LOG = logging.getLogger(__name__)
RETAINED = dt.timedelta(days=30)
"""How long states are kept where nothing else is said."""


@dataclass(frozen=True)
class Vacuumed:
    """What a vacuum has taken away, and what is left to ask."""

    states_forgotten: int
    files_deleted: int
    bytes_freed: int
    oldest_state: int | None


def compact_lake(
    settings: Settings, *, at_least: int = 1, now: dt.datetime | None = None
) -> Mapping[str, int]:
    """Write small files together, table by table, where that takes ``at_least`` so many away; by table how many fewer."""
    with writer_lock(settings.lake):
        catalog = read_catalog(settings.lake)
        check_catalog(settings.database, settings.lake, catalog)
        catalog = roll_back_uncommitted(settings.lake, catalog)
        _, fewer = compaction.compact(settings.lake, catalog, at_least=at_least, now=now)
        refresh_database(settings.database, settings.lake)
    return fewer


def compact_where_due(settings: Settings, *, now: dt.datetime | None = None) -> None:
    """Compact after a publish at the time ``now``, every few commits. A failure is told in the log: the batch is published all the same."""
    if read_catalog(settings.lake).version % compaction.COMMITS_BETWEEN_LOOKS:
        return
    try:
        compact_lake(settings, at_least=compaction.MAX_SMALL_FILES, now=now)
    except Exception as error:  # whatever it is, no batch may fail by it
        LOG.warning("The lake %s could not be compacted: %s", settings.lake, error)


def vacuum_lake(settings: Settings, *, retain: dt.timedelta = RETAINED) -> Vacuumed:
    """Forget what was superseded longer ago than ``retain``, and delete the files that nothing kept needs.

    A reader that has held a state for longer than that may find files gone.
    """
    lake = settings.lake
    with writer_lock(lake):
        catalog = read_catalog(lake)
        if not catalog.version:
            return Vacuumed(0, 0, 0, None)
        check_catalog(settings.database, lake, catalog)
        roll_back_uncommitted(lake, catalog)
        refresh_database(settings.database, lake)
        forgotten = vacuum.forget_states(lake, dt.datetime.now(dt.UTC) - retain)
        left_over = settings.database.parent.glob(f".{settings.database.name}.*.tmp")
        count, size = vacuum.delete_files([*vacuum.unneeded_files(lake), *left_over])
        return Vacuumed(forgotten, count, size, kept_versions(lake)[0])
