CREATE VIEW main.evidence AS
SELECT r.report_id, r.article_id, a.source_name, a.url, e.field, e.quote, e."start" AS evidence_start, e."end" AS evidence_end
FROM (SELECT report_id, article_id, unnest(evidence) AS e FROM main.incident_reports) AS r
JOIN main.articles AS a USING (article_id);
COMMENT ON VIEW main.evidence IS 'One quote a row: the words each field of an incident report rests on.';
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
