CREATE VIEW main.evidence AS
SELECT r.report_id, r.article_id, a.source_name, a.url, e.field, e.quote, e."start" AS evidence_start, e."end" AS evidence_end
FROM (SELECT report_id, article_id, unnest(evidence) AS e FROM main.incident_reports) AS r
JOIN main.articles AS a USING (article_id);
COMMENT ON VIEW main.evidence IS 'One quote a row: the words each field of an incident report rests on.';
CREATE VIEW main.stories AS
SELECT near_duplicate_group, count(*) AS article_count, count(DISTINCT source_name) AS source_count,
       min(published_at) AS first_published_at, max(published_at) AS last_published_at,
       list(DISTINCT source_name ORDER BY source_name) AS source_names, list(DISTINCT title ORDER BY title) AS titles
FROM main.articles GROUP BY near_duplicate_group;
COMMENT ON VIEW main.stories IS 'One story a row: articles that are copies of one text, how many of them (article_count) and from how many outlets (source_count), when first and last, under which titles. Copies are recorded, never dropped.';
CREATE VIEW main.ledger AS
SELECT batch_id, committed_at, items_fetched, items_parsed, items_failed, items_gated,
       articles_new, articles_updated, articles_duplicate, articles_conflicting,
       versions_replayed, versions_extracted, versions_failed, rows_extracted, rows_accepted, rows_quarantined,
       items_fetched = items_parsed + items_failed + items_gated
         AND items_parsed = articles_new + articles_updated + articles_duplicate + articles_conflicting
         AND articles_new + articles_updated + versions_replayed = versions_extracted + versions_failed
         AND rows_extracted = rows_accepted + rows_quarantined AS is_conserved
FROM main.batches;
COMMENT ON VIEW main.ledger IS 'What went in and where it went, batch by batch; is_conserved says that nothing is missing.';
