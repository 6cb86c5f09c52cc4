CREATE VIEW main.v_ucdp_ged AS
WITH sided AS (
  SELECT report.*, region.ucdp_region,
         side_a[1].actor_type IN ('state_forces', 'external_forces') AS is_state_a,
         side_b[1].actor_type IN ('state_forces', 'external_forces') AS is_state_b,
         side_a[1].actor_type IN ('rebel_group', 'militia', 'communal_militia') AS is_group_a,
         side_b[1].actor_type IN ('rebel_group', 'militia', 'communal_militia') AS is_group_b,
         len(side_b) > 0 AND len([a for a in side_b if a.actor_type IN ('civilians', 'protesters')]) = len(side_b) AS is_civilian_b
  FROM main.report_sides AS report
  LEFT JOIN main.countries AS region ON region.country_code = report.country_code
  WHERE fatalities_best > 0 OR fatalities_low > 0 OR fatalities_high > 0
), typed AS (
  SELECT sided.*,
         CASE WHEN (is_state_a OR is_group_a) AND is_civilian_b THEN 3
              WHEN is_group_a AND is_group_b THEN 2
              WHEN (is_state_a AND is_group_b) OR (is_group_a AND is_state_b) OR (is_state_a AND is_state_b) THEN 1
         END AS type_of_violence,
         coalesce(is_group_a AND is_state_b, false) AS is_turned
  FROM sided
), ordered AS (
  SELECT typed.*, CASE WHEN is_turned THEN side_b ELSE side_a END AS first_side,
         CASE WHEN is_turned THEN side_a ELSE side_b END AS second_side,
         coalesce(type_of_violence = 1 AND NOT (is_state_a AND is_state_b), false) AS is_state_against_group
  FROM typed
)
SELECT ordered.report_id AS id, NULL::VARCHAR AS relid, incident_year AS "year", NULL::VARCHAR AS code_status, type_of_violence,
       first_side[1].actor_id AS side_a_new_id, nullif(array_to_string([a.name for a in first_side], ', '), '') AS side_a,
       second_side[1].actor_id AS side_b_new_id,
       CASE WHEN type_of_violence = 3 THEN 'Civilians' ELSE nullif(array_to_string([a.name for a in second_side], ', '), '') END AS side_b,
       1 AS number_of_sources,
       concat_ws(', ', article.source_name, strftime(article.published_on, '%Y-%m-%d'), article.title) AS source_article,
       article.source_name AS source_office, article.published_on AS source_date, article.title AS source_headline,
       NULL::VARCHAR AS source_original,
       geo_precision AS where_prec, place_name AS where_coordinates, NULL::VARCHAR AS where_description,
       admin1_name AS adm_1, NULL::VARCHAR AS adm_2, latitude, longitude,
       'POINT (' || longitude || ' ' || latitude || ')' AS geom_wkt,
       (least(floor((latitude + 90) * 2), 359) * 720 + floor((longitude + 180) * 2) % 720 + 1)::INTEGER AS priogrid_gid,
       country_name AS country, NULL::INTEGER AS country_id,
       CASE WHEN ordered.country_code IS NOT NULL THEN ucdp_region END AS region,
       NULL::INTEGER AS event_clarity, date_precision AS date_prec, date_start, date_end,
       CASE WHEN is_state_against_group THEN fatalities_security_forces END AS deaths_a,
       CASE WHEN is_state_against_group THEN fatalities_militants END AS deaths_b,
       fatalities_civilians AS deaths_civilians,
       CASE WHEN fatalities_best IS NOT NULL
            THEN greatest(0, fatalities_best - coalesce(fatalities_civilians, 0) - CASE WHEN is_state_against_group
                             THEN coalesce(fatalities_security_forces, 0) + coalesce(fatalities_militants, 0) ELSE 0 END)
            WHEN is_state_against_group THEN fatalities_unknown
            WHEN coalesce(fatalities_security_forces, fatalities_militants, fatalities_unknown) IS NOT NULL
            THEN coalesce(fatalities_security_forces, 0) + coalesce(fatalities_militants, 0) + coalesce(fatalities_unknown, 0)
       END AS deaths_unknown,
       fatalities_best AS best, fatalities_high AS high, fatalities_low AS low,
       NULL::INTEGER AS gwnoa, NULL::INTEGER AS gwnob
