"""JSON Lines: one article a line, in the record format of ``incidents extract``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from pipeline.records import ArticleRecord
from pipeline.sources.items import (
    EXCERPT_CHARACTERS,
    MAX_ARTICLE_BYTES,
    FailedItem,
    ParsedArticle,
    RejectedInput,
)
from pipeline.sources.raw import RawObject
from pipeline.sources.record import article_of_record

_DECODER = msgspec.json.Decoder(ArticleRecord)


def read_jsonl(raw: RawObject) -> Iterator[ParsedArticle | FailedItem]:
    """The articles of a JSONL file; a bad line becomes a failed item and the next one is read."""
    with raw.path.open("rb") as stream:
        for number, (line, byte_count) in enumerate(_lines(stream), start=1):
            if line.strip(b"\xef\xbb\xbf \t\r\n"):
                yield _read_line(line, byte_count, raw, f"{raw.location}:{number}")


def _lines(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Lines with their full size; of a line over the limit only the beginning is held in memory."""
    while line := stream.readline(MAX_ARTICLE_BYTES + 1):
        byte_count = len(line)
        while not line.endswith(b"\n") and (more := stream.readline(MAX_ARTICLE_BYTES)):
            byte_count += len(more)
            if more.endswith(b"\n"):
                break
        yield line, byte_count


def _read_line(line: bytes, byte_count: int, raw: RawObject, location: str) -> ParsedArticle | FailedItem:
    try:
        if byte_count > MAX_ARTICLE_BYTES:
            raise RejectedInput("line_too_long", f"{byte_count:,} bytes")
        record = decode_record(line.strip(b"\xef\xbb\xbf \t\r\n"))
        return article_of_record(record, raw, location, content_type="jsonl")
    except RejectedInput as rejected:
        return FailedItem(
            reason_code=rejected.reason_code,
            value=rejected.value,
            content=line[: EXCERPT_CHARACTERS * 4].decode("utf-8", errors="replace")[:EXCERPT_CHARACTERS],
            content_sha256=hashlib.sha256(line.strip()).hexdigest(),
            input_location=location,
            raw_sha256=raw.sha256,
        )


def decode_record(line: bytes) -> ArticleRecord:
    """The record that a line of JSON holds; rejects what is no JSON or has a field of a wrong type."""
    try:
        return _DECODER.decode(line)
    except msgspec.ValidationError as error:
        raise RejectedInput("wrong_type", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RejectedInput("broken_json", str(error)) from error
