CREATE VIEW main.v_quality AS
SELECT committed_at, batch_id, batches.source, table_name, expectation, sentence, severity, is_passed,
       element_count AS rows_checked, unexpected_count AS rows_failing,
       CASE WHEN element_count > 0 THEN 1 - unexpected_count / element_count END AS pass_rate, observed
FROM main.quality_results LEFT JOIN main.batches USING (batch_id);
COMMENT ON VIEW main.v_quality IS 'One expectation on one batch a row: how many rows were checked, how many failed, and what a failure does.';
COMMENT ON COLUMN main.v_quality.committed_at IS 'When the batch became visible, UTC.';
COMMENT ON COLUMN main.v_quality.batch_id IS 'The batch.';
COMMENT ON COLUMN main.v_quality.source IS 'The declared source of the batch; NULL for files that were handed over.';
COMMENT ON COLUMN main.v_quality.table_name IS 'The table checked.';
COMMENT ON COLUMN main.v_quality.expectation IS 'Short name: kind and columns.';
COMMENT ON COLUMN main.v_quality.sentence IS 'What is expected, in plain words.';
COMMENT ON COLUMN main.v_quality.severity IS 'What a failure does: reject the row, stop the batch, or warn.';
COMMENT ON COLUMN main.v_quality.is_passed IS 'True where nothing failed.';
COMMENT ON COLUMN main.v_quality.rows_checked IS 'Rows looked at.';
COMMENT ON COLUMN main.v_quality.rows_failing IS 'Rows that failed.';
COMMENT ON COLUMN main.v_quality.pass_rate IS 'Share of the rows that passed, 0 to 1; NULL where no row was checked.';
COMMENT ON COLUMN main.v_quality.observed IS 'What was observed, for expectations on the whole batch.';
