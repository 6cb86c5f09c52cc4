"""Which articles of a group of copies do not count, kept in the database file, so that a question need not work out the groups.

It follows from the groups, from how many incidents their articles tell, and from what people have decided about these: a later state
changes it only in groups that were made again, or that hold an article whose reports or decisions came, changed or went.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from pipeline.lake.duplicates import GROUPS_TABLE
from pipeline.lake.snapshot import sql_text

UNCOUNTED_TABLE = "derived.uncounted_articles"
_EARLIER = f"earlier.{UNCOUNTED_TABLE}"
_UNCOUNTED = f"""
INSERT INTO {UNCOUNTED_TABLE}
WITH decided AS (
  SELECT article_version, count(*) FILTER (WHERE verdict = 'retract') AS retracted,
         count(*) FILTER (WHERE is_corrected AND verdict IS DISTINCT FROM 'retract') AS corrected
  FROM (SELECT article_version, entity_id, bool_or(action = 'correct') AS is_corrected,
               arg_max(action, (decided_at, revision_id)) FILTER (WHERE action IN ('retract', 'restore')) AS verdict
        FROM versions.revisions WHERE entity = 'incident_reports' GROUP BY article_version, entity_id)
  GROUP BY article_version
), told AS (
  SELECT copy.article_id, copy.version, near_duplicate_group, count(report_id) AS reports
  FROM {{groups}} AS copy
  LEFT JOIN main.incident_reports AS report ON report.article_version = copy.version AND report.status = 'actual'
  GROUP BY copy.article_id, copy.version, near_duplicate_group
)
SELECT article_id, version FROM told LEFT JOIN decided ON decided.article_version = told.version
QUALIFY row_number() OVER (PARTITION BY near_duplicate_group
                           ORDER BY coalesce(corrected, 0) > 0 DESC, reports + coalesce(retracted, 0) DESC, article_id) > 1
ORDER BY article_id
"""
"""An article with a report that a person corrected comes first, then the one that tells most. What was retracted counts as told: else
taking a report back would let a copy step in, which tells it still."""
_RECOUNTED = f"""
CREATE TEMP TABLE recounted AS
SELECT * FROM {GROUPS_TABLE} SEMI JOIN (
  SELECT near_duplicate_group FROM {GROUPS_TABLE} SEMI JOIN ({{changed}}) USING (article_id)
) USING (near_duplicate_group)
"""


def count_copies(connection: duckdb.DuckDBPyConnection) -> None:
    """Find the articles that do not count, of all groups."""
    connection.execute(_UNCOUNTED.format(groups=GROUPS_TABLE))


def keep_copies(connection: duckdb.DuckDBPyConnection) -> None:
    """Carry all over from the attached file ``earlier``."""
    connection.execute(f"INSERT INTO {UNCOUNTED_TABLE} SELECT * FROM {_EARLIER}")


def recount_copies(connection: duckdb.DuckDBPyConnection, changed_files: Iterable[str]) -> None:
    """Carry over from ``earlier`` all but the groups of articles in the table ``affected``, or named in the files."""
    changed = "SELECT article_id FROM affected"
    if listed := ", ".join(map(sql_text, changed_files)):
        changed += f" UNION SELECT article_id FROM read_parquet([{listed}], union_by_name = true)"
    connection.execute(_RECOUNTED.format(changed=changed))
    connection.execute(
        f"INSERT INTO {UNCOUNTED_TABLE} SELECT * FROM {_EARLIER} "
        "ANTI JOIN affected USING (article_id) ANTI JOIN recounted USING (article_id)"
    )
    if connection.execute("FROM recounted LIMIT 1").fetchone():
        connection.execute(_UNCOUNTED.format(groups="recounted"))
    connection.execute("DROP TABLE temp.recounted")
