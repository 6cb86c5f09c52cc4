CREATE VIEW main.counted_reports AS
WITH grouped AS (
  SELECT copy.article_id, copy.near_duplicate_group, count(told.report_id) AS reports
  FROM derived.near_duplicate_groups AS copy
  LEFT JOIN main.incident_reports AS told ON told.article_id = copy.article_id AND told.status = 'actual'
  GROUP BY copy.article_id, copy.near_duplicate_group
), copies AS (
  SELECT article_id FROM grouped
  QUALIFY row_number() OVER (PARTITION BY near_duplicate_group ORDER BY reports DESC, article_id) > 1
)
SELECT told.* FROM main.incident_reports AS told ANTI JOIN copies ON copies.article_id = told.article_id
WHERE told.status = 'actual';
COMMENT ON VIEW main.counted_reports IS 'The incident reports to count from: what happened (status actual), each story once. Of articles that are copies of one text only the one that tells most incidents counts (of equals the one with the smallest id), so a copy never raises a total. Two outlets that write of one incident in their own words still count twice: the view incident_candidates takes those together.';
COMMENT ON COLUMN main.counted_reports.report_id IS 'Opaque key, made from the article version and the words the incident rests on.';
COMMENT ON COLUMN main.counted_reports.article_id IS 'The article that tells it.';
COMMENT ON COLUMN main.counted_reports.article_version IS 'The version of the article that tells it.';
COMMENT ON COLUMN main.counted_reports.event_type IS 'ACLED event type.';
COMMENT ON COLUMN main.counted_reports.sub_event_type IS 'ACLED sub-event type.';
COMMENT ON COLUMN main.counted_reports.status IS 'Whether it happened.';
COMMENT ON COLUMN main.counted_reports.date_start IS 'First day, null where the text does not tell.';
COMMENT ON COLUMN main.counted_reports.date_end IS 'Last day.';
COMMENT ON COLUMN main.counted_reports.date_precision IS 'UCDP: 1 exact day, 2 two to six days, 3 a week, 4 a month, 5 longer.';
COMMENT ON COLUMN main.counted_reports.date_text IS 'The words the date was read from.';
COMMENT ON COLUMN main.counted_reports.country_code IS 'ISO 3166-1 alpha-3; XKX for Kosovo. Partition.';
COMMENT ON COLUMN main.counted_reports.country_name IS 'Common English name of the country.';
COMMENT ON COLUMN main.counted_reports.admin1_name IS 'First-order division: province, governorate, state.';
COMMENT ON COLUMN main.counted_reports.place_name IS 'Most specific named place, as the article spells it.';
COMMENT ON COLUMN main.counted_reports.latitude IS 'WGS84 degrees.';
COMMENT ON COLUMN main.counted_reports.longitude IS 'WGS84 degrees.';
COMMENT ON COLUMN main.counted_reports.geo_precision IS 'UCDP: 1 exact place, 2 near it, 3 district, 4 province, 5 fuzzy, 6 country, 7 sea or air.';
COMMENT ON COLUMN main.counted_reports.geonames_id IS 'GeoNames id of the place, where the gazetteer has one.';
COMMENT ON COLUMN main.counted_reports.perpetrators IS 'Who did it, as named; empty where the text does not say.';
COMMENT ON COLUMN main.counted_reports.targets IS 'To whom, as named.';
COMMENT ON COLUMN main.counted_reports.weapons IS 'Weapons named.';
COMMENT ON COLUMN main.counted_reports.actors IS 'Parties with role, UCDP actor id where known, and type.';
COMMENT ON COLUMN main.counted_reports.fatalities_low IS 'Lowest number of killed the text supports.';
COMMENT ON COLUMN main.counted_reports.fatalities_best IS 'Best number of killed.';
COMMENT ON COLUMN main.counted_reports.fatalities_high IS 'Highest number of killed; null where open ("at least").';
COMMENT ON COLUMN main.counted_reports.fatalities_civilians IS 'Killed civilians.';
COMMENT ON COLUMN main.counted_reports.fatalities_security_forces IS 'Killed members of state or allied forces.';
COMMENT ON COLUMN main.counted_reports.fatalities_militants IS 'Killed members of armed groups.';
COMMENT ON COLUMN main.counted_reports.fatalities_unknown IS 'Killed of unstated class.';
COMMENT ON COLUMN main.counted_reports.injured_low IS 'Lowest number of injured.';
COMMENT ON COLUMN main.counted_reports.injured_best IS 'Best number of injured.';
COMMENT ON COLUMN main.counted_reports.injured_high IS 'Highest number of injured; null where open.';
COMMENT ON COLUMN main.counted_reports.abducted IS 'Abducted people.';
COMMENT ON COLUMN main.counted_reports.claimed_by IS 'The group that claimed responsibility.';
COMMENT ON COLUMN main.counted_reports.confidence IS '0 to 1: the probability that type, day, country and killed are all right.';
COMMENT ON COLUMN main.counted_reports.evidence IS 'Verbatim words each field rests on, with offsets into the article''s text.';
COMMENT ON COLUMN main.counted_reports.extractor IS 'Extractor that made the row.';
COMMENT ON COLUMN main.counted_reports.extractor_version IS 'Its version.';
COMMENT ON COLUMN main.counted_reports.incident_year IS 'Year of date_start; partition.';
COMMENT ON COLUMN main.counted_reports.batch_id IS 'The batch that published the row.';
