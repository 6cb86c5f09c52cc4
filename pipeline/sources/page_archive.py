"""Fetched pages as a web archive (WARC): what a server answered, and what is known of the page beside it."""

from __future__ import annotations

import gzip
import io
import unicodedata
from pathlib import Path
from urllib.parse import quote

from fastwarc.warc import WarcRecord, WarcRecordType

from pipeline.sources.fetch import Answer
from pipeline.sources.warc import FAILURE_HEADER, LINK_HEADER, MODIFIED_HEADER, PUBLISHED_HEADER, TITLE_HEADER

_MAX_HEADER_CHARACTERS = 2_000


class PageArchive:
    """Writes records; the file exists once there is one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def files(self) -> list[Path]:
        """The archive, or nothing where nothing was written."""
        return [self._path] if self._path.exists() else []

    def add_answer(
        self,
        answer: Answer,
        *,
        published: str | None = None,
        modified: str | None = None,
        title: str | None = None,
        link: str | None = None,
    ) -> None:
        """What a server answered: its headers and bytes; chunks were put together on the way."""
        lines = [f"HTTP/1.1 {answer.status} {answer.phrase}"]
        for name, value in answer.headers:
            # The body is no longer in chunks, and a reader must not look for them.
            is_chunked = name.lower() == "transfer-encoding"
            lines.append(f"{'X-Crawler-' if is_chunked else ''}{name}: {value}")
        block = "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.raw
        known = {
            PUBLISHED_HEADER: published,
            MODIFIED_HEADER: modified,
            TITLE_HEADER: title,
            LINK_HEADER: link,
        }
        self._add(WarcRecordType.response, "application/http; msgtype=response", answer.url, block, known)

    def add_failure(self, url: str, reason_code: str, value: str) -> None:
        """A page that could not be had: the reader counts it and quarantines it with the reason."""
        self._add(
            WarcRecordType.metadata,
            "text/plain; charset=utf-8",
            url,
            value.encode(),
            {FAILURE_HEADER: reason_code},
        )

    def _add(
        self, kind: WarcRecordType, content_type: str, url: str, block: bytes, headers: dict[str, str | None]
    ) -> None:
        record = WarcRecord()
        record.init_headers(record_type=kind)
        record.headers["WARC-Target-URI"] = quote(url, safe="%/:=&?~#+!$,;'@()*[]", errors="replace")
        record.headers["Content-Type"] = content_type
        for name, value in headers.items():
            if value:
                record.headers[name] = _one_line(value)
        record.set_bytes_content(block)
        out = io.BytesIO()
        record.write(out, checksum_data=True)
        with self._path.open("ab") as stream:
            stream.write(gzip.compress(out.getvalue(), mtime=0))


def _one_line(value: str) -> str:
    """A value that fits into a header: no line ends, no other control characters."""
    shown = "".join(" " if unicodedata.category(character)[0] == "C" else character for character in value)
    return " ".join(shown.split())[:_MAX_HEADER_CHARACTERS]
