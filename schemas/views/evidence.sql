CREATE VIEW main.evidence AS
SELECT r.report_id, r.article_id, a.source_name, a.url, e.field, e.quote, e."start" AS evidence_start, e."end" AS evidence_end
FROM (SELECT report_id, article_id, unnest(evidence) AS e FROM main.incident_reports) AS r
JOIN main.articles AS a USING (article_id);
COMMENT ON VIEW main.evidence IS 'One quote a row: the words each field of an incident report rests on.';
