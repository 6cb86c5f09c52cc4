CREATE VIEW main.report_sides AS
WITH parties AS (
  SELECT *, [a for a in actors if a.role = 'perpetrator'] AS doers,
         [a for a in actors if a.role = 'target' AND NOT list_contains(perpetrators, a.name)] AS others,
         [CASE WHEN a.actor_type IN ('state_forces', 'external_forces') THEN 'state'
               WHEN a.actor_type IN ('rebel_group', 'militia', 'communal_militia') THEN 'group' END for a in doers] AS camps
  FROM main.counted_reports
), sided AS (
  SELECT *, event_type = 'Battles' AND len(doers) = 0 AND len(others) > 1 AS is_unordered,
         event_type = 'Battles' AND len(others) = 0 AND list_contains(camps, 'state') AND list_contains(camps, 'group')
           AND camps[1] IS NOT NULL AS is_mixed
  FROM parties
)
SELECT * EXCLUDE (doers, others, camps, is_unordered, is_mixed),
       CASE WHEN is_mixed THEN [a for a, i in doers if camps[i] IS NOT DISTINCT FROM camps[1]] WHEN is_unordered THEN others[1:1] ELSE doers END AS side_a,
       CASE WHEN is_mixed THEN [a for a, i in doers if camps[i] IS DISTINCT FROM camps[1]] WHEN is_unordered THEN others[2:] ELSE others END AS side_b
FROM sided;
COMMENT ON VIEW main.report_sides IS 'The counted reports with their parties by side. Side a is who did it, side b to whom; a party that the text names as both is on side a only. In a battle where the text does not say who attacked, the sides are the parties in the order named; where forces of a state and an armed group are both said to have done it, and to nobody else, they are the two sides.';
COMMENT ON COLUMN main.report_sides.report_id IS 'The incident report.';
COMMENT ON COLUMN main.report_sides.article_id IS 'The article that tells it.';
COMMENT ON COLUMN main.report_sides.article_version IS 'The version of the article that tells it.';
COMMENT ON COLUMN main.report_sides.event_type IS 'ACLED event type.';
COMMENT ON COLUMN main.report_sides.sub_event_type IS 'ACLED sub-event type.';
COMMENT ON COLUMN main.report_sides.status IS 'Whether it happened.';
COMMENT ON COLUMN main.report_sides.date_start IS 'First day, null where the text does not tell.';
COMMENT ON COLUMN main.report_sides.date_end IS 'Last day.';
COMMENT ON COLUMN main.report_sides.date_precision IS 'UCDP: 1 exact day, 2 two to six days, 3 a week, 4 a month, 5 longer.';
COMMENT ON COLUMN main.report_sides.date_text IS 'The words the date was read from.';
COMMENT ON COLUMN main.report_sides.country_code IS 'ISO 3166-1 alpha-3; XKX for Kosovo. Partition.';
COMMENT ON COLUMN main.report_sides.country_name IS 'Common English name of the country.';
COMMENT ON COLUMN main.report_sides.admin1_name IS 'First-order division: province, governorate, state.';
COMMENT ON COLUMN main.report_sides.place_name IS 'Most specific named place, as the article spells it.';
COMMENT ON COLUMN main.report_sides.latitude IS 'WGS84 degrees.';
COMMENT ON COLUMN main.report_sides.longitude IS 'WGS84 degrees.';
COMMENT ON COLUMN main.report_sides.geo_precision IS 'UCDP: 1 exact place, 2 near it, 3 district, 4 province, 5 fuzzy, 6 country, 7 sea or air.';
COMMENT ON COLUMN main.report_sides.geonames_id IS 'GeoNames id of the place, where the gazetteer has one.';
COMMENT ON COLUMN main.report_sides.perpetrators IS 'Who did it, as named; empty where the text does not say.';
COMMENT ON COLUMN main.report_sides.targets IS 'To whom, as named.';
COMMENT ON COLUMN main.report_sides.weapons IS 'Weapons named.';
COMMENT ON COLUMN main.report_sides.actors IS 'Parties with role, UCDP actor id where known, and type.';
COMMENT ON COLUMN main.report_sides.fatalities_low IS 'Lowest number of killed the text supports.';
COMMENT ON COLUMN main.report_sides.fatalities_best IS 'Best number of killed.';
COMMENT ON COLUMN main.report_sides.fatalities_high IS 'Highest number of killed; null where open ("at least").';
COMMENT ON COLUMN main.report_sides.fatalities_civilians IS 'Killed civilians.';
COMMENT ON COLUMN main.report_sides.fatalities_security_forces IS 'Killed members of state or allied forces.';
COMMENT ON COLUMN main.report_sides.fatalities_militants IS 'Killed members of armed groups.';
COMMENT ON COLUMN main.report_sides.fatalities_unknown IS 'Killed of unstated class.';
COMMENT ON COLUMN main.report_sides.injured_low IS 'Lowest number of injured.';
COMMENT ON COLUMN main.report_sides.injured_best IS 'Best number of injured.';
COMMENT ON COLUMN main.report_sides.injured_high IS 'Highest number of injured; null where open.';
COMMENT ON COLUMN main.report_sides.abducted IS 'Abducted people.';
COMMENT ON COLUMN main.report_sides.claimed_by IS 'The group that claimed responsibility.';
COMMENT ON COLUMN main.report_sides.confidence IS '0 to 1: the probability that type, day, country and killed are all right.';
COMMENT ON COLUMN main.report_sides.evidence IS 'Verbatim words each field rests on, with offsets into the article''s text.';
COMMENT ON COLUMN main.report_sides.extractor IS 'Extractor that made the row.';
COMMENT ON COLUMN main.report_sides.extractor_version IS 'Its version.';
COMMENT ON COLUMN main.report_sides.incident_year IS 'Year of date_start; partition.';
COMMENT ON COLUMN main.report_sides.batch_id IS 'The batch that published the row.';
COMMENT ON COLUMN main.report_sides.side_a IS 'Parties with name, role, UCDP actor id and type; empty where the text does not say who did it.';
COMMENT ON COLUMN main.report_sides.side_b IS 'The parties on the other side; empty where the text names none.';
