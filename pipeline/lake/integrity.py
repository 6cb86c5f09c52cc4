"""What must hold among the rows of a lake, as SQL: keys once, no value that is required absent, references whole, words verbatim."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.lake.snapshot import Snapshot
from pipeline.lake.supersession import SUPERSEDED, misjudged_select
from pipeline.schema.tables import Table, tables

_OF_ARTICLES = ("article_id", "article_version")
REFERENCES: tuple[tuple[str, tuple[str, ...], str, tuple[str, ...]], ...] = (
    ("incident_reports", _OF_ARTICLES, "articles", ("article_id", "version")),
    ("aggregate_claims", _OF_ARTICLES, "articles", ("article_id", "version")),
    ("casualty_figures", _OF_ARTICLES, "articles", ("article_id", "version")),
    ("casualty_figures", ("report_id",), "incident_reports", ("report_id",)),
    ("casualty_figures", ("claim_id",), "aggregate_claims", ("claim_id",)),
    ("responsibility_claims", _OF_ARTICLES, "articles", ("article_id", "version")),
    ("responsibility_claims", ("report_id",), "incident_reports", ("report_id",)),
    ("article_signatures", ("article_id", "version"), "articles", ("article_id", "version")),
    ("near_duplicates", ("article_id", "version"), "articles", ("article_id", "version")),
    ("near_duplicates", ("other_article_id", "other_version"), "articles", ("article_id", "version")),
    ("quality_results", ("batch_id",), "batches", ("batch_id",)),
)
"""Table, its columns, and the table and columns where their values must stand; NULL refers to nothing."""
_QUOTED = ("incident_reports", "aggregate_claims", "responsibility_claims")
_REPLACED = """
SELECT batch_id FROM reprocessed_versions UNION
SELECT batch_id FROM articles AS a SEMI JOIN reprocessed_versions AS r ON r.article_id = a.article_id AND r.article_version = a.version
"""
"""Batches whose rows were replaced since, when their articles were read again, and those that did so."""
_COUNTED = ("articles", "incident_reports", "aggregate_claims", "casualty_figures", "responsibility_claims")
"""Tables whose rows the ledger counts as accepted."""


def broken_rules(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Table and sentence of each rule that does not hold."""
    for spec in tables().values():
        yield from _keys(snapshot, spec)
        yield from _required(snapshot, spec)
    for name, columns, other, other_columns in REFERENCES:
        condition = " AND ".join(
            f'kept."{own}" = held."{its}"' for own, its in zip(columns, other_columns, strict=True)
        )
        given = " AND ".join(f'"{own}" IS NOT NULL' for own in columns)
        query = f'SELECT "{columns[0]}" AS found FROM {name} AS kept ANTI JOIN {other} AS held ON {condition} WHERE {given}'
        yield from _told(snapshot, name, query, f"rows refer to no row of {other} by {' and '.join(columns)}")
    yield from _verbatim(snapshot)
    yield from _ledger(snapshot)
    if SUPERSEDED in snapshot.catalog.tables:
        judged = f"SELECT version AS found FROM ({misjudged_select('articles')})"
        yield from _told(
            snapshot, SUPERSEDED, judged, "versions are superseded here or by the articles, but not by both"
        )


def _told(snapshot: Snapshot, name: str, query: str, what: str) -> Iterator[tuple[str, str]]:
    [counted] = snapshot.rows(f"SELECT count(*) AS n, min(found::VARCHAR) AS first FROM ({query})")
    if counted["n"]:
        yield name, f"{counted['n']:,} {what} (the first: {counted['first']})"


def _keys(snapshot: Snapshot, spec: Table) -> Iterator[tuple[str, str]]:
    key = ", ".join(f'"{column}"' for column in spec.key)
    query = f'SELECT any_value("{spec.key[0]}") AS found FROM {spec.name} GROUP BY {key} HAVING count(*) > 1'
    yield from _told(snapshot, spec.name, query, f"keys ({', '.join(spec.key)}) stand there more than once")


def _required(snapshot: Snapshot, spec: Table) -> Iterator[tuple[str, str]]:
    """Rows without a required value. Rows of before a column was added have none of it: a table that has grown is asked for its keys."""
    names = [c.name for c in spec.columns if c.required] if snapshot.is_uniform(spec.name) else spec.key
    absent = [f'count(*) FILTER ("{name}" IS NULL) AS "{name}"' for name in names]
    [counted] = snapshot.rows(f"SELECT {', '.join(absent)} FROM {spec.name}")
    for column, n in counted.items():
        if n:
            yield spec.name, f"{n:,} rows have no {column}"


def _verbatim(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    joined = "JOIN articles AS a ON a.article_id = r.article_id AND a.version = r.article_version"
    for name in _QUOTED:
        query = (
            f"SELECT r.article_id AS found FROM (SELECT article_id, article_version, unnest(evidence) AS e FROM {name}) AS r {joined} "
            'WHERE substring(a.text, e."start" + 1, e."end" - e."start") IS DISTINCT FROM e.quote'
        )
        yield from _told(snapshot, name, query, "quotes do not stand in the article at their offsets")
    query = (
        f"SELECT r.figure_id AS found FROM casualty_figures AS r {joined} "
        'WHERE substring(a.text, r."start" + 1, r."end" - r."start") IS DISTINCT FROM r.words'
    )
    yield from _told(snapshot, "casualty_figures", query, "figures' words do not stand in the article")


def _ledger(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Rows that the tables hold of each batch, against what its ledger says was accepted."""
    held = " UNION ALL ".join(f"SELECT batch_id, '{name}' AS name FROM {name}" for name in _COUNTED)
    counted = (
        "SELECT batch_id, count(*) AS rows, count(*) FILTER (name = 'incident_reports') AS reports, "
        f"count(*) FILTER (name = 'articles') AS articles FROM ({held}) GROUP BY batch_id"
    )
    query = f"""
        SELECT coalesce(told.batch_id, held.batch_id) AS batch_id, told.batch_id IS NULL AS is_unknown,
               coalesce(rows_accepted, 0) AS rows_told, coalesce(rows, 0) AS rows_held,
               coalesce(reports_accepted, 0) AS reports_told, coalesce(reports, 0) AS reports_held
        FROM batches AS told FULL JOIN ({counted}) AS held ON told.batch_id = held.batch_id
        WHERE told.batch_id IS NULL OR ((rows_told <> rows_held OR reports_told <> reports_held) AND told.batch_id NOT IN ({_REPLACED}))
        ORDER BY batch_id
    """
    for row in snapshot.rows(query):
        if row["is_unknown"]:
            yield (
                "batches",
                f"{row['rows_held']:,} rows are of the batch {row['batch_id']}, which is not in the ledger",
            )
            continue
        yield (
            "batches",
            f"the ledger of {row['batch_id']} counts {row['rows_told']:,} rows and {row['reports_told']:,} incident reports, "
            f"the tables hold {row['rows_held']:,} and {row['reports_held']:,}",
        )
