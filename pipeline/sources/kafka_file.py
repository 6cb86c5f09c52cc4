"""The file of one Kafka batch: its messages as they came, in Parquet; each is parsed in a process that can be killed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.ids import sha256_text
from pipeline.sources.items import (
    EXCERPT_CHARACTERS,
    MAX_ARTICLE_BYTES,
    FailedItem,
    ParsedArticle,
    RejectedInput,
)
from pipeline.sources.jsonl import decode_record
from pipeline.sources.raw import RawObject
from pipeline.sources.record import article_of_record
from pipeline.text.guard import map_guarded

KAFKA_ENDING = ".kafka.parquet"
_LOAD_SECONDS = 60.0
_MAX_BYTES = 1_500_000_000
_TYPES: dict[str, pa.DataType] = {
    "topic": pa.string(),
    "partition": pa.int32(),
    "offset": pa.int64(),
    "timestamp": pa.int64(),
    "key": pa.large_binary(),
    "value": pa.large_binary(),
}
_COLUMNS = pa.schema(_TYPES)


class KafkaMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message as the broker gave it. ``timestamp`` is in milliseconds; a tombstone has no ``value``."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None = None
    key: bytes | None = None
    value: bytes | None = None


class KeptMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message and the kept file that it is read from."""

    message: KafkaMessage
    raw: RawObject

    @property
    def location(self) -> str:
        """``FILE:TOPIC/PARTITION/OFFSET``."""
        message = self.message
        return f"{self.raw.location}:{message.topic}/{message.partition}/{message.offset}"


def write_messages(path: Path, messages: Iterable[KafkaMessage]) -> None:
    """Write messages as one file, by partition and offset: the same messages make the same bytes."""
    ordered = sorted(messages, key=lambda message: (message.topic, message.partition, message.offset))
    rows = [msgspec.structs.asdict(message) for message in ordered]
    pq.write_table(pa.Table.from_pylist(rows, schema=_COLUMNS), path, compression="zstd")


def read_messages(raw: RawObject) -> Iterator[KeptMessage | FailedItem]:
    """The messages of a file; one over the size of an article is a failed item.

    Raises:
        RejectedInput: the file is no file of messages.
    """
    [loaded] = map_guarded(load_messages, [raw.path], workers=1, seconds=_LOAD_SECONDS)
    if loaded.made is None:
        raise RejectedInput("broken_parquet", loaded.failure or "nothing was read")
    if isinstance(loaded.made, RejectedInput):
        raise loaded.made
    for message in loaded.made:
        kept = KeptMessage(message=message, raw=raw)
        if len(message.value or b"") > MAX_ARTICLE_BYTES:
            yield rejected_message(
                kept, RejectedInput("message_too_large", f"{len(message.value or b''):,} bytes")
            )
        else:
            yield kept


def load_messages(path: Path) -> list[KafkaMessage] | RejectedInput:
    """The messages of a file, or why it holds none; runs in a worker process, for the file may be anyone's."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            if not file.schema_arrow.equals(_COLUMNS):
                return RejectedInput(
                    "broken_parquet",
                    f"its columns are not {', '.join(_COLUMNS.names)} as a Kafka batch has them",
                )
            rows = (row for batch in file.iter_batches(use_threads=False) for row in _rows(batch))
            return [KafkaMessage(**row) for row in rows]
    except RejectedInput as rejected:
        return rejected
    except (pa.ArrowException, OSError, ValueError) as error:
        return RejectedInput("broken_parquet", f"{error}"[:200])


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    if batch.nbytes > _MAX_BYTES:
        raise RejectedInput("broken_parquet", f"{batch.num_rows:,} messages of {batch.nbytes:,} bytes")
    rows: list[dict[str, Any]] = batch.to_pylist()
    return rows


def read_message(kept: KeptMessage) -> ParsedArticle | FailedItem:
    """The article of a message, or why there is none."""
    try:
        return article_of_record(
            decode_record(_content(kept.message)), kept.raw, kept.location, content_type="kafka"
        )
    except RejectedInput as rejected:
        code = "broken_message" if rejected.reason_code == "broken_json" else rejected.reason_code
        return rejected_message(kept, RejectedInput(code, rejected.value))


def _content(message: KafkaMessage) -> bytes:
    if message.value is None:
        raise RejectedInput("empty_message", "a tombstone")
    content = message.value.strip(b"\xef\xbb\xbf \t\r\n")
    if not content:
        raise RejectedInput("empty_message", f"{len(message.value):,} bytes")
    return content


def rejected_message(kept: KeptMessage, rejected: RejectedInput) -> FailedItem:
    """The failed item of a message: read again from the same place it is the same item."""
    message = kept.message
    value = message.value or b""
    place = (message.topic, str(message.partition), str(message.offset))
    return FailedItem(
        reason_code=rejected.reason_code,
        value=rejected.value,
        content=value[: EXCERPT_CHARACTERS * 4].decode("utf-8", errors="replace")[:EXCERPT_CHARACTERS],
        content_sha256=sha256_text(*place, hashlib.sha256(value).hexdigest()),
        input_location=kept.location,
        raw_sha256=kept.raw.sha256,
    )
