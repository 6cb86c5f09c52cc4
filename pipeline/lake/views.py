"""``incidents.duckdb``: views over the visible Parquet files, replaced atomically after each commit.

The main schema shows each article in its current version (the latest publication time; of two versions of one
time the one with the smaller key) with the rows read from it; the schema ``versions`` shows every version. The one table of the
file tells the groups of near duplicates, which only the lake as a whole can tell.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipeline.errors import LakeError
from pipeline.files import replacing
from pipeline.lake.catalog import REMEDY, Catalog, read_catalog
from pipeline.lake.duplicates import CURRENT_ARTICLES, CURRENT_PAIRS, GROUPS_TABLE, fill_groups
from pipeline.lake.snapshot import DAMAGE, rows_select, sql_text
from pipeline.lake.store import data_files
from pipeline.schema import handwritten_views
from pipeline.schema.tables import Table, tables

STORAGE_VERSION = "v1.0.0"
"""File format that every DuckDB client from 1.0 on can open."""


def _current_select(spec: Table) -> str:
    """What the main schema shows of a table."""
    if spec.name == "articles":
        return (
            f"SELECT shown.*, coalesce(near_duplicate_group, article_id) AS near_duplicate_group FROM ({CURRENT_ARTICLES}) AS shown "
            f"LEFT JOIN {GROUPS_TABLE} USING (article_id)"
        )
    if spec.name == "near_duplicates":
        return CURRENT_PAIRS
    if "article_version" not in {c.name for c in spec.columns} or spec.name == "quarantine":
        return f'SELECT * FROM versions."{spec.name}"'
    condition = "shown.article_id = kept.article_id AND shown.version = kept.article_version"
    return (
        f'SELECT kept.* FROM versions."{spec.name}" AS kept SEMI JOIN main.articles AS shown ON {condition}'
    )


def view_statements(lake: Path, catalog: Catalog) -> list[str]:
    """The statements that make the views of one visible state, and the table of groups, empty."""
    statements = ["CREATE SCHEMA versions", "CREATE SCHEMA derived"]
    statements.append(f"CREATE TABLE {GROUPS_TABLE} (article_id VARCHAR, near_duplicate_group VARCHAR)")
    ordered = sorted(tables().values(), key=lambda spec: spec.name != "articles")
    for spec in ordered:
        select = rows_select(spec, data_files(lake, spec.name, catalog))
        statements.append(f'CREATE VIEW versions."{spec.name}" AS {select}')
    for spec in ordered:
        statements.append(f'CREATE VIEW main."{spec.name}" AS {_current_select(spec)}')
        statements.append(f'COMMENT ON VIEW main."{spec.name}" IS {sql_text(spec.description)}')
    statements += handwritten_views.view_statements()
    state = f"SELECT {catalog.version} AS version, {sql_text(catalog.batch_id or '')} AS batch_id"
    return [*statements, f"CREATE VIEW main.catalog_version AS {state}"]


def write_database(database: Path, lake: Path, catalog: Catalog) -> None:
    """Replace ``database`` by one that shows ``catalog``.

    Raises:
        LakeError: the database cannot be written, or a file of the lake cannot be read; the old one stays.
    """
    with replacing(database) as staged:
        staged.unlink()
        connection = duckdb.connect()
        try:
            connection.execute(
                f"ATTACH {sql_text(str(staged))} AS views_file (STORAGE_VERSION {sql_text(STORAGE_VERSION)})"
            )
            connection.execute("USE views_file")
            for statement in view_statements(lake, catalog):
                connection.execute(statement)
            fill_groups(connection)
            connection.execute("USE memory")
            connection.execute("DETACH views_file")
        except DAMAGE as error:
            told = " ".join(str(error).split()).rstrip(".")
            raise LakeError(
                f"The database {database} cannot be made: {told}. Free space; where a file of the lake is named: {REMEDY}"
            ) from error
        finally:
            connection.close()


def shown_version(database: Path) -> int | None:
    """The catalog version a database file shows; ``None`` where there is no usable file."""
    if not database.exists():
        return None
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            row = connection.execute("SELECT version FROM catalog_version").fetchone()
    except duckdb.Error:
        return None  # half-written by another program, or of a foreign origin: it is made anew
    return int(row[0]) if row else None


def refresh_database(database: Path, lake: Path) -> None:
    """Bring the database up to the catalog, where a run died between the two."""
    catalog = read_catalog(lake)
    if shown_version(database) != catalog.version:
        write_database(database, lake, catalog)
