CREATE VIEW main.ledger AS
SELECT batch_id, source, committed_at, items_fetched, items_parsed, items_failed, items_gated,
       articles_new, articles_updated, articles_duplicate, articles_conflicting,
       versions_replayed, versions_extracted, versions_failed, rows_extracted, rows_accepted, rows_quarantined,
       coalesce(rows_retracted, 0) AS rows_retracted,
       items_fetched = items_parsed + items_failed + items_gated
         AND items_parsed = articles_new + articles_updated + articles_duplicate + articles_conflicting
         AND articles_new + articles_updated + versions_replayed = versions_extracted + versions_failed
         AND rows_extracted = rows_accepted + rows_quarantined + coalesce(rows_retracted, 0) AS is_conserved
FROM main.batches;
COMMENT ON VIEW main.ledger IS 'What went in and where it went, batch by batch, and of which declared source; is_conserved says that nothing is missing.';
