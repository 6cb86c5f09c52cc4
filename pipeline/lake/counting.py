"""Which reports do not count, kept in the database file: a question reads one column to leave them out, and works nothing out.

They are those of superseded versions, and those that a copy tells too. The latter follow from the groups of copies, from what their
articles tell, and from what people have decided about it: a later state changes them only in groups that were made again, or that
hold an article whose reports or decisions came, changed or went.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

import duckdb
import orjson
import pyarrow as pa

from pipeline.lake.duplicates import GROUPS_TABLE
from pipeline.lake.snapshot import sql_text
from pipeline.lake.stories import Told, told, uncounted

UNCOUNTED_TABLE = "derived.uncounted_reports"
_EARLIER = f"earlier.{UNCOUNTED_TABLE}"
_FIELDS = (
    "report_id", "country_code", "date_start", "date_precision", "place_name", "admin1_name", "latitude", "geo_precision",
    "fatalities_best", "fatalities_low", "fatalities_high", "event_type",
)  # fmt: skip
_DECIDED = """
SELECT article_version, entity_id,
       list(struct_pack(field := field, value := old_value) ORDER BY decided_at DESC, revision_id DESC) FILTER (WHERE action = 'correct') AS corrected,
       arg_max(action, (decided_at, revision_id)) FILTER (WHERE action IN ('retract', 'restore')) = 'retract' AS is_retracted,
       arg_max(old_value, (decided_at, revision_id)) FILTER (WHERE action = 'retract') AS retracted_report
FROM versions.revisions WHERE entity = 'incident_reports' GROUP BY article_version, entity_id
"""
_SHOWN = f"""
SELECT near_duplicate_group, copy.article_id, epoch_us(copy.published_at), corrected, {", ".join(_FIELDS)}
FROM {{groups}} AS copy
JOIN main.incident_reports AS report ON report.article_version = copy.version AND report.status = 'actual'
LEFT JOIN ({_DECIDED}) AS decided ON decided.entity_id = report.report_id ORDER BY near_duplicate_group
"""
_RETRACTED = f"""
SELECT near_duplicate_group, copy.article_id, epoch_us(copy.published_at), corrected, retracted_report
FROM {{groups}} AS copy JOIN ({_DECIDED}) AS decided ON decided.article_version = copy.version
WHERE is_retracted AND retracted_report IS NOT NULL
"""
_RECOUNTED = f"""
CREATE TEMP TABLE recounted AS
SELECT * FROM {GROUPS_TABLE} SEMI JOIN (
  SELECT near_duplicate_group FROM {GROUPS_TABLE} SEMI JOIN ({{changed}}) USING (article_id)
) USING (near_duplicate_group)
"""
_SUPERSEDED = """
SELECT article_id, report_id, NULL AS counted_report_id FROM {reports} WHERE article_version IN (SELECT version FROM {versions})
"""
_ROWS_AT_ONCE = 10_000


class ChangedFiles(NamedTuple):
    """Files that a table has got or lost since an earlier state, and those of them that it has got."""

    files: list[str]
    added: list[str]


def count_reports(connection: duckdb.DuckDBPyConnection) -> None:
    """Find all reports that do not count."""
    _count_copies(connection, GROUPS_TABLE)
    connection.execute(
        f"INSERT INTO {UNCOUNTED_TABLE} "
        + _SUPERSEDED.format(reports="versions.incident_reports", versions="versions.superseded_versions")
    )


def _count_copies(connection: duckdb.DuckDBPyConnection, groups: str) -> None:
    left_out = [
        (report.article_id, report.report_id, counts.report_id)
        for story in _stories(connection, groups)
        for report, counts in uncounted(story)
    ]
    columns = zip(*left_out, strict=True) if left_out else ([], [], [])
    connection.register("left_out", pa.table([pa.array(column, pa.string()) for column in columns], _NAMES))
    connection.execute(f"INSERT INTO {UNCOUNTED_TABLE} FROM left_out ORDER BY article_id, report_id")
    connection.unregister("left_out")


_NAMES = ["article_id", "report_id", "counted_report_id"]


def _stories(connection: duckdb.DuckDBPyConnection, groups: str) -> Iterator[list[Told]]:
    """What the copies of each group tell, retracted reports included."""
    retracted: dict[str, list[Told]] = {}
    for group, article_id, published_at, corrected, kept in connection.execute(
        _RETRACTED.format(groups=groups)
    ).fetchall():
        report = orjson.loads(kept)
        if report.get("status") == "actual":
            one = _told(report, corrected, article_id, published_at, is_retracted=True)
            retracted.setdefault(group, []).append(one)
    for group, rows in groupby(_rows(connection, _SHOWN.format(groups=groups)), key=lambda row: row[0]):
        shown = [
            _told(
                dict(zip(_FIELDS, fields, strict=True)),
                corrected,
                article_id,
                published_at,
                is_retracted=False,
            )
            for _, article_id, published_at, corrected, *fields in rows
        ]
        yield shown + retracted.get(group, [])


def _told(
    report: dict[str, Any],
    corrected: list[dict[str, str]] | None,
    article_id: str,
    published_at: int,
    *,
    is_retracted: bool,
) -> Told:
    """The report as its article tells it: what a person corrected makes it no other incident."""
    read = {
        change["field"]: orjson.loads(change["value"])
        for change in corrected or []
        if change["value"] is not None
    }
    return told(
        report | read, article_id, published_at, is_corrected=bool(corrected), is_retracted=is_retracted
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[Any]:
    result = connection.execute(query)
    while rows := result.fetchmany(_ROWS_AT_ONCE):
        yield from rows


def keep_counts(connection: duckdb.DuckDBPyConnection) -> None:
    """Carry all over from the attached file ``earlier``."""
    connection.execute(f"INSERT INTO {UNCOUNTED_TABLE} SELECT * FROM {_EARLIER}")


def recount_reports(
    connection: duckdb.DuckDBPyConnection, reports: ChangedFiles, revisions: ChangedFiles
) -> None:
    """Carry over from ``earlier`` what the changed files, and the tables ``affected`` and ``gone``, leave as it was; find the rest."""
    changed = "SELECT article_id FROM affected"
    if files := [*reports.files, *revisions.files]:
        changed += f" UNION SELECT article_id FROM {_parquet(files)}"
    connection.execute(_RECOUNTED.format(changed=changed))
    connection.execute(
        f"INSERT INTO {UNCOUNTED_TABLE} SELECT * FROM {_EARLIER} ANTI JOIN affected USING (article_id) "
        "ANTI JOIN recounted USING (article_id) WHERE counted_report_id IS NOT NULL"
    )
    if connection.execute("FROM recounted LIMIT 1").fetchone():
        _count_copies(connection, "recounted")
    connection.execute("DROP TABLE temp.recounted")
    kept = f"SELECT * FROM {_EARLIER} WHERE counted_report_id IS NULL"
    if reports.files:
        kept += f" AND report_id NOT IN (SELECT report_id FROM {_parquet(reports.files)})"
    superseded = [kept]
    if reports.added:
        added = _parquet(reports.added)
        superseded.append(_SUPERSEDED.format(reports=added, versions="versions.superseded_versions"))
    if connection.execute("FROM gone LIMIT 1").fetchone():
        superseded.append(_SUPERSEDED.format(reports="versions.incident_reports", versions="gone"))
    connection.execute(f"INSERT INTO {UNCOUNTED_TABLE} " + " UNION ".join(superseded))


def _parquet(files: list[str]) -> str:
    return f"read_parquet([{', '.join(map(sql_text, files))}], union_by_name = true)"
