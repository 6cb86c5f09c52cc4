"""``incidents.duckdb``: views over the visible Parquet files, replaced atomically after each commit.

The main schema shows each article in its current version (the latest publication time, then the last
modified; of two versions of one time the one with the smaller key) with the rows read from it; the schema ``versions`` shows every version. The tables of the
file tell the groups of near duplicates and which of their articles do not count, which only the lake as a whole can tell.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import duckdb
import msgspec

from pipeline.errors import LakeError, PipelineError
from pipeline.files import AS_OF_SCRATCH, replacing, scratch_folder
from pipeline.lake.catalog import REMEDY, Catalog, read_catalog
from pipeline.lake.counting import UNCOUNTED_TABLE
from pipeline.lake.database import open_database
from pipeline.lake.duplicates import GROUPS_TABLE, PAIRS, SIGNATURES, current_pairs
from pipeline.lake.groups import STATE_VIEW, fill_derived, state_statement
from pipeline.lake.history import check_not_set_back, state, state_as_of
from pipeline.lake.snapshot import rows_select, sql_text
from pipeline.lake.store import stored_table
from pipeline.lake.supersession import SUPERSEDED, superseded_select
from pipeline.schema import handwritten_views
from pipeline.schema.tables import Table, tables

LOG = logging.getLogger(__name__)
_OF_ALL_VERSIONS = {"quarantine", "revisions", "reprocessed_versions"}
"""Tables that tell of article versions and show all of them."""
STORAGE_VERSION = "v1.0.0"
"""File format that every DuckDB client from 1.0 on can open."""


_UNSUPERSEDED = f"NOT IN (SELECT version FROM versions.{SUPERSEDED})"
"""A version's key is made from its article's too, so it tells enough, and a question reads one column less. Not an anti-join: DuckDB
turns that round, and keeps all rows that a question is about in memory, where it takes them for fewer than those superseded."""


def _current_select(spec: Table) -> str:
    """What the main schema shows of a table."""
    if spec.name == "articles":
        return (
            "SELECT kept.*, coalesce(near_duplicate_group, article_id) AS near_duplicate_group "
            f"FROM (SELECT * FROM versions.articles WHERE version {_UNSUPERSEDED}) AS kept "
            f"LEFT JOIN (SELECT article_id, near_duplicate_group FROM {GROUPS_TABLE}) USING (article_id)"
        )
    if spec.name == PAIRS:
        return current_pairs()
    if "article_version" not in {c.name for c in spec.columns} or spec.name in _OF_ALL_VERSIONS:
        return f'SELECT * FROM versions."{spec.name}"'
    return f'SELECT * FROM versions."{spec.name}" WHERE article_version {_UNSUPERSEDED}'


def _stored_select(spec: Table, lake: Path, catalog: Catalog) -> str:
    """All rows of a table; the superseded versions of a state of before they were kept follow from its articles."""
    if spec.name == SUPERSEDED and SUPERSEDED not in catalog.tables:
        return superseded_select("versions.articles")
    return rows_select(spec, stored_table(lake, spec.name, catalog))


def view_statements(lake: Path, catalog: Catalog) -> list[str]:
    """The statements that make the views of one visible state, and the tables of groups and copies, empty."""
    statements = ["CREATE SCHEMA versions", "CREATE SCHEMA derived"]
    statements += [
        f"CREATE TABLE {GROUPS_TABLE} (article_id VARCHAR, near_duplicate_group VARCHAR, published_month INTEGER, version VARCHAR, published_at TIMESTAMPTZ)",
        f"CREATE TABLE {UNCOUNTED_TABLE} (article_id VARCHAR, report_id VARCHAR, counted_report_id VARCHAR)",
    ]
    statements.append(state_statement(lake, catalog))
    ordered = sorted(tables().values(), key=lambda spec: spec.name != "articles")
    for spec in ordered:
        select = _stored_select(spec, lake, catalog)
        statements.append(f'CREATE VIEW versions."{spec.name}" AS {select}')
    for spec in ordered:
        statements.append(f'CREATE VIEW main."{spec.name}" AS {_current_select(spec)}')
        statements.append(f'COMMENT ON VIEW main."{spec.name}" IS {sql_text(spec.description)}')
        statements += [
            f'COMMENT ON COLUMN main."{spec.name}"."{column.name}" IS {sql_text(column.description)}'
            for column in (*spec.columns, *spec.view_columns)
        ]
    statements += handwritten_views.view_statements()
    state = (
        f"SELECT {catalog.version} AS version, {sql_text(catalog.batch_id or '')} AS batch_id, "
        f"{sql_text(catalog.generation)} AS generation"
    )
    statements.append(f"CREATE VIEW main.catalog_version AS {state}")
    statements.append(
        "COMMENT ON VIEW main.catalog_version IS 'The state of the lake that this file shows, the batch that made it, and the generation of its tables: another after each rebuild.'"
    )
    return statements


def make_views(
    connection: duckdb.DuckDBPyConnection, lake: Path, catalog: Catalog, earlier: Path | None = None
) -> None:
    """Make the views of a state, and its derived tables, in the connection's database: a file, or memory.

    ``earlier`` is a database file to carry these over from, where it shows an earlier state of the lake.
    """
    connection.execute("BEGIN")  # one write to the disk, not one a statement
    for statement in view_statements(lake, catalog):
        connection.execute(statement)
    connection.execute("COMMIT")
    fill_derived(connection, lake, catalog, earlier)


def write_database(database: Path, lake: Path, catalog: Catalog) -> None:
    """Replace ``database`` by one that shows ``catalog``.

    Raises:
        LakeError: the database cannot be written, or a file of the lake cannot be read; the old one stays.
    """
    with replacing(database) as staged:
        staged.unlink()
        connection = duckdb.connect()
        try:
            connection.execute("SET TimeZone = 'UTC'")
            # Each view that is made binds those below it anew, down to the files.
            connection.execute("SET parquet_metadata_cache = true")
            connection.execute(
                f"ATTACH {sql_text(str(staged))} AS views_file (STORAGE_VERSION {sql_text(STORAGE_VERSION)})"
            )
            connection.execute("USE views_file")
            make_views(connection, lake, catalog, database if database.exists() else None)
            connection.execute("USE memory")
            connection.execute("DETACH views_file")
        except duckdb.Error as error:
            told = " ".join(str(error).split()).rstrip(".")
            raise LakeError(
                f"The database {database} cannot be made: {told}. Free space; where a file of the lake is named: {REMEDY}"
            ) from error
        finally:
            connection.close()


@contextmanager
def database_as_of(lake: Path, asked: str) -> Iterator[Path]:
    """A database that shows an earlier state, as long as the context lasts; ``asked`` as in ``history.state_as_of``.

    Raises:
        LakeError: the state is not kept.
    """
    catalog = state_as_of(lake, asked)
    if catalog.tables and SIGNATURES not in catalog.tables:
        LOG.warning(
            "The state %s has no near duplicates: they were lost and made again since, or an older product made the state. "
            "Each of its articles is a group of its own.",
            catalog.version,
        )
    with scratch_folder(AS_OF_SCRATCH) as folder:
        database = folder / f"state-{catalog.version}.duckdb"
        try:
            write_database(database, lake, catalog)
            yield database
        except PipelineError:
            state(lake, catalog.version)  # where it was forgotten meanwhile, that is told
            raise


class Shown(NamedTuple):
    """What a database file shows: a state, without its sources, of the lake in a folder."""

    catalog: Catalog
    lake: str

    def is_of(self, lake: Path, catalog: Catalog) -> bool:
        """Whether it is this very state, from the files of this folder."""
        return self == (catalog.without_sources(), str(lake))


def read_shown(database: Path) -> Shown | None:
    """What a database file shows; ``None`` where there is no usable file."""
    if not database.exists():
        return None
    try:
        with open_database(database) as connection:
            [(encoded, lake)] = connection.execute(f"SELECT catalog, lake FROM {STATE_VIEW}").fetchall()
    except duckdb.Error:
        return None  # half-written by another program, of a foreign origin, or an older product's: it is made anew
    return Shown(msgspec.json.decode(encoded, type=Catalog), str(lake))


def shown_version(database: Path) -> int | None:
    """The catalog version a database file shows; ``None`` where there is no usable file."""
    shown = read_shown(database)
    return shown.catalog.version if shown else None


def check_catalog(database: Path, lake: Path, catalog: Catalog) -> None:
    """Refuse to go on from a catalog that is not the last one that was committed; see ``history.check_not_set_back``."""
    shown = read_shown(database)
    check_not_set_back(lake, catalog, shown.catalog if shown else None)


def refresh_database(database: Path, lake: Path) -> None:
    """Bring the database up to the catalog, where a run died between the two or the lake was moved."""
    catalog = read_catalog(lake)
    shown = read_shown(database)
    if shown is not None and shown.is_of(lake, catalog):
        return
    try:
        write_database(database, lake, catalog)
    except LakeError as error:
        raise LakeError(
            f"{error} The state {catalog.version} of the lake is committed all the same: `incidents lake compact` makes the database "
            "that shows it, and so does the next run."
        ) from error
