"""Bodies of HTTP answers, unpacked while they arrive, so that one that swells is stopped early."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import brotli

from pipeline.sources.items import RejectedInput

MAX_RATIO = 100
_ALWAYS_ALLOWED_BYTES = 1_000_000
"""Below this, how far a body swells does not matter."""
_STEP_BYTES = 65_536


class Body:
    """Collects an answer's body: ``raw`` as it came, ``content`` unpacked; never more than ``limit`` bytes."""

    def __init__(self, encoding: str, limit: int) -> None:
        self.raw = bytearray()
        self.content = bytearray()
        self._limit = limit
        self._unpack = _unpacker(encoding)

    def add(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            RejectedInput: the body is too large, swells too much, or is not encoded as its header says.
        """
        self.raw += chunk
        if self._unpack is None:
            self.content += chunk
            self._check()
            return
        try:
            for part in self._unpack.parts(chunk):
                self.content += part
                self._check()
        except (zlib.error, brotli.error) as error:
            raise RejectedInput(
                "fetch_failed", f"the body is not encoded as its header says ({error})"
            ) from error

    def close(self) -> None:
        """Check that the body is whole.

        Raises:
            RejectedInput: its encoding ends early.
        """
        if self._unpack is not None and self.raw and not self._unpack.is_whole():
            raise RejectedInput("fetch_failed", "the body ends early")

    def _check(self) -> None:
        size = len(self.content)
        if size > self._limit or len(self.raw) > self._limit:
            raise RejectedInput("page_too_large", f"over {self._limit:,} bytes")
        if size > _ALWAYS_ALLOWED_BYTES and size > MAX_RATIO * len(self.raw):
            raise RejectedInput("fetch_refused", f"the body unpacks to over {MAX_RATIO} times its size")


class _Zlib:
    def __init__(self, window: int) -> None:
        self._window = window
        self._decoder = zlib.decompressobj(window)

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """The unpacked bytes of a chunk, in steps; a body may be several gzip members, one behind the other."""
        rest, part = chunk, b""
        while rest or len(part) == _STEP_BYTES:
            if self._decoder.eof:
                self._decoder = zlib.decompressobj(self._window)
            part = self._decoder.decompress(rest, _STEP_BYTES)
            yield part
            if self._decoder.eof:
                rest, part = self._decoder.unused_data, b""
            else:
                rest = self._decoder.unconsumed_tail

    def is_whole(self) -> bool:
        """True where nothing is missing at the end."""
        return self._decoder.eof


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """The unpacked bytes of a chunk, in steps."""
        part = self._decoder.process(chunk, output_buffer_limit=_STEP_BYTES)
        while part:
            yield part
            part = self._decoder.process(b"", output_buffer_limit=_STEP_BYTES)

    def is_whole(self) -> bool:
        """True where nothing is missing at the end."""
        return bool(self._decoder.is_finished())


def _unpacker(encoding: str) -> _Zlib | _Brotli | None:
    """What unpacks a ``Content-Encoding``; those that the reader of web archives knows too, one of them at most."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return None
    if name == "gzip":
        return _Zlib(zlib.MAX_WBITS | 16)
    if name == "deflate":
        return _Zlib(zlib.MAX_WBITS)
    if name == "br":
        return _Brotli()
    raise RejectedInput("fetch_refused", f"the body has the encoding {name[:80]!r}")
