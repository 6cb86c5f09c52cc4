CREATE VIEW main.incident_candidates AS
WITH told AS (
  SELECT report.*, article.source_name, article.published_at,
         CASE WHEN date_precision = 1 AND geo_precision <= 2
              THEN coalesce(latitude || ' ' || longitude, lower(place_name)) END AS spot
  FROM main.counted_reports AS report JOIN versions.articles AS article ON article.version = report.article_version
), numbered AS (
  SELECT told.*, CASE WHEN spot IS NULL THEN report_id ELSE spot || ' ' || row_number() OVER (
           PARTITION BY article_id, country_code, incident_year, date_start, event_type, spot
           ORDER BY fatalities_low DESC NULLS LAST, report_id) END AS place_key
  FROM told
)
SELECT min(report_id) AS candidate_id, country_code, incident_year, date_start, event_type,
       min(country_name) AS country_name, min(admin1_name) AS admin1_name, min(place_name) AS place_name,
       min(latitude) AS latitude, min(longitude) AS longitude,
       count(*) AS reports, count(DISTINCT source_name) AS outlets, min(published_at) AS first_published_at,
       min(fatalities_low) AS fatalities_low,
       first(fatalities_best ORDER BY published_at DESC, report_id) FILTER (WHERE fatalities_best IS NOT NULL) AS fatalities_best,
       max(fatalities_high) AS fatalities_high,
       count(DISTINCT (fatalities_low, fatalities_best, fatalities_high))
         FILTER (WHERE coalesce(fatalities_low, fatalities_best, fatalities_high) IS NOT NULL) > 1 AS is_disputed,
       list(report_id ORDER BY published_at, report_id) AS report_ids
FROM numbered GROUP BY country_code, incident_year, date_start, event_type, place_key;
COMMENT ON VIEW main.incident_candidates IS 'Reports of several articles that may well tell of one incident, taken together: same country, exact day (date_precision 1), place (geo_precision 1 or 2, same coordinates, else same name) and event type. A rule of thumb, not a resolution: two attacks of one kind in one town on one day are told apart only where one article tells both. A report without exact day and place stands alone. Totals over this view do not rise when an outlet copies, or retells, what another wrote.';
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
COMMENT ON COLUMN main.incident_candidates.fatalities_high IS 'The highest high number of its reports; NULL where none gives one.';
COMMENT ON COLUMN main.incident_candidates.is_disputed IS 'True where its reports give different numbers of killed.';
COMMENT ON COLUMN main.incident_candidates.report_ids IS 'Its reports, in the order of publication.';
