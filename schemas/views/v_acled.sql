CREATE VIEW main.v_acled AS
WITH protesting AS (
  SELECT * REPLACE (CASE WHEN is_turned THEN side_b ELSE side_a END AS side_a, CASE WHEN is_turned THEN side_a ELSE side_b END AS side_b)
  FROM (SELECT *, coalesce(event_type = 'Protests' AND len(side_a) > 0 AND side_b[1].actor_type IN ('protesters', 'civilians')
                           AND side_a[1].actor_type NOT IN ('protesters', 'rioters', 'civilians'), false) AS is_turned
        FROM main.report_sides)
), coded AS (
  SELECT report.*, region.iso_numeric, region.acled_region,
         CASE side_a[1].actor_type WHEN 'state_forces' THEN 1 WHEN 'rebel_group' THEN 2 WHEN 'militia' THEN 3
           WHEN 'communal_militia' THEN 4 WHEN 'rioters' THEN 5 WHEN 'protesters' THEN 6 WHEN 'civilians' THEN 7
           WHEN 'external_forces' THEN 8 END AS kind_a,
         CASE side_b[1].actor_type WHEN 'state_forces' THEN 1 WHEN 'rebel_group' THEN 2 WHEN 'militia' THEN 3
           WHEN 'communal_militia' THEN 4 WHEN 'rioters' THEN 5 WHEN 'protesters' THEN 6 WHEN 'civilians' THEN 7
           WHEN 'external_forces' THEN 8 END AS kind_b,
         ['State forces', 'Rebel group', 'Political militia', 'Identity militia', 'Rioters', 'Protesters', 'Civilians',
          'External/Other forces'] AS kinds
  FROM protesting AS report
  LEFT JOIN main.countries AS region ON region.country_code = report.country_code
)
SELECT coded.report_id AS event_id_cnty, date_start AS event_date, incident_year AS "year",
       CASE date_precision WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 2 WHEN 4 THEN 3 END AS time_precision,
       CASE WHEN sub_event_type = 'Excessive force against protesters' THEN 'Political violence; Demonstrations'
            WHEN event_type IN ('Battles', 'Explosions/Remote violence', 'Violence against civilians') OR sub_event_type = 'Mob violence'
            THEN 'Political violence' WHEN event_type IN ('Protests', 'Riots') THEN 'Demonstrations'
            ELSE event_type END AS disorder_type,
       event_type, sub_event_type,
       side_a[1].name AS actor1, nullif(array_to_string([a.name for a in side_a[2:]], '; '), '') AS assoc_actor_1, kinds[kind_a] AS inter1,
       side_b[1].name AS actor2, nullif(array_to_string([a.name for a in side_b[2:]], '; '), '') AS assoc_actor_2, kinds[kind_b] AS inter2,
       CASE WHEN kind_a IS NOT NULL AND kind_b IS NOT NULL THEN kinds[least(kind_a, kind_b)] || '-' || kinds[greatest(kind_a, kind_b)] END AS interaction,
       CASE WHEN event_type = 'Violence against civilians' OR sub_event_type = 'Excessive force against protesters'
              OR ((event_type = 'Explosions/Remote violence' OR sub_event_type = 'Mob violence') AND len(side_b) > 0
                  AND len([a for a in side_b if a.actor_type IN ('civilians', 'protesters')]) = len(side_b))
            THEN 'Civilian targeting' END AS civilian_targeting,
       iso_numeric AS iso, acled_region AS region, country_name AS country, admin1_name AS admin1,
       NULL::VARCHAR AS admin2, NULL::VARCHAR AS admin3, place_name AS location, latitude, longitude,
       CASE geo_precision WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 2 WHEN 4 THEN 3 END AS geo_precision,
       article.source_name AS source, NULL::VARCHAR AS source_scale,
       [e.quote for e in evidence if e.field = 'event_type'][1] AS notes,
       coalesce(fatalities_best, fatalities_low) AS fatalities, NULL::VARCHAR AS tags,
       epoch(batch.committed_at)::BIGINT AS "timestamp"
