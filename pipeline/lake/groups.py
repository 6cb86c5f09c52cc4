"""Groups of near duplicates in the database file: worked out from all pairs, or carried over where nothing near has changed.

Since an earlier state of the same lake, a pair of current versions can only have come by way of an added version, gone by
way of a superseded one, or be no pair of neighbours any more because of an added version between the two, which then shares a
band with both and was published within the window of both. So only the groups of these articles are made again; to know who stands
between two articles it is enough to read the months in which the members of these groups were published.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa

from pipeline.errors import LakeError
from pipeline.lake.catalog import Catalog, Operation
from pipeline.lake.counting import (
    UNCOUNTED_TABLE,
    ChangedFiles,
    count_reports,
    keep_counts,
    recount_reports,
)
from pipeline.lake.duplicates import GROUPS_TABLE, PAIRS, SIGNATURES, current_pairs
from pipeline.lake.history import is_kept
from pipeline.lake.snapshot import rows_select, sql_text
from pipeline.lake.store import StoredTable, data_files
from pipeline.lake.supersession import SUPERSEDED
from pipeline.schema.tables import table
from pipeline.text.groups import groups_of_pairs
from pipeline.text.near_duplicates import WINDOW_DAYS

STATE_VIEW = "derived.shown_state"
_EARLIER_GROUPS = f"earlier.{GROUPS_TABLE}"
_MONTHS_AROUND = f"""
SELECT DISTINCT year(moment) * 100 + month(moment) FROM (
  SELECT unnest([published_at - INTERVAL {WINDOW_DAYS} DAY, published_at, published_at + INTERVAL {WINDOW_DAYS} DAY]) AS moment FROM added)
"""
_TOUCHED = f"""
CREATE TEMP TABLE touched AS
SELECT article_id FROM added UNION SELECT article_id FROM gone UNION
SELECT near.article_id
FROM (SELECT article_id, published_at, unnest(band_keys) AS band_key FROM ({{signatures}})) AS near
JOIN (SELECT published_at, unnest(band_keys) AS band_key FROM added) AS came
  ON came.band_key = near.band_key
  AND near.published_at BETWEEN came.published_at - INTERVAL {WINDOW_DAYS} DAY AND came.published_at + INTERVAL {WINDOW_DAYS} DAY
"""
_AFFECTED = f"""
CREATE TEMP TABLE affected AS
SELECT article_id, NULL::INTEGER AS published_month FROM touched UNION
SELECT article_id, published_month FROM {_EARLIER_GROUPS}
SEMI JOIN (SELECT near_duplicate_group FROM {_EARLIER_GROUPS} SEMI JOIN touched USING (article_id)) USING (near_duplicate_group)
"""
_AFFECTED_PAIRS = f"""
SELECT found.* FROM versions.{PAIRS} AS found
SEMI JOIN affected AS one ON one.article_id = found.article_id
SEMI JOIN affected AS two ON two.article_id = found.other_article_id
"""


def state_statement(lake: Path, catalog: Catalog) -> str:
    """The view that says which state of which lake a database file shows."""
    state = msgspec.json.encode(catalog.without_sources()).decode()
    return f"CREATE VIEW {STATE_VIEW} AS SELECT {sql_text(state)} AS catalog, {sql_text(str(lake))} AS lake"


def fill_derived(
    connection: duckdb.DuckDBPyConnection, lake: Path, catalog: Catalog, earlier: Path | None = None
) -> None:
    """Write the groups, and which reports do not count, where the views look them up.

    ``earlier`` is a database file to carry them over from.
    """
    if earlier is None or not _carry_over(connection, lake, catalog, earlier):
        _insert_groups(connection, f"versions.{PAIRS}", f"versions.{SIGNATURES}")
        count_reports(connection)


def _carry_over(connection: duckdb.DuckDBPyConnection, lake: Path, catalog: Catalog, earlier: Path) -> bool:
    """Make the groups from those of an earlier state; false where the file does not show one that tells enough."""
    try:
        connection.execute(f"ATTACH {sql_text(str(earlier))} AS earlier (READ_ONLY)")
    except duckdb.Error:
        return False  # there is none, or it was half-written by another program
    try:
        state = _shown_state(connection, lake)
        if state is None or state.version >= catalog.version or state.generation != catalog.generation:
            return False
        if catalog.operation is Operation.COMPACT and state.version + 1 == catalog.version:
            connection.execute(f"INSERT INTO {GROUPS_TABLE} SELECT * FROM {_EARLIER_GROUPS}")
            keep_counts(connection)
            return True
        new = {name: _new_files(lake, name, state, catalog) for name in (SIGNATURES, SUPERSEDED, PAIRS)}
        reports, revisions = (
            _changed_files(lake, name, state, catalog) for name in ("incident_reports", "revisions")
        )
        if SUPERSEDED not in catalog.tables or reports is None or revisions is None or None in new.values():
            return False
        _update_groups(connection, new[SIGNATURES] or [], new[SUPERSEDED] or [])
        recount_reports(connection, reports, revisions)
        for name in ("added", "gone", "touched", "affected"):
            connection.execute(f"DROP TABLE temp.{name}")
        return True
    finally:
        connection.execute("DETACH earlier")


def _shown_state(connection: duckdb.DuckDBPyConnection, lake: Path) -> Catalog | None:
    """The state of this lake that the attached file shows; ``None`` where it shows another lake's, or does not say."""
    try:
        [(encoded,)] = connection.execute(f"SELECT catalog FROM earlier.{STATE_VIEW}").fetchall()
        connection.execute(f"FROM earlier.{UNCOUNTED_TABLE} LIMIT 0")  # an older product's file lacks it
    except duckdb.Error:
        return None
    shown = msgspec.json.decode(encoded, type=Catalog)
    return shown if shown.committed_at is not None and is_kept(lake, shown) else None