FROM ordered LEFT JOIN versions.articles AS article ON article.version = ordered.article_version;
COMMENT ON VIEW main.v_ucdp_ged IS 'The counted reports that tell of at least one death, under UCDP GED''s column names. GED holds one row an incident, checked by people; here one article''s report is a row. GED''s ids of conflicts and dyads are not given.';
COMMENT ON COLUMN main.v_ucdp_ged.id IS 'The report id; an id of our own, not of UCDP.';
COMMENT ON COLUMN main.v_ucdp_ged.relid IS 'Always NULL.';
COMMENT ON COLUMN main.v_ucdp_ged.year IS 'Year of date_start.';
COMMENT ON COLUMN main.v_ucdp_ged.code_status IS 'Always NULL: no person has checked it.';
COMMENT ON COLUMN main.v_ucdp_ged.type_of_violence IS '1 state-based, 2 non-state, 3 one-sided; by the types of the parties named first on each side, 3 where all on side b are civilians. NULL where a party is not named or of unknown type.';
COMMENT ON COLUMN main.v_ucdp_ged.side_a_new_id IS 'UCDP actor id of the first party of side_a, where known.';
COMMENT ON COLUMN main.v_ucdp_ged.side_a IS 'State forces in a fight of a state with a group, else who did it; as named.';
COMMENT ON COLUMN main.v_ucdp_ged.side_b_new_id IS 'UCDP actor id of the first party of side_b, where known.';
COMMENT ON COLUMN main.v_ucdp_ged.side_b IS 'The other side, as named; Civilians in one-sided violence.';
COMMENT ON COLUMN main.v_ucdp_ged.number_of_sources IS 'Always 1: a report is one article''s.';
COMMENT ON COLUMN main.v_ucdp_ged.source_article IS 'Outlet, day of publication and headline.';
COMMENT ON COLUMN main.v_ucdp_ged.source_office IS 'The outlet.';
COMMENT ON COLUMN main.v_ucdp_ged.source_date IS 'Day of publication, in the outlet''s time zone.';
COMMENT ON COLUMN main.v_ucdp_ged.source_headline IS 'Headline.';
COMMENT ON COLUMN main.v_ucdp_ged.source_original IS 'Always NULL.';
COMMENT ON COLUMN main.v_ucdp_ged.where_prec IS 'UCDP: 1 exact place, 2 near it, 3 district, 4 province, 5 fuzzy, 6 country, 7 sea or air.';
COMMENT ON COLUMN main.v_ucdp_ged.where_coordinates IS 'Name of the place, as the article spells it.';
COMMENT ON COLUMN main.v_ucdp_ged.where_description IS 'Always NULL.';
COMMENT ON COLUMN main.v_ucdp_ged.adm_1 IS 'First-order division.';
COMMENT ON COLUMN main.v_ucdp_ged.adm_2 IS 'Always NULL: the gazetteer has no second-order divisions.';
COMMENT ON COLUMN main.v_ucdp_ged.latitude IS 'WGS84 degrees.';
COMMENT ON COLUMN main.v_ucdp_ged.longitude IS 'WGS84 degrees.';
COMMENT ON COLUMN main.v_ucdp_ged.geom_wkt IS 'The coordinates as well-known text.';
COMMENT ON COLUMN main.v_ucdp_ged.priogrid_gid IS 'PRIO-GRID cell (half a degree), worked out from the coordinates.';
COMMENT ON COLUMN main.v_ucdp_ged.country IS 'Common English name of the country.';
COMMENT ON COLUMN main.v_ucdp_ged.country_id IS 'Always NULL: Gleditsch-Ward numbers are not known here.';
COMMENT ON COLUMN main.v_ucdp_ged.region IS 'UCDP''s region.';
COMMENT ON COLUMN main.v_ucdp_ged.event_clarity IS 'Always NULL.';
COMMENT ON COLUMN main.v_ucdp_ged.date_prec IS 'UCDP: 1 exact day, 2 two to six days, 3 a week, 4 a month, 5 longer.';
COMMENT ON COLUMN main.v_ucdp_ged.date_start IS 'First day.';
COMMENT ON COLUMN main.v_ucdp_ged.date_end IS 'Last day.';
COMMENT ON COLUMN main.v_ucdp_ged.deaths_a IS 'Dead of side_a, where one state fights a group: state or allied forces. Else NULL, since the class does not tell the side.';
COMMENT ON COLUMN main.v_ucdp_ged.deaths_b IS 'Dead of side_b, likewise: members of the group.';
COMMENT ON COLUMN main.v_ucdp_ged.deaths_civilians IS 'Killed civilians.';
COMMENT ON COLUMN main.v_ucdp_ged.deaths_unknown IS 'What deaths_a, deaths_b and deaths_civilians leave of best: killed of unstated class or, where deaths_a and deaths_b cannot be told, of either side. The four add up to best, unless the killed by class are more than it. Where there is no best: the killed known of such a class.';
COMMENT ON COLUMN main.v_ucdp_ged.best IS 'Best number of killed; NULL where the text gives none, also where it gives a low.';
COMMENT ON COLUMN main.v_ucdp_ged.high IS 'Highest number of killed; NULL where open.';
COMMENT ON COLUMN main.v_ucdp_ged.low IS 'Lowest number of killed.';
COMMENT ON COLUMN main.v_ucdp_ged.gwnoa IS 'Always NULL.';
COMMENT ON COLUMN main.v_ucdp_ged.gwnob IS 'Always NULL.';
