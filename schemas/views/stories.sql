CREATE VIEW main.stories AS
SELECT near_duplicate_group, count(*) AS article_count, count(DISTINCT source_name) AS source_count,
       min(published_at) AS first_published_at, max(published_at) AS last_published_at,
       list(DISTINCT source_name ORDER BY source_name) AS source_names, list(DISTINCT title ORDER BY title) AS titles
FROM main.articles GROUP BY near_duplicate_group;
COMMENT ON VIEW main.stories IS 'One story a row: articles that are copies of one text, how many of them (article_count) and from how many outlets (source_count), when first and last, under which titles. Copies are recorded, never dropped.';
COMMENT ON COLUMN main.stories.near_duplicate_group IS 'Smallest article id of the copies.';
COMMENT ON COLUMN main.stories.article_count IS 'Articles that are copies of the text, whatever number of versions.';
COMMENT ON COLUMN main.stories.source_count IS 'Outlets that carried it.';
COMMENT ON COLUMN main.stories.first_published_at IS 'When the first copy was published, UTC.';
COMMENT ON COLUMN main.stories.last_published_at IS 'When the last one was, UTC.';
COMMENT ON COLUMN main.stories.source_names IS 'The outlets.';
COMMENT ON COLUMN main.stories.titles IS 'The titles it was carried under.';
