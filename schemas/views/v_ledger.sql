CREATE VIEW main.v_ledger AS
SELECT ledger.*,
       CASE WHEN ledger.items_fetched > 0 THEN ledger.items_failed / ledger.items_fetched END AS failed_rate,
       CASE WHEN ledger.items_parsed > 0 THEN ledger.articles_duplicate / ledger.items_parsed END AS duplicate_rate,
       CASE WHEN ledger.rows_extracted > 0 THEN ledger.rows_quarantined / ledger.rows_extracted END AS quarantine_rate,
       CASE WHEN ledger.versions_extracted > 0 THEN reports_accepted / ledger.versions_extracted END AS reports_per_article,
       seconds, extractor, extractor_version, pipeline_version
FROM main.ledger JOIN main.batches USING (batch_id);
COMMENT ON VIEW main.v_ledger IS 'The view ledger with rates: how much of what came in failed, was known already, was rejected, and what it yielded.';
COMMENT ON COLUMN main.v_ledger.batch_id IS 'Made from the batch''s inputs: the same inputs give the same id.';
COMMENT ON COLUMN main.v_ledger.source IS 'The declared source that the batch was read from; null for files that were handed over.';
COMMENT ON COLUMN main.v_ledger.committed_at IS 'When the batch became visible, UTC.';
COMMENT ON COLUMN main.v_ledger.items_fetched IS 'Items read from the inputs.';
COMMENT ON COLUMN main.v_ledger.items_parsed IS 'Items that are articles.';
COMMENT ON COLUMN main.v_ledger.items_failed IS 'Items quarantined while reading.';
COMMENT ON COLUMN main.v_ledger.items_gated IS 'Pages of web archives without a word of conflict, not read further (INCIDENTS_GATE); their bytes are kept.';
COMMENT ON COLUMN main.v_ledger.articles_new IS 'Articles not seen before.';
COMMENT ON COLUMN main.v_ledger.articles_updated IS 'New versions of known articles.';
COMMENT ON COLUMN main.v_ledger.articles_duplicate IS 'Articles already in the lake or twice in the batch.';
COMMENT ON COLUMN main.v_ledger.articles_conflicting IS 'Versions that contradict another of the same id and time; held in quarantine.';
COMMENT ON COLUMN main.v_ledger.versions_replayed IS 'Article versions of the lake read again on a replay.';
COMMENT ON COLUMN main.v_ledger.versions_extracted IS 'Article versions the extractor read.';
COMMENT ON COLUMN main.v_ledger.versions_failed IS 'Article versions it could not read; quarantined.';
COMMENT ON COLUMN main.v_ledger.rows_extracted IS 'Rows made, all tables, articles included.';
COMMENT ON COLUMN main.v_ledger.rows_accepted IS 'Rows published.';
COMMENT ON COLUMN main.v_ledger.rows_quarantined IS 'Rows that failed an expectation; quarantined.';
COMMENT ON COLUMN main.v_ledger.rows_retracted IS 'Rows that a person took back; not published.';
COMMENT ON COLUMN main.v_ledger.is_conserved IS 'True where the ledger adds up: nothing is missing.';
COMMENT ON COLUMN main.v_ledger.failed_rate IS 'Share of the items fetched that could not be read, 0 to 1; NULL where none was fetched.';
COMMENT ON COLUMN main.v_ledger.duplicate_rate IS 'Share of the articles that were in the lake already, or twice in the batch; NULL where there was none.';
COMMENT ON COLUMN main.v_ledger.quarantine_rate IS 'Share of the rows made that failed an expectation; NULL where none was made.';
COMMENT ON COLUMN main.v_ledger.reports_per_article IS 'Incident reports published to one article version read; NULL where none was read.';
COMMENT ON COLUMN main.v_ledger.seconds IS 'Working time from the first stage''s start to the commit, seconds.';
COMMENT ON COLUMN main.v_ledger.extractor IS 'Extractor used.';
COMMENT ON COLUMN main.v_ledger.extractor_version IS 'Its version.';
COMMENT ON COLUMN main.v_ledger.pipeline_version IS 'Version of the package.';
