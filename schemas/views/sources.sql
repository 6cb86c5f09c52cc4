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
