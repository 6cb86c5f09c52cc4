"""CSV: one article a row, the columns named like the fields of a JSONL record; comma, semicolon, tab or bar between cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from pipeline.records import ArticleRecord
from pipeline.sources.columns import field_columns, rejected_row
from pipeline.sources.items import MAX_ARTICLE_BYTES, FailedItem, ParsedArticle, RejectedInput
from pipeline.sources.raw import RawObject
from pipeline.sources.record import article_of_record
from pipeline.text.decode import UndecodableText, decode_text, is_binary

MAX_ROW_CHARACTERS = MAX_ARTICLE_BYTES
_SAMPLE_BYTES = 1 << 20
_DELIMITERS = ",;\t|"


def read_csv(raw: RawObject) -> Iterator[ParsedArticle | FailedItem]:
    """The articles of a CSV file; a bad row becomes a failed item and the next one is read.

    Raises:
        RejectedInput: it is no table, or none of articles.
    """
    csv.field_size_limit(2 * MAX_ARTICLE_BYTES)  # rows are bounded by _Lines, before a cell can be
    with raw.path.open("rb") as stream:
        charset = _charset(stream)
        encoding = charset.partition(":")[2] or charset
        text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
        lines = _Lines(text)
        try:
            header = next((line for line in lines if line.strip()), "")
            delimiter = max(_DELIMITERS, key=header.count)
            names = next(csv.reader([header], delimiter=delimiter), [])
            columns = field_columns(names)
            rows = csv.reader(lines, delimiter=delimiter, strict=True)
            while True:
                lines.start_row()
                if (made := _next_row(rows, lines, len(names), columns, raw, charset)) is not None:
                    yield made
                elif not lines.row:
                    return
        except csv.Error as error:
            raise RejectedInput("broken_row", f"{error}, in the header") from error
        except UnicodeError as error:
            raise RejectedInput("undecodable_text", f"{error}, after line {lines.number}") from error


class _Lines:
    """Lines of text; what the current row was made of is kept, and never more than a row may have."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self.number = 0
        self.start_row()

    def start_row(self) -> None:
        """Forget the row before."""
        self.row: list[str] = []
        self.row_characters = 0
        self.row_number = self.number + 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(MAX_ROW_CHARACTERS + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.row.append(line)
        self.row_characters += len(line)
        while not line.endswith(("\n", "\r")) and (more := self._stream.readline(MAX_ROW_CHARACTERS)):
            self.row_characters += len(more)
            line = more
        if self.row_characters > MAX_ROW_CHARACTERS:
            raise RejectedInput("line_too_long", f"{self.row_characters:,} characters")
        return line


def _next_row(
    rows: Iterator[list[str]],
    lines: _Lines,
    width: int,
    columns: dict[str, int],
    raw: RawObject,
    charset: str,
) -> ParsedArticle | FailedItem | None:
    """The item of the next row; ``None`` for a blank line and at the end."""
    try:
        cells = next(rows, [])
        if not any(cell.strip() for cell in cells):
            return None
        location = f"{raw.location}:{lines.row_number}"
        record = _record(cells, width, columns)
        return article_of_record(record, raw, location, content_type="csv", charset=charset)
    except csv.Error as error:
        rejected = RejectedInput("broken_row", str(error))
    except RejectedInput as error:
        rejected = error
    return rejected_row(rejected, "".join(lines.row), f"{raw.location}:{lines.row_number}", raw)


def _record(cells: list[str], width: int, columns: dict[str, int]) -> ArticleRecord:
    if len(cells) != width:
        raise RejectedInput("broken_row", f"{len(cells)} cells under {width} columns")
    fields = {name: cells[place] or None for name, place in columns.items()}
    for name, cell in fields.items():
        if cell is not None and any("\ud800" <= character <= "\udfff" for character in cell):
            raise RejectedInput("undecodable_text", f"the column {name}")
    return ArticleRecord(**fields)


def _charset(stream: BinaryIO) -> str:
    """The character set of the first megabyte; damaged UTF-8 is UTF-8, its damaged rows are rejected alone."""
    sample = stream.read(_SAMPLE_BYTES)
    stream.seek(0)
    if not sample.strip():
        raise RejectedInput("empty_file", f"{len(sample):,} blanks")
    if is_binary(sample):
        raise RejectedInput("binary_file", f"it begins with {sample[:8]!r}")
    whole_lines = sample[: sample.rfind(b"\n") + 1] if len(sample) == _SAMPLE_BYTES else sample
    try:
        return decode_text(whole_lines)[1]
    except UndecodableText:
        return next(
            (
                name
                for mark, name in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
                if sample.startswith(mark)
            ),
            "utf-8",
        )
