"""Parquet: one article a row, the columns named like the fields of a JSONL record; looked through first where it can be killed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.records import ArticleRecord
from pipeline.sources.columns import field_columns, rejected_row
from pipeline.sources.items import MAX_ARTICLE_BYTES, FailedItem, ParsedArticle, RejectedInput
from pipeline.sources.raw import RawObject
from pipeline.sources.record import article_of_record
from pipeline.text.guard import map_guarded

_BATCH_ROWS = 128
_BATCH_BYTES = 256_000_000
"""128 articles of 2 MB; a batch above it is no news but an attack."""
_MAX_ROWS = 5_000_000
_FREE_BYTES = 64_000_000
_MAX_RATIO = 200
"""A file that unpacks to more than this many times its size, and to more than the free bytes, is an attack."""
_PROBE_SECONDS = 60.0
_STRING_BYTES = 16_000_000


def read_parquet(raw: RawObject) -> Iterator[ParsedArticle | FailedItem]:
    """The articles of a Parquet file; a bad row becomes a failed item, and so does a row group that cannot be read.

    Raises:
        RejectedInput: the file cannot be read at all, or its columns are not those of articles.
    """
    [probe] = map_guarded(probe_parquet, [raw.path], workers=1, seconds=_PROBE_SECONDS, tries=1)
    if probe.failure is not None or probe.made is None:
        raise RejectedInput("broken_parquet", probe.failure or "nothing was read")
    if isinstance(probe.made, RejectedInput):
        raise probe.made
    with _open(raw.path) as file:
        columns = _columns(file)
        number = 0
        for group, problem in enumerate(probe.made):
            rows = file.metadata.row_group(group).num_rows
            if problem is None:
                yield from _group_items(file, group, columns, number, raw)
            else:
                content = f"row group {group}: {rows:,} rows from row {number + 1:,}, which cannot be read"
                rejected = RejectedInput("broken_parquet", f"row group {group}: {problem}")
                yield rejected_row(rejected, f"{raw.sha256} {content}", f"{raw.location}:{number + 1}", raw)
            number += rows


def probe_parquet(path: Path) -> list[str | None] | RejectedInput:
    """Read the file through, keeping nothing: for each row group ``None``, or why it cannot be read."""
    try:
        with _open(path) as file:
            columns = _columns(file)
            if file.metadata.num_rows > _MAX_ROWS:
                raise RejectedInput("broken_parquet", f"{file.metadata.num_rows:,} rows, over {_MAX_ROWS:,}")
            problems: list[str | None] = []
            unpacked = 0
            for group in range(file.num_row_groups):
                byte_count, problem = _probe_group(file, group, columns)
                problems.append(problem)
                unpacked += byte_count
                if unpacked > max(_FREE_BYTES, _MAX_RATIO * path.stat().st_size):
                    value = f"{path.stat().st_size:,} bytes that unpack to over {unpacked:,}"
                    raise RejectedInput("broken_parquet", value)
            return problems
    except RejectedInput as rejected:
        return rejected


def _probe_group(file: pq.ParquetFile, group: int, columns: dict[str, str]) -> tuple[int, str | None]:
    """How many bytes the row group unpacks to, and why it cannot be read, if so."""
    byte_count = rows = 0
    try:
        for batch in _batches(file, group, columns):
            rows += batch.num_rows
            batch_bytes = sum(_unpacked_bytes(column) for column in batch.columns)
            byte_count += batch_bytes
            if batch_bytes > _BATCH_BYTES:
                return byte_count, f"{batch.num_rows} rows of {batch_bytes:,} bytes"
            if rows > _MAX_ROWS:
                return byte_count, f"over {_MAX_ROWS:,} rows"
    except (pa.ArrowException, OSError, ValueError) as error:
        return byte_count, f"{error}"[:200]
    return byte_count, None


def _unpacked_bytes(column: Any) -> int:
    """Bytes with each repeated value counted as often as it stands there."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return int(column.nbytes)


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(
            path,
            pre_buffer=False,
            thrift_string_size_limit=_STRING_BYTES,
            thrift_container_size_limit=1_000_000,
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RejectedInput("broken_parquet", f"{error}"[:200]) from error


def _columns(file: pq.ParquetFile) -> dict[str, str]:
    """Field to column, by the file's own names."""
    names = file.schema_arrow.names
    return {field: names[place] for field, place in field_columns(names).items()}


def _batches(file: pq.ParquetFile, group: int, columns: dict[str, str]) -> Iterator[pa.RecordBatch]:
    return file.iter_batches(
        batch_size=_BATCH_ROWS, row_groups=[group], columns=list(columns.values()), use_threads=False
    )


def _group_items(
    file: pq.ParquetFile, group: int, columns: dict[str, str], before: int, raw: RawObject
) -> Iterator[ParsedArticle | FailedItem]:
    number = before
    for batch in _batches(file, group, columns):
        cells = {field: _readable(batch.column(name)) for field, name in columns.items()}
        for row in range(batch.num_rows):
            number += 1
            yield _item(
                {name: column[row] for name, column in cells.items()}, raw, f"{raw.location}:{number}"
            )


def _readable(column: Any) -> Any:
    """Nanoseconds, which Python's times do not have, are cut to microseconds."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    return column


def _item(row: dict[str, Any], raw: RawObject, location: str) -> ParsedArticle | FailedItem:
    shown: dict[str, Any] = {}
    try:
        for name, cell in row.items():
            shown[name] = _value(name, cell)
        try:
            record = msgspec.convert(shown, ArticleRecord)
        except msgspec.ValidationError as error:
            raise RejectedInput("wrong_type", str(error)) from error
        return article_of_record(record, raw, location, content_type="parquet")
    except RejectedInput as rejected:
        content = orjson.dumps(shown, default=repr, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
        return rejected_row(rejected, content, location, raw)


def _value(name: str, cell: Any) -> Any:
    """A cell as a record holds it: bytes are UTF-8, times ISO 8601."""
    try:
        value = cell.as_py()
        if isinstance(value, bytes):
            value = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RejectedInput("undecodable_text", f"the column {name}") from error
    except (ValueError, OverflowError) as error:
        raise RejectedInput("wrong_type", f"{name}: {error}") from error
    if isinstance(value, str) and len(value) > MAX_ARTICLE_BYTES:
        raise RejectedInput("line_too_long", f"{len(value):,} characters in {name}")
    return value.isoformat() if isinstance(value, dt.date) else value