FROM coded
LEFT JOIN versions.articles AS article ON article.version = coded.article_version
LEFT JOIN main.batches AS batch ON batch.batch_id = coded.batch_id;
COMMENT ON VIEW main.v_acled IS 'The counted reports under ACLED''s column names and vocabularies. NULL where the text does not say: unlike ACLED, no unidentified actor is filled in. ACLED''s own data are checked and merged by people; these are not.';
COMMENT ON COLUMN main.v_acled.event_id_cnty IS 'The report id; an id of our own, not of ACLED.';
COMMENT ON COLUMN main.v_acled.event_date IS 'First day of the incident.';
COMMENT ON COLUMN main.v_acled.year IS 'Its year.';
COMMENT ON COLUMN main.v_acled.time_precision IS '1 exact day, 2 within a week, 3 within a month; NULL where the text says less.';
COMMENT ON COLUMN main.v_acled.disorder_type IS 'Political violence, Demonstrations, both, or Strategic developments; follows from the types.';
COMMENT ON COLUMN main.v_acled.event_type IS 'ACLED event type.';
COMMENT ON COLUMN main.v_acled.sub_event_type IS 'ACLED sub-event type.';
COMMENT ON COLUMN main.v_acled.actor1 IS 'Who did it, as named; in a battle without an attacker the party named first, in a protest those who protest. NULL where the text does not say.';
COMMENT ON COLUMN main.v_acled.assoc_actor_1 IS 'Other parties on that side, with semicolons between.';
COMMENT ON COLUMN main.v_acled.inter1 IS 'Kind of actor1: State forces, Rebel group, Political militia, Identity militia, Rioters, Protesters, Civilians, External/Other forces; NULL where it is not known.';
COMMENT ON COLUMN main.v_acled.actor2 IS 'The party on the other side, as named.';
COMMENT ON COLUMN main.v_acled.assoc_actor_2 IS 'Other parties on that side.';
COMMENT ON COLUMN main.v_acled.inter2 IS 'Kind of actor2.';
COMMENT ON COLUMN main.v_acled.interaction IS 'Both kinds, in ACLED''s order; NULL where one is not known.';
COMMENT ON COLUMN main.v_acled.civilian_targeting IS 'Civilian targeting, where civilians were the main or only target; else NULL.';
COMMENT ON COLUMN main.v_acled.iso IS 'ISO 3166-1 numeric code of the country; NULL for Kosovo.';
COMMENT ON COLUMN main.v_acled.region IS 'ACLED''s region of the country.';
COMMENT ON COLUMN main.v_acled.country IS 'Common English name of the country.';
COMMENT ON COLUMN main.v_acled.admin1 IS 'First-order division.';
COMMENT ON COLUMN main.v_acled.admin2 IS 'Always NULL: the gazetteer has no second-order divisions.';
COMMENT ON COLUMN main.v_acled.admin3 IS 'Always NULL, like admin2.';
COMMENT ON COLUMN main.v_acled.location IS 'Most specific named place, as the article spells it.';
COMMENT ON COLUMN main.v_acled.latitude IS 'WGS84 degrees.';
COMMENT ON COLUMN main.v_acled.longitude IS 'WGS84 degrees.';
COMMENT ON COLUMN main.v_acled.geo_precision IS '1 the place, 2 near it or in its district, 3 the province; NULL where the text says less.';
COMMENT ON COLUMN main.v_acled.source IS 'The outlet.';
COMMENT ON COLUMN main.v_acled.source_scale IS 'Always NULL: not known.';
COMMENT ON COLUMN main.v_acled.notes IS 'The words of the article that the event type rests on.';
COMMENT ON COLUMN main.v_acled.fatalities IS 'The best number of killed; where the text gives none, the lowest (ACLED''s rule). NULL where it gives no number: ACLED would write 0.';
COMMENT ON COLUMN main.v_acled.tags IS 'Always NULL.';
COMMENT ON COLUMN main.v_acled.timestamp IS 'When the report became visible here, Unix time.';
