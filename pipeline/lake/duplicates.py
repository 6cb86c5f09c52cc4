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
    "QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY published_at DESC, modified_at DESC NULLS LAST, version) = 1"
)
CURRENT_PAIRS = f"""
WITH pairs AS MATERIALIZED (
  SELECT found.*, row_number() OVER () AS pair FROM versions.near_duplicates AS found
  SEMI JOIN main.articles AS one ON one.article_id = found.article_id AND one.version = found.version
  SEMI JOIN main.articles AS two ON two.article_id = found.other_article_id AND two.version = found.other_version
), crowded AS MATERIALIZED (
  SELECT band_key FROM (SELECT unnest(band_keys) AS band_key FROM versions.article_signatures)
  GROUP BY band_key HAVING count(*) > {MAX_NEIGHBOURS + 1}
), places AS MATERIALIZED (
  SELECT article_id, version, band_key,
         row_number() OVER (PARTITION BY band_key ORDER BY published_at, article_id, version) AS place
  FROM (SELECT article_id, version, published_at, unnest(band_keys) AS band_key FROM versions.article_signatures)
  SEMI JOIN crowded USING (band_key)
), suspects AS MATERIALIZED (
  SELECT * FROM pairs
  SEMI JOIN places AS one ON one.article_id = pairs.article_id AND one.version = pairs.version
  SEMI JOIN places AS two ON two.article_id = other_article_id AND two.version = other_version
), shared AS MATERIALIZED (
  SELECT pair, suspects.article_id, suspects.version, other_article_id, other_version,
         unnest(list_intersect(one.band_keys, two.band_keys)) AS band_key
  FROM suspects
  JOIN versions.article_signatures AS one ON one.article_id = suspects.article_id AND one.version = suspects.version
  JOIN versions.article_signatures AS two ON two.article_id = other_article_id AND two.version = other_version
), neighbours AS (
  SELECT pair FROM shared ANTI JOIN crowded USING (band_key)
  UNION
  SELECT pair FROM shared
  JOIN places AS one ON one.band_key = shared.band_key AND one.article_id = shared.article_id AND one.version = shared.version
  JOIN places AS two ON two.band_key = shared.band_key AND two.article_id = other_article_id AND two.version = other_version
  WHERE abs(one.place - two.place) <= {MAX_NEIGHBOURS}
), strangers AS (
  SELECT pair FROM suspects EXCEPT SELECT pair FROM neighbours
)
SELECT * EXCLUDE (pair) FROM pairs ANTI JOIN strangers USING (pair)
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
