CREATE VIEW main.stories AS
SELECT near_duplicate_group, count(*) AS article_count, count(DISTINCT source_name) AS source_count,
       min(published_at) AS first_published_at, max(published_at) AS last_published_at,
       list(DISTINCT source_name ORDER BY source_name) AS source_names, list(DISTINCT title ORDER BY title) AS titles
FROM main.articles GROUP BY near_duplicate_group;
COMMENT ON VIEW main.stories IS 'One story a row: articles that are copies of one text, how many of them (article_count) and from how many outlets (source_count), when first and last, under which titles. Copies are recorded, never dropped.';
