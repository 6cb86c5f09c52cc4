CREATE VIEW main.incident_candidates AS
WITH told AS (
  SELECT report.*, article.source_name, article.published_at, coalesce(fatalities_low, fatalities_best, fatalities_high) AS toll,
         coalesce(CASE WHEN date_precision = 1 AND (geo_precision <= 2 OR (latitude IS NULL AND coalesce(geo_precision, 6) = 6))
                       THEN coalesce(latitude || ' ' || longitude, lower(place_name)) END, report_id) AS spot
  FROM main.counted_reports AS report JOIN versions.articles AS article ON article.version = report.article_version
), ranked AS (
  SELECT told.*, count(*) OVER by_article AS told_apart,
         row_number() OVER (by_article ORDER BY toll DESC NULLS LAST, report_id) AS toll_rank
  FROM told WINDOW by_article AS (PARTITION BY country_code, incident_year, date_start, event_type, spot, article_id)
), measured AS (
  SELECT ranked.*, first_value(article_id) OVER (
           PARTITION BY country_code, incident_year, date_start, event_type, spot ORDER BY told_apart DESC, article_id) AS fullest_article,
         max(told_apart) OVER by_spot AS most_apart
  FROM ranked WINDOW by_spot AS (PARTITION BY country_code, incident_year, date_start, event_type, spot)
), paired AS (
  SELECT measured.*, list({'toll_rank': toll_rank, 'toll': toll}) FILTER (WHERE article_id = fullest_article AND most_apart > 1) OVER (
           PARTITION BY country_code, incident_year, date_start, event_type, spot) AS tolls
  FROM measured
), numbered AS (
  SELECT * EXCLUDE (tolls), CASE WHEN told_apart = most_apart THEN toll_rank
           ELSE list_sort([{'apart': coalesce(abs(told.toll - paired.toll), 0), 'toll_rank': told.toll_rank} FOR told IN tolls])[1].toll_rank END AS attack
  FROM paired
), keyed AS (
  SELECT numbered.*, row_number() OVER (
           PARTITION BY country_code, incident_year, date_start, event_type, spot, article_id, attack ORDER BY toll_rank) AS attack_part
  FROM numbered
)
SELECT min(report_id) AS candidate_id, country_code, incident_year, date_start, event_type,
       min(country_name) AS country_name, min(admin1_name) AS admin1_name, min(place_name) AS place_name,
       min(latitude) AS latitude, min(longitude) AS longitude,
       count(*) AS reports, count(DISTINCT source_name) AS outlets, min(published_at) AS first_published_at,
       min(fatalities_low) AS fatalities_low,
       first(fatalities_best ORDER BY published_at DESC, report_id) FILTER (WHERE fatalities_best IS NOT NULL) AS fatalities_best,
       CASE WHEN count(*) FILTER (WHERE fatalities_high IS NULL AND toll IS NOT NULL) = 0 THEN max(fatalities_high) END AS fatalities_high,
       count(DISTINCT (fatalities_low, fatalities_best, fatalities_high))
         FILTER (WHERE coalesce(fatalities_low, fatalities_best, fatalities_high) IS NOT NULL) > 1 AS is_disputed,
       list(report_id ORDER BY published_at, report_id) AS report_ids
FROM keyed GROUP BY country_code, incident_year, date_start, event_type, spot, attack, attack_part;
COMMENT ON VIEW main.incident_candidates IS 'Reports of several articles that may well tell of one incident, taken together: same country, exact day (date_precision 1), place (the same coordinates with geo_precision 1 or 2, or the same name that has none) and event type. A rule of thumb, not a resolution: two attacks of one kind in one town on one day are told apart only where one article tells both; a report of another article is then taken with the one whose number of killed is nearest. A report without exact day and place stands alone. Totals over this view do not rise when an outlet copies, or retells, what another wrote; they do where one article adds up attacks that another tells apart, for the sum is taken for one of them.';
COMMENT ON COLUMN main.incident_candidates.candidate_id IS 'The smallest report id of its reports; it may become smaller as more articles arrive.';
COMMENT ON COLUMN main.incident_candidates.country_code IS 'ISO 3166-1 alpha-3.';
COMMENT ON COLUMN main.incident_candidates.incident_year IS 'Year of date_start.';
COMMENT ON COLUMN main.incident_candidates.date_start IS 'First day; of more than one report the same in all.';
COMMENT ON COLUMN main.incident_candidates.event_type IS 'ACLED event type.';
COMMENT ON COLUMN main.incident_candidates.country_name IS 'Common English name of the country.';
COMMENT ON COLUMN main.incident_candidates.admin1_name IS 'First-order division.';
COMMENT ON COLUMN main.incident_candidates.place_name IS 'Place; where the articles spell it differently, the first in the alphabet.';
COMMENT ON COLUMN main.incident_candidates.latitude IS 'WGS84 degrees.';
COMMENT ON COLUMN main.incident_candidates.longitude IS 'WGS84 degrees.';
COMMENT ON COLUMN main.incident_candidates.reports IS 'Reports taken together, copies not counted.';
COMMENT ON COLUMN main.incident_candidates.outlets IS 'Outlets they are from.';
COMMENT ON COLUMN main.incident_candidates.first_published_at IS 'When the first of its articles was published, UTC.';
COMMENT ON COLUMN main.incident_candidates.fatalities_low IS 'The lowest low number of its reports.';
COMMENT ON COLUMN main.incident_candidates.fatalities_best IS 'The best number of the report published last that gives one.';
COMMENT ON COLUMN main.incident_candidates.fatalities_high IS 'The highest high number of its reports; NULL where one of them is open upwards ("at least"), or none gives a number.';
COMMENT ON COLUMN main.incident_candidates.is_disputed IS 'True where its reports give different numbers of killed.';
COMMENT ON COLUMN main.incident_candidates.report_ids IS 'Its reports, in the order of publication.';
