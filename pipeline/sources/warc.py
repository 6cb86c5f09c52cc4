"""Web archives (WARC, plain or compressed): each HTML response is a page; what is broken is counted, and read past."""

from __future__ import annotations

import hashlib
import mmap
import re
from collections.abc import Iterator
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from pipeline.ids import sha256_text
from pipeline.sources.html_page import Page
from pipeline.sources.items import EXCERPT_CHARACTERS, FailedItem, RejectedInput
from pipeline.sources.raw import RawObject
from pipeline.text.html import MAX_PAGE_BYTES

MAX_RECORD_BYTES = 20_000_000
_PASSABLE_BYTES = 1_000_000_000
"""A longer record is not even skipped: reading on behind it would unpack all of it."""
_MAX_BROKEN_PARTS = 1_000
_HEADER_BYTES = 1_000_000
_RECORD_START = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]|WARC/1\.[01]\r?\n")
_ANSWER_HEADER = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n"
HTML_TYPES = {"text/html", "application/xhtml+xml"}
PUBLISHED_HEADER = "WARC-X-Published"
"""Publication date in the feed that led to the page."""
MODIFIED_HEADER = "WARC-X-Modified"
"""When the feed said that the page was changed, where it was fetched again for that."""
TITLE_HEADER = "WARC-X-Title"
LINK_HEADER = "WARC-X-Link"
"""Address the feed gives; the page may have been found behind redirects."""
FAILURE_HEADER = "WARC-X-Failure"
"""Reason why a page could not be fetched; the record's content is what happened."""
FAILURES = {
    "fetch_refused",
    "fetch_failed",
    "robots_disallowed",
    "page_gone",
    "page_not_html",
    "page_too_large",
}
_MAX_FAILURE_BYTES = 10_000


def read_warc(raw: RawObject) -> Iterator[Page | FailedItem]:
    """The HTML pages of an archive. Other records (requests, pictures, revisits, errors of servers) are no articles.

    A part that cannot be read is one failed item, and reading goes on at the next record that can.
    """
    number = broken = offset = 0
    with raw.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        while offset >= 0:
            stream.seek(offset)
            reached, read, problem = offset, 0, None
            records = _records(stream)
            while (record := next(records, None)) is not None:
                if isinstance(record, str):
                    problem = record
                    break
                reached, read, number = offset + record.stream_pos, read + 1, number + 1
                if record.content_length > _PASSABLE_BYTES:
                    problem = f"a record of {record.content_length:,} bytes"
                    break
                found = _page(record, raw, f"{raw.location}:{number}")
                if found is not None:
                    yield found
            if problem is None:
                if not number and not broken:
                    raise RejectedInput("broken_warc", "it holds no record")
                return
            if read or not broken:
                yield _broken_part(problem, reached, number, content, raw)
            broken += 1
            if broken > _MAX_BROKEN_PARTS:
                raise RejectedInput(
                    "broken_warc", f"over {_MAX_BROKEN_PARTS:,} broken parts, from byte {reached:,} on"
                )
            offset = _next_start(content, reached)


def _records(stream: Any) -> Iterator[WarcRecord | str]:
    """The records from where the stream stands; where they cannot be read on, why, as a last one."""
    try:
        yield from ArchiveIterator(
            stream, record_types=WarcRecordType.any_type, parse_http=False, max_header_len=_HEADER_BYTES
        )
    except BaseException as error:
        # FastWARC's panics are no Exceptions.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        yield str(error)[:200]


def _next_start(content: mmap.mmap, behind: int) -> int:
    """Where the next record may begin; -1 where none does."""
    match = _RECORD_START.search(content, behind + 1)
    return match.start() if match else -1


