CREATE VIEW main.source_ledger AS
SELECT source, count(*) AS batches, min(committed_at) AS first_committed_at, max(committed_at) AS last_committed_at,
       sum(items_fetched)::BIGINT AS items_fetched, sum(items_parsed)::BIGINT AS items_parsed,
       sum(items_failed)::BIGINT AS items_failed, sum(items_gated)::BIGINT AS items_gated,
       sum(articles_new)::BIGINT AS articles_new, sum(articles_updated)::BIGINT AS articles_updated,
       sum(articles_duplicate)::BIGINT AS articles_duplicate, sum(articles_conflicting)::BIGINT AS articles_conflicting,
       bool_and(is_conserved) AS is_conserved
FROM main.ledger WHERE source IS NOT NULL GROUP BY source;
COMMENT ON VIEW main.source_ledger IS 'What each declared source brought and where it went, over all its batches: fetched = parsed + failed + gated, parsed = new + updated + duplicate + conflicting. The view ledger shows the same batch by batch.';
COMMENT ON COLUMN main.source_ledger.source IS 'The declared source.';
COMMENT ON COLUMN main.source_ledger.batches IS 'Batches published of it.';
COMMENT ON COLUMN main.source_ledger.first_committed_at IS 'When its first batch became visible, UTC.';
COMMENT ON COLUMN main.source_ledger.last_committed_at IS 'When its last batch became visible, UTC.';
COMMENT ON COLUMN main.source_ledger.items_fetched IS 'Items read from it.';
COMMENT ON COLUMN main.source_ledger.items_parsed IS 'Items that are articles.';
COMMENT ON COLUMN main.source_ledger.items_failed IS 'Items quarantined while reading.';
COMMENT ON COLUMN main.source_ledger.items_gated IS 'Pages without a word of conflict, not read further (INCIDENTS_GATE).';
COMMENT ON COLUMN main.source_ledger.articles_new IS 'Articles not seen before.';
COMMENT ON COLUMN main.source_ledger.articles_updated IS 'New versions of known articles.';
COMMENT ON COLUMN main.source_ledger.articles_duplicate IS 'Articles already in the lake, or twice in a batch.';
COMMENT ON COLUMN main.source_ledger.articles_conflicting IS 'Versions that contradict another of the same id and time; held in quarantine.';
COMMENT ON COLUMN main.source_ledger.is_conserved IS 'True where the ledger of every one of its batches adds up: nothing is missing.';
