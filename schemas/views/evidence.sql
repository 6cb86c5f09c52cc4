CREATE VIEW main.evidence AS
SELECT r.report_id, r.article_id, a.source_name, a.url, e.field, e.quote, e."start" AS evidence_start, e."end" AS evidence_end
FROM (SELECT report_id, article_id, article_version, unnest(evidence) AS e FROM main.incident_reports) AS r
JOIN versions.articles AS a ON a.version = r.article_version;
COMMENT ON VIEW main.evidence IS 'One quote a row: the words each field of an incident report rests on.';
COMMENT ON COLUMN main.evidence.report_id IS 'The incident report.';
COMMENT ON COLUMN main.evidence.article_id IS 'The article that tells it.';
COMMENT ON COLUMN main.evidence.source_name IS 'The outlet that carried the article.';
COMMENT ON COLUMN main.evidence.url IS 'Address of the article as the source gave it.';
COMMENT ON COLUMN main.evidence.field IS 'The field of the report that rests on the words; fatalities and injured stand for all their numbers.';
COMMENT ON COLUMN main.evidence.quote IS 'The words, as they stand in the article.';
COMMENT ON COLUMN main.evidence.evidence_start IS 'First code point of the words in the article''s text.';
COMMENT ON COLUMN main.evidence.evidence_end IS 'One past their last code point.';
