CREATE VIEW main.dictionary AS
SELECT table_name AS name, column_name, data_type, "comment" AS description
FROM duckdb_columns() WHERE NOT internal AND schema_name = 'main'
UNION ALL
SELECT view_name, NULL, NULL, "comment" FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'
UNION ALL
SELECT function_name || '(' || array_to_string(parameters, ', ') || ')', NULL, NULL, "comment" FROM duckdb_functions() WHERE NOT internal AND schema_name = 'main';
COMMENT ON VIEW main.dictionary IS 'What there is to ask: every view, every macro as it is called, and every column of a view, with what it means.';
COMMENT ON COLUMN main.dictionary.name IS 'The view or macro.';
COMMENT ON COLUMN main.dictionary.column_name IS 'The column; NULL in the row of the view or macro itself.';
COMMENT ON COLUMN main.dictionary.data_type IS 'Its type.';
COMMENT ON COLUMN main.dictionary.description IS 'What it means.';
