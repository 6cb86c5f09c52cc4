CREATE VIEW main.report_sides AS
WITH parties AS (
  SELECT report_id, event_type, [a for a in actors if a.role = 'perpetrator'] AS doers,
         [a for a in actors if a.role = 'target' AND NOT list_contains(perpetrators, a.name)] AS others
  FROM main.counted_reports
)
SELECT report_id,
       CASE WHEN len(doers) > 0 OR event_type <> 'Battles' OR len(others) < 2 THEN doers ELSE others[1:1] END AS side_a,
       CASE WHEN len(doers) > 0 OR event_type <> 'Battles' OR len(others) < 2 THEN others ELSE others[2:] END AS side_b
FROM parties;
COMMENT ON VIEW main.report_sides IS 'The parties of each counted report by side. Side a is who did it, side b to whom; a party that the text names as both is on side a only. In a battle where the text does not say who attacked, the sides are the parties in the order named.';
COMMENT ON COLUMN main.report_sides.report_id IS 'The incident report.';
COMMENT ON COLUMN main.report_sides.side_a IS 'Parties with name, role, UCDP actor id and type; empty where the text does not say who did it.';
COMMENT ON COLUMN main.report_sides.side_b IS 'The parties on the other side; empty where the text names none.';
