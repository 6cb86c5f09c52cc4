"""Near duplicates as the main schema shows them: pairs of current versions.

A story carried thousands of times makes far too many pairs, so an article is compared with its neighbours only: those of a
shared band between which and itself few others were published. Which they are is told by all articles; a later batch can come in
between. Two articles only ever move apart by that, so every pair of neighbours was neighbours when the later of
the two arrived and was compared then; pairs that are no neighbours any more are left out here. So the order of arrival cannot matter.
"""

from __future__ import annotations

from pipeline.text.near_duplicates import MAX_NEIGHBOURS

GROUPS_TABLE = "derived.near_duplicate_groups"
PAIRS = "near_duplicates"
SIGNATURES = "article_signatures"
_CURRENT_PAIRS = """
WITH pairs AS MATERIALIZED (
  SELECT found.*, row_number() OVER () AS pair FROM {pairs} AS found
  ANTI JOIN versions.superseded_versions AS one ON one.article_id = found.article_id AND one.version = found.version
  ANTI JOIN versions.superseded_versions AS two ON two.article_id = found.other_article_id AND two.version = found.other_version
), crowded AS MATERIALIZED (
  SELECT band_key FROM (SELECT unnest(band_keys) AS band_key FROM {signatures})
  GROUP BY band_key HAVING count(*) > {crowd}
), places AS MATERIALIZED (
  SELECT article_id, version, band_key,
         row_number() OVER (PARTITION BY band_key ORDER BY published_at, article_id, version) AS place
  FROM (SELECT article_id, version, published_at, unnest(band_keys) AS band_key FROM {signatures})
  SEMI JOIN crowded USING (band_key)
), suspects AS MATERIALIZED (
  SELECT * FROM pairs
  SEMI JOIN places AS one ON one.article_id = pairs.article_id AND one.version = pairs.version
  SEMI JOIN places AS two ON two.article_id = other_article_id AND two.version = other_version
), shared AS MATERIALIZED (
  SELECT pair, suspects.article_id, suspects.version, other_article_id, other_version,
         unnest(list_intersect(one.band_keys, two.band_keys)) AS band_key
  FROM suspects
  JOIN {signatures} AS one ON one.article_id = suspects.article_id AND one.version = suspects.version
  JOIN {signatures} AS two ON two.article_id = other_article_id AND two.version = other_version
), neighbours AS (
  SELECT pair FROM shared ANTI JOIN crowded USING (band_key)
  UNION
  SELECT pair FROM shared
  JOIN places AS one ON one.band_key = shared.band_key AND one.article_id = shared.article_id AND one.version = shared.version
  JOIN places AS two ON two.band_key = shared.band_key AND two.article_id = other_article_id AND two.version = other_version
  WHERE abs(one.place - two.place) <= {neighbours}
), strangers AS (
  SELECT pair FROM suspects EXCEPT SELECT pair FROM neighbours
)
SELECT * EXCLUDE (pair) FROM pairs ANTI JOIN strangers USING (pair)
"""


def current_pairs(pairs: str = f"versions.{PAIRS}", signatures: str = f"versions.{SIGNATURES}") -> str:
    """A SELECT of the pairs of neighbours among current versions, of all pairs and signatures or of those given."""
    crowd, neighbours = MAX_NEIGHBOURS + 1, MAX_NEIGHBOURS
    return _CURRENT_PAIRS.format(pairs=pairs, signatures=signatures, crowd=crowd, neighbours=neighbours)