def _new_files(lake: Path, name: str, earlier: Catalog, catalog: Catalog) -> list[str] | None:
    """Files a table has got since; ``None`` where it has lost some, so that the new ones do not tell what is new."""
    try:
        before, after = (set(data_files(lake, name, state)) for state in (earlier, catalog))
    except LakeError:
        return None  # the table was lost and made anew since
    return sorted(after - before) if before <= after else None


def _changed_files(lake: Path, name: str, earlier: Catalog, catalog: Catalog) -> ChangedFiles | None:
    """Files that a table has got or lost since; ``None`` where they do not tell what changed."""
    try:
        before, after = (set(data_files(lake, name, state)) for state in (earlier, catalog))
    except LakeError:
        return None  # the table was lost and made anew since
    changed = sorted(before ^ after)
    return (
        ChangedFiles(changed, sorted(after - before))
        if all(Path(file).exists() for file in changed)
        else None
    )


def _update_groups(connection: duckdb.DuckDBPyConnection, signed: list[str], superseded: list[str]) -> None:
    """Carry over the groups but for those that an added or superseded version may have changed, and make these again."""
    for name, source, files in (("added", SIGNATURES, signed), ("gone", SUPERSEDED, superseded)):
        connection.execute(
            f"CREATE TEMP TABLE {name} AS {rows_select(table(source), StoredTable(tuple(files)))}"
        )
    months = {month for (month,) in connection.execute(_MONTHS_AROUND).fetchall()}
    connection.execute(_TOUCHED.format(signatures=_signatures_of(months)))
    connection.execute(_AFFECTED)
    connection.execute(
        f"INSERT INTO {GROUPS_TABLE} SELECT * FROM {_EARLIER_GROUPS} ANTI JOIN affected USING (article_id)"
    )
    found = connection.execute("SELECT DISTINCT published_month FROM affected").fetchall()
    months |= {month for (month,) in found if month is not None}
    _insert_groups(connection, f"({_AFFECTED_PAIRS})", f"({_signatures_of(months)})")


def _signatures_of(months: Iterable[int]) -> str:
    """Signatures of versions published in the months; other partitions are not read."""
    listed = ", ".join(map(str, sorted(months))) or "NULL"
    return f"SELECT * FROM versions.{SIGNATURES} WHERE published_month IN ({listed})"


def _insert_groups(connection: duckdb.DuckDBPyConnection, pairs: str, signatures: str) -> None:
    """Work out the groups of the pairs and add them."""
    shown = current_pairs(pairs, signatures)
    edges = connection.execute(f"SELECT article_id, other_article_id FROM ({shown})").fetchall()
    groups = groups_of_pairs(edges)
    columns = {"article_id": list(groups), "near_duplicate_group": list(groups.values())}
    connection.register("found_groups", pa.table(columns, schema=_GROUPS_SCHEMA))
    connection.execute(
        f"INSERT INTO {GROUPS_TABLE} SELECT article_id, near_duplicate_group, published_month, version, published_at FROM found_groups "
        f"JOIN (SELECT * FROM {signatures} AS kept ANTI JOIN versions.{SUPERSEDED} USING (article_id, version)) "
        "USING (article_id) ORDER BY article_id"
    )
    connection.unregister("found_groups")


_GROUPS_SCHEMA = pa.schema([("article_id", pa.string()), ("near_duplicate_group", pa.string())])
