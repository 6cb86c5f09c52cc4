"""Which articles of a group of copies do not count, kept in the database file, so that a question need not work out the groups.

It follows from the groups and from how many incidents their articles tell: a later state changes it only in groups that were made again,
or that hold an article whose reports came, changed or went.
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
SELECT article_id, version FROM (
  SELECT copy.article_id, copy.version, near_duplicate_group, count(told.report_id) AS reports
  FROM {{groups}} AS copy
  LEFT JOIN main.incident_reports AS told ON told.article_version = copy.version AND told.status = 'actual'
  GROUP BY copy.article_id, copy.version, near_duplicate_group
)
QUALIFY row_number() OVER (PARTITION BY near_duplicate_group ORDER BY reports DESC, article_id) > 1
ORDER BY article_id
"""
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
    """Carry over from ``earlier`` all but the groups of articles in the table ``affected``, or with reports in the files."""
    changed = "SELECT article_id FROM affected"
    if listed := ", ".join(map(sql_text, changed_files)):
        changed += f" UNION SELECT article_id FROM read_parquet([{listed}])"
    connection.execute(_RECOUNTED.format(changed=changed))
    connection.execute(
        f"INSERT INTO {UNCOUNTED_TABLE} SELECT * FROM {_EARLIER} "
        "ANTI JOIN affected USING (article_id) ANTI JOIN recounted USING (article_id)"
    )
    if connection.execute("FROM recounted LIMIT 1").fetchone():
        connection.execute(_UNCOUNTED.format(groups="recounted"))
    connection.execute("DROP TABLE temp.recounted")
