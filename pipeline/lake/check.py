"""Check: every file of the visible tables read through, its rows counted against the Delta log, its content against rules.

Memory stays bounded: files are read in batches of rows, and what must be compared across files is left to DuckDB, which
spills to disk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import LakeError
from pipeline.ids import sha256_text
from pipeline.lake.catalog import Catalog
from pipeline.lake.checksums import CHANGED, checksums_path, file_key, is_changed, read_checksums
from pipeline.lake.integrity import broken_rules
from pipeline.lake.snapshot import Snapshot, sql_text
from pipeline.lake.store import open_table, table_path
from pipeline.schema.tables import Table, tables

_ROWS_AT_ONCE = 8_192
_MEMORY_LIMIT = "1GB"
REBUILD = "`incidents lake rebuild` makes it again from the kept originals."


@dataclass(frozen=True)
class Damage:
    """One thing that is wrong: where, what, and what to do."""

    table: str
    file: str
    damage: str
    remedy: str = REBUILD


@dataclass(frozen=True)
class ReadFile:
    """One data file that was read through."""

    table: str
    path: Path
    rows: int
    is_compared: bool
    """Whether its hash was known."""


def check_tables(lake: Path, catalog: Catalog) -> Iterator[ReadFile | Damage]:
    """Every data file of the pinned versions, read to its last column, or what is wrong with it."""
    folder = catalog.folder(lake)
    checksums: dict[str, str] = {}
    try:
        checksums = read_checksums(folder)
    except LakeError as error:
        yield Damage("", str(checksums_path(folder)), str(error), "Remove the file.")
    for name in sorted(catalog.tables.keys() & tables().keys()):
        spec, path = tables()[name], table_path(folder, name)
        try:
            opened = open_table(folder, name, catalog.tables[name])
            logged = pa.table(opened.get_add_actions(flatten=True)).to_pylist()
        except (LakeError, OSError, ValueError) as error:
            yield Damage(name, str(path), " ".join(str(error).split()))
            continue
        told, committed = sum(entry["num_records"] or 0 for entry in logged), catalog.rows.get(name)
        if committed is not None and told != committed:
            damage = (
                f"its log tells of {told:,} rows, {committed:,} were committed: a part of the log is gone"
            )
            yield Damage(name, str(path), damage)
        for entry in logged:
            file = path / unquote(entry["path"])
            yield _read_through(spec, file, entry, checksums.get(file_key(name, file)))


def _read_through(spec: Table, path: Path, logged: dict[str, Any], checksum: str | None) -> ReadFile | Damage:
    if not path.exists():
        return Damage(spec.name, str(path), f"the file with {logged['num_records']:,} rows is gone")
    size = path.stat().st_size
    if size != logged["size_bytes"]:
        return Damage(
            spec.name,
            str(path),
            f"it has {size:,} bytes, {logged['size_bytes']:,} were written: cut short or overwritten",
        )
    try:
        if checksum is not None and is_changed(path, checksum):
            return Damage(spec.name, str(path), CHANGED)
        with pq.ParquetFile(path) as file:
            if wrong := _wrong_columns(spec, file.schema_arrow):
                return Damage(spec.name, str(path), wrong)
            rows = 0
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                rows += batch.num_rows
                if spec.name == "articles" and (text := _wrong_text(batch)):
                    return Damage(spec.name, str(path), text)
    except (pa.ArrowException, OSError, ValueError) as error:
        return Damage(spec.name, str(path), f"it cannot be read: {' '.join(str(error).split())[:200]}")
    if rows != logged["num_records"]:
        return Damage(spec.name, str(path), f"it holds {rows:,} rows, {logged['num_records']:,} were written")
    return ReadFile(spec.name, path, rows, checksum is not None)


def _wrong_columns(spec: Table, schema: pa.Schema) -> str | None:
    """A column of another type than declared, or one that is not declared; one that is absent came later."""
    declared = {column.name: column.arrow_type for column in spec.columns}
    for field in schema:
        if field.name not in declared:
            return f"the column {field.name} is not declared"
        if not _is_same_type(field.type, declared[field.name]):
            return f"the column {field.name} is {field.type}, declared is {declared[field.name]}"
    return None


def _is_same_type(found: pa.DataType, declared: pa.DataType) -> bool:
    """Equal but for the layout in memory that its writer noted, and for the names that Parquet gives to the items of lists."""
    if pa.types.is_string_view(found) or pa.types.is_large_string(found):
        return bool(pa.types.is_string(declared))
    if pa.types.is_list(declared) and (pa.types.is_list(found) or pa.types.is_large_list(found)):
        return _is_same_type(found.value_type, declared.value_type)
    if pa.types.is_struct(found) and pa.types.is_struct(declared):
        pairs = zip(found, declared, strict=False)
        return len(found) == len(declared) and all(
            one.name == two.name and _is_same_type(one.type, two.type) for one, two in pairs
        )
    return bool(found == declared)


def _wrong_text(batch: pa.RecordBatch) -> str | None:
    """An article whose title and text are not those whose hash stands with them: what compression does not notice."""
    columns = [batch.column(name).to_pylist() for name in ("article_id", "title", "text", "text_sha256")]
    for article_id, title, text, held in zip(*columns, strict=True):
        if text is not None and sha256_text(title, text) != held:
            return f"the text of the article {article_id} does not have its hash"
    return None


def check_content(lake: Path, catalog: Catalog) -> Iterator[Damage]:
    """Whatever must hold among the rows of all tables; only where every file can be read."""
    with tempfile.TemporaryDirectory() as spill, Snapshot(lake, catalog) as snapshot:
        snapshot.connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
        snapshot.connection.execute(f"SET temp_directory = {sql_text(spill)}")
        try:
            for name, damage in broken_rules(snapshot):
                yield Damage(name, str(table_path(catalog.folder(lake), name)), damage)
        except (LakeError, duckdb.Error) as error:
            yield Damage("", str(lake), f"the tables cannot be compared: {' '.join(str(error).split())}")
