CREATE VIEW main.deletions AS
SELECT r.report_id, r.article_id, r.article_version, b.committed_at AS deleted_at, 'superseded' AS cause,
       'superseded by a newer version of its article' AS reason, s.superseding_version AS replaced_by
FROM versions.incident_reports AS r
JOIN versions.superseded_versions AS s ON s.article_id = r.article_id AND s.version = r.article_version
JOIN versions.batches AS b ON b.batch_id = s.batch_id
UNION ALL
SELECT r.entity_id, r.article_id, r.article_version, b.committed_at,
       CASE WHEN action = 'changed' THEN 'changed' WHEN starts_with(reason, 'retracted by ') THEN 'retracted'
            WHEN starts_with(reason, 'quarantined: ') THEN 'quarantined' ELSE 'reprocessed' END,
       reason, CASE WHEN action = 'changed' THEN entity_id END
FROM versions.revisions AS r JOIN versions.batches AS b USING (batch_id)
WHERE entity = 'incident_reports' AND action IN ('removed', 'changed');
COMMENT ON VIEW main.deletions IS 'Incident reports that a copy must drop: superseded by a newer version of their article, changed, reprocessed, quarantined or retracted. What took their place is in incident_reports, published by a batch of the same time.';
COMMENT ON COLUMN main.deletions.report_id IS 'The report as it was published.';
COMMENT ON COLUMN main.deletions.article_id IS 'Its article.';
COMMENT ON COLUMN main.deletions.article_version IS 'The version of the article that told it.';
COMMENT ON COLUMN main.deletions.deleted_at IS 'Time of the batch that did it, UTC: committed_at of batches.';
COMMENT ON COLUMN main.deletions.cause IS 'superseded, changed, reprocessed, quarantined or retracted.';
COMMENT ON COLUMN main.deletions.reason IS 'Why, in words.';
COMMENT ON COLUMN main.deletions.replaced_by IS 'Version of the article that took its place; of a changed report its own key, under which it is published again; null where nothing did.';
