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
SELECT batch_id, source, committed_at, items_fetched, items_parsed, items_failed, items_gated,
       articles_new, articles_updated, articles_duplicate, articles_conflicting,
       versions_replayed, versions_extracted, versions_failed, rows_extracted, rows_accepted, rows_quarantined,
       items_fetched = items_parsed + items_failed + items_gated
         AND items_parsed = articles_new + articles_updated + articles_duplicate + articles_conflicting
         AND articles_new + articles_updated + versions_replayed = versions_extracted + versions_failed
         AND rows_extracted = rows_accepted + rows_quarantined AS is_conserved
FROM main.batches;
COMMENT ON VIEW main.ledger IS 'What went in and where it went, batch by batch, and of which declared source; is_conserved says that nothing is missing.';
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
CREATE VIEW main.sources AS
WITH versions_seen AS (
  SELECT source_name, article_id, published_at, first_seen_at, least(published_at, first_seen_at) AS event_time,
         168 AS allowed_lateness_hours,
         row_number() OVER (PARTITION BY source_name, article_id ORDER BY first_seen_at, published_at, version) = 1 AS is_first
  FROM versions.articles
), held AS (
  SELECT source_name, first_seen_at, max(max(event_time)) OVER (
           PARTITION BY source_name ORDER BY first_seen_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
         ) - to_hours(allowed_lateness_hours) AS held_watermark
  FROM versions_seen GROUP BY source_name, first_seen_at, allowed_lateness_hours
)
SELECT source_name, count(*) FILTER (is_first) AS articles,
       min(published_at) AS first_published_at, max(published_at) AS last_published_at,
       max(first_seen_at) AS last_first_seen_at,
       allowed_lateness_hours, max(event_time) - to_hours(allowed_lateness_hours) AS watermark,
       count(*) FILTER (is_first AND published_at < held_watermark) AS late_articles,
       median((epoch_us(first_seen_at) - epoch_us(published_at)) / 3.6e9) FILTER (is_first) AS delay_median_hours,
       quantile_cont((epoch_us(first_seen_at) - epoch_us(published_at)) / 3.6e9, 0.95) FILTER (is_first) AS delay_p95_hours
FROM versions_seen JOIN held USING (source_name, first_seen_at) GROUP BY source_name, allowed_lateness_hours;
COMMENT ON VIEW main.sources IS 'One outlet a row: when its articles were published (event time) and when the pipeline read them (processing time), kept apart. It follows from the stored rows alone, in whatever order their batches were published. A late article is counted, never treated otherwise: it is published like any, and changes nothing but its own rows, its group of copies and these figures.';
COMMENT ON COLUMN main.sources.source_name IS 'The outlet or feed that carried the articles.';
COMMENT ON COLUMN main.sources.articles IS 'Its articles, whatever number of versions.';
COMMENT ON COLUMN main.sources.first_published_at IS 'Event time of the earliest version, UTC.';
COMMENT ON COLUMN main.sources.last_published_at IS 'Event time of the latest version, UTC.';
COMMENT ON COLUMN main.sources.last_first_seen_at IS 'Processing time: when the pipeline last read something new of it, UTC.';
COMMENT ON COLUMN main.sources.allowed_lateness_hours IS 'How far behind the latest an article may be published and not be late: seven days for every outlet. It is no part of a declaration, since one outlet may come by several declared sources or by files, and the figures are to follow from the stored rows alone.';
COMMENT ON COLUMN main.sources.watermark IS 'The event time up to which the outlet is taken to be complete: the latest publication less the allowed lateness. A publication after the reading (a wrong date) counts as of the reading, so that no date in the future makes all that follows late.';
COMMENT ON COLUMN main.sources.late_articles IS 'Articles published before the watermark that the versions read strictly earlier had made, by first_seen_at. Articles read together do not make each other late, nor does the first reading of an outlet, whatever archive it brings.';
COMMENT ON COLUMN main.sources.delay_median_hours IS 'Median of first_seen_at less published_at over the articles as they were first read, hours. Negative where a date lies after the reading.';
COMMENT ON COLUMN main.sources.delay_p95_hours IS 'The same, of the slowest twentieth: 95th percentile, hours.';
