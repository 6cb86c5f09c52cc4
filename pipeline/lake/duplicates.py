"""Near duplicates as the main schema shows them: pairs of current versions, and the groups they make.

A story carried thousands of times makes far too many pairs, so an article is compared with its neighbours only: those of a
shared band between which and itself few others were published. Which they are is told by all articles; a later batch can come in
between. Two articles only ever move apart by that, so every pair of neighbours was neighbours when the later of
the two arrived and was compared then; pairs that are no neighbours any more are left out here. So the order of arrival cannot matter.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from pipeline.text.groups import groups_of_pairs
from pipeline.text.near_duplicates import MAX_NEIGHBOURS

GROUPS_TABLE = "derived.near_duplicate_groups"
CURRENT_ARTICLES = (
    "SELECT * FROM versions.articles "
    "QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY published_at DESC, version) = 1"
)
CURRENT_PAIRS = f"""
WITH pairs AS MATERIALIZED (
  SELECT found.*, row_number() OVER () AS pair FROM versions.near_duplicates AS found
  SEMI JOIN main.articles AS one ON one.article_id = found.article_id AND one.version = found.version
  SEMI JOIN main.articles AS two ON two.article_id = found.other_article_id AND two.version = found.other_version
), shared AS MATERIALIZED (
  SELECT pair, unnest(list_intersect(one.band_keys, two.band_keys)) AS band_key
  FROM pairs
  JOIN versions.article_signatures AS one ON one.article_id = pairs.article_id AND one.version = pairs.version
  JOIN versions.article_signatures AS two ON two.article_id = other_article_id AND two.version = other_version
), bands AS (
  SELECT article_id, version, published_at, unnest(band_keys) AS band_key FROM versions.article_signatures
), crowded AS MATERIALIZED (
  SELECT band_key FROM bands SEMI JOIN shared USING (band_key)
  GROUP BY band_key HAVING count(*) > {MAX_NEIGHBOURS + 1}
), places AS MATERIALIZED (
  SELECT article_id, version, band_key,
         row_number() OVER (PARTITION BY band_key ORDER BY published_at, article_id, version) AS place
  FROM bands SEMI JOIN crowded USING (band_key)
), neighbours AS (
  SELECT pair FROM shared ANTI JOIN crowded USING (band_key)
  UNION
  SELECT pair FROM pairs
  JOIN places AS one ON one.article_id = pairs.article_id AND one.version = pairs.version
  JOIN places AS two ON two.article_id = other_article_id AND two.version = other_version AND two.band_key = one.band_key
  WHERE abs(one.place - two.place) <= {MAX_NEIGHBOURS}
)
SELECT * EXCLUDE (pair) FROM pairs SEMI JOIN neighbours USING (pair)
"""


def fill_groups(connection: duckdb.DuckDBPyConnection) -> None:
    """Work out the groups from the pairs and write them where the view ``articles`` looks them up."""
    pairs = connection.execute("SELECT article_id, other_article_id FROM main.near_duplicates").fetchall()
    groups = groups_of_pairs(pairs)
    columns = {"article_id": list(groups), "near_duplicate_group": list(groups.values())}
    connection.register("found_groups", pa.table(columns, schema=_GROUPS_SCHEMA))
    connection.execute(f"INSERT INTO {GROUPS_TABLE} SELECT * FROM found_groups ORDER BY article_id")
    connection.unregister("found_groups")


_GROUPS_SCHEMA = pa.schema([("article_id", pa.string()), ("near_duplicate_group", pa.string())])
