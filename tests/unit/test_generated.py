"""Generated files are up to date, and what they say agrees with what runs."""

from __future__ import annotations

import json

import duckdb
import jsonschema
import pyarrow as pa
import pytest

from pipeline import stages
from pipeline.config import SAMPLES_DIR, Settings
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.views import refresh_database
from pipeline.quality.checks import CHECKS
from pipeline.schema.expectations import row_checks
from pipeline.schema.generate import GENERATED, stale_files
from pipeline.schema.handwritten_views import view_columns
from pipeline.schema.tables import tables


def test_no_generated_file_is_stale() -> None:
    assert stale_files() == [], "run: make generate"


def test_every_check_that_a_schema_names_exists() -> None:
    assert {name for spec in tables().values() for name in row_checks(spec)} == set(CHECKS)


@pytest.mark.parametrize("name", list(tables()))
def test_every_column_is_described_and_has_an_arrow_type(name: str) -> None:
    spec = tables()[name]
    assert all(column.description.endswith(".") for column in spec.columns)
    assert all(isinstance(column.arrow_type, pa.DataType) for column in spec.columns)
    assert set(spec.key) | set(spec.partition_by) <= {column.name for column in spec.columns}


def test_published_rows_meet_their_json_schema_and_the_views_have_the_declared_columns(
    home: Settings,
) -> None:
    stages.run([SAMPLES_DIR], home)
    with Snapshot(home.lake) as snapshot, duckdb.connect(str(home.database), read_only=True) as connection:
        for name, spec in tables().items():
            declared = json.loads(
                (GENERATED / "json_schema" / f"{name}.schema.json").read_text(encoding="utf-8")
            )
            validator = jsonschema.Draft202012Validator(declared)
            for row in snapshot.rows(f"SELECT * FROM {name} LIMIT 20"):
                plain = json.loads(json.dumps(row, default=lambda value: value.isoformat()))
                assert not list(validator.iter_errors(plain))
            columns = [row[0] for row in connection.execute(f"DESCRIBE main.{name}").fetchall()]
            assert columns == [column.name for column in (*spec.columns, *spec.view_columns)]


def test_the_views_of_sources_have_exactly_the_columns_that_are_described(home: Settings) -> None:
    described = {view: [name for name, _ in view_columns(view)] for view in ("sources", "source_ledger")}
    refresh_database(home.database, home.lake)
    with duckdb.connect(str(home.database), read_only=True) as connection:
        for view, names in described.items():
            told = connection.execute(
                "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ?", [view]
            ).fetchall()
            assert [name for name, _ in told] == names
            assert all(comment.endswith(".") for _, comment in told)