def _broken_part(problem: str, offset: int, number: int, content: mmap.mmap, raw: RawObject) -> FailedItem:
    excerpt = content[offset : offset + EXCERPT_CHARACTERS]
    return FailedItem(
        reason_code="broken_warc",
        value=f"{problem}, in or behind the record at byte {offset:,}",
        content=excerpt.decode("utf-8", errors="replace"),
        content_sha256=sha256_text(raw.sha256, str(offset)),
        input_location=f"{raw.location}:{number + 1}",
        raw_sha256=raw.sha256,
    )


def _page(record: WarcRecord, raw: RawObject, location: str) -> Page | FailedItem | None:
    """The page of a response, ``None`` for records that hold none."""
    if record.headers.get(FAILURE_HEADER) in FAILURES:
        return _failure(record, raw, location)
    if record.record_type != WarcRecordType.response:
        return None
    content = b""
    url = (record.headers.get("WARC-Target-URI") or "").strip("<>") or None
    try:
        if record.content_length > MAX_RECORD_BYTES:
            raise RejectedInput("page_too_large", f"{record.content_length:,} bytes")
        _check_whole(record)
        answer = _answer(record.reader.read())
        if answer.http_headers is None:
            raise RejectedInput("broken_record", "it holds no HTTP answer")
        if answer.http_headers.status_code != 200 or answer.http_content_type not in HTML_TYPES:
            return None
        content = answer.reader.read(MAX_PAGE_BYTES + 1)
        if len(content) > MAX_PAGE_BYTES:
            raise RejectedInput("page_too_large", f"over {MAX_PAGE_BYTES:,} bytes")
        if url is None:
            raise RejectedInput("broken_record", "it has no WARC-Target-URI")
    except (OSError, ValueError) as error:
        rejected = RejectedInput("broken_record", str(error)[:200])
    except RejectedInput as error:
        rejected = error
    else:
        return Page(
            content=content,
            location=location,
            raw_sha256=raw.sha256,
            url=url,
            charset=answer.http_charset,
            published=record.headers.get(PUBLISHED_HEADER),
            modified=record.headers.get(MODIFIED_HEADER),
            title=record.headers.get(TITLE_HEADER),
        )
    return FailedItem(
        reason_code=rejected.reason_code,
        value=rejected.value,
        content=content[:EXCERPT_CHARACTERS].decode("utf-8", errors="replace") or url,
        content_sha256=sha256_text(raw.sha256, location.rpartition(":")[2]),
        input_location=location,
        raw_sha256=raw.sha256,
    )


def _failure(record: WarcRecord, raw: RawObject, location: str) -> FailedItem:
    """A page that could not be fetched."""
    code, url = str(record.headers[FAILURE_HEADER]), record.headers.get("WARC-Target-URI") or ""
    value = bytes(record.reader.read(_MAX_FAILURE_BYTES)).decode("utf-8", errors="replace")
    return FailedItem(
        reason_code=code,
        value=value,
        content=url,
        content_sha256=sha256_text(code, url),
        input_location=location,
        raw_sha256=raw.sha256,
    )


def _answer(block: bytes) -> WarcRecord:
    """The HTTP answer in a record's block. Parsed apart from the archive, which a wrong encoding would end."""
    record = WarcRecord.from_bytes(_ANSWER_HEADER % len(block) + block + b"\r\n\r\n")
    record.parse_http(auto_decode="all")
    return record


def _check_whole(record: WarcRecord) -> None:
    """Hold the record in memory and reject it where it is cut off or its digest tells another content."""
    declared = record.content_length
    record.freeze()
    if record.content_length != declared:
        raise RejectedInput("broken_record", f"{record.content_length:,} of {declared:,} bytes are there")
    if cut := record.headers.get("WARC-Truncated"):
        raise RejectedInput("broken_record", f"its crawler cut it off ({cut})")
    digest = record.headers.get("WARC-Block-Digest") or ""
    algorithm = digest.partition(":")[0].lower()
    if algorithm in hashlib.algorithms_available and not record.verify_block_digest():
        raise RejectedInput("broken_record", f"its content does not have the digest {digest}")
