CREATE VIEW main.ledger AS
SELECT batch_id, source, committed_at, items_fetched, items_parsed, items_failed, coalesce(items_gated, 0) AS items_gated,
       articles_new, articles_updated, articles_duplicate, articles_conflicting,
       versions_replayed, versions_extracted, versions_failed, rows_extracted, rows_accepted, rows_quarantined,
       coalesce(rows_retracted, 0) AS rows_retracted,
       items_fetched = items_parsed + items_failed + coalesce(items_gated, 0)
         AND items_parsed = articles_new + articles_updated + articles_duplicate + articles_conflicting
         AND articles_new + articles_updated + versions_replayed = versions_extracted + versions_failed
         AND rows_extracted = rows_accepted + rows_quarantined + coalesce(rows_retracted, 0) AS is_conserved
FROM main.batches;
COMMENT ON VIEW main.ledger IS 'What went in and where it went, batch by batch, and of which declared source; is_conserved says that nothing is missing.';
COMMENT ON COLUMN main.ledger.batch_id IS 'Made from the batch''s inputs: the same inputs give the same id.';
COMMENT ON COLUMN main.ledger.source IS 'The declared source that the batch was read from; null for files that were handed over.';
COMMENT ON COLUMN main.ledger.committed_at IS 'When the batch became visible, UTC.';
COMMENT ON COLUMN main.ledger.items_fetched IS 'Items read from the inputs.';
COMMENT ON COLUMN main.ledger.items_parsed IS 'Items that are articles.';
COMMENT ON COLUMN main.ledger.items_failed IS 'Items quarantined while reading.';
COMMENT ON COLUMN main.ledger.items_gated IS 'Pages of web archives without a word of conflict, not read further (INCIDENTS_GATE); their bytes are kept.';
COMMENT ON COLUMN main.ledger.articles_new IS 'Articles not seen before.';
COMMENT ON COLUMN main.ledger.articles_updated IS 'New versions of known articles.';
COMMENT ON COLUMN main.ledger.articles_duplicate IS 'Articles already in the lake or twice in the batch.';
COMMENT ON COLUMN main.ledger.articles_conflicting IS 'Versions that contradict another of the same id and time; held in quarantine.';
COMMENT ON COLUMN main.ledger.versions_replayed IS 'Article versions of the lake read again on a replay.';
COMMENT ON COLUMN main.ledger.versions_extracted IS 'Article versions the extractor read.';
COMMENT ON COLUMN main.ledger.versions_failed IS 'Article versions it could not read; quarantined.';
COMMENT ON COLUMN main.ledger.rows_extracted IS 'Rows made, all tables, articles included.';
COMMENT ON COLUMN main.ledger.rows_accepted IS 'Rows published.';
COMMENT ON COLUMN main.ledger.rows_quarantined IS 'Rows that failed an expectation; quarantined.';
COMMENT ON COLUMN main.ledger.rows_retracted IS 'Rows that a person took back; not published.';
COMMENT ON COLUMN main.ledger.is_conserved IS 'True where the ledger adds up: nothing is missing.';
