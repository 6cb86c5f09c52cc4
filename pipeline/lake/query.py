"""Users' SQL against ``incidents.duckdb``: reading only, without network or other files, within limits.

It runs in a process of its own (``pipeline.lake.sandbox``), which is stopped when it takes too long and started again after it died.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow as pa

from pipeline.config import Settings
from pipeline.errors import QueryError
from pipeline.files import QUERY_SCRATCH, scratch_folder
from pipeline.lake.catalog import REMEDY
from pipeline.lake.sandbox import ASK, END, FAILED, FRAME, STOP, End, Question, send
from pipeline.lake.views import read_shown

MEMORY_LIMIT = 4 << 30
QUERY_SECONDS = 300.0
_GRACE_SECONDS = 2.0
_MAX_LIMIT = 2**63 - 1
_NO_TEXT = re.compile("[\ud800-\udfff]")
"""What Python reads for a byte that is no UTF-8."""
_DAMAGE_WORDS = (".parquet", "TProtocolException", "Decompression")
"""What DuckDB says over a file of the lake that is gone, cut short or overwritten."""
_PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT")


class Answer:
    """The rows of one statement as they come, in batches; after them ``is_cut`` says whether there were more."""

    def __init__(self, sandbox: Sandbox, seconds: float) -> None:
        self._sandbox = sandbox
        self._seconds = self._left = seconds
        self.is_cut = False
        self.schema: pa.Schema = next(iter(self)).schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        while True:
            before = time.monotonic()
            kind, content = self._sandbox.receive(self._left, allowed=self._seconds)
            self._left -= time.monotonic() - before  # the reader's own time does not count
            if kind == END:
                self.is_cut = msgspec.json.decode(content, type=End).is_cut
                return
            yield pa.ipc.open_stream(content).read_next_batch()


class Sandbox:
    """The process that runs the SQL, and its scratch folder."""

    def __init__(self, database: Path, scratch: Path, memory: int = MEMORY_LIMIT) -> None:
        self._command = [
            sys.executable,
            "-P",
            "-m",
            "pipeline.lake.sandbox",
            str(database),
            str(scratch),
            str(memory),
        ]
        self._scratch, self._memory = scratch, memory
        self._process: subprocess.Popen[bytes] | None = None
        self._is_answering = False

    def ask(self, sql: str, *, seconds: float = QUERY_SECONDS, limit: int | None = None) -> Answer:
        """Run one statement that reads; of its rows at most ``limit`` come.

        Raises:
            QueryError: the SQL is wrong, is more than one statement, writes, names what it may not, or takes too long.
        """
        if _NO_TEXT.search(sql):
            raise QueryError("The statement holds what is no text in UTF-8. Write it anew.")
        if limit is not None and limit > _MAX_LIMIT:
            raise QueryError(f"The limit {limit} is more rows than there can be: at most {_MAX_LIMIT}.")
        if self._is_answering:
            self._stop_statement()
        self._send(ASK, msgspec.json.encode(Question(sql, limit)))
        self._is_answering = True
        return Answer(self, seconds)

    def receive(self, seconds: float, *, allowed: float) -> tuple[bytes, bytes]:
        """The next message of the running statement; stops it when ``seconds`` are over, and on Ctrl-C."""
        try:
            message = self._message(seconds)
        except KeyboardInterrupt:
            self._stop_statement()
            raise
        if message is None:
            self._stop_statement()
            raise QueryError(f"The query took more than {allowed:g} seconds and was stopped. Narrow it down.")
        if message[0] == FAILED:
            told = message[1].decode()
            is_damage = any(word in told for word in _DAMAGE_WORDS)
            raise QueryError(f"{told.rstrip('.')}. {REMEDY}" if is_damage else told)
        return message

    @property
    def process_id(self) -> int | None:
        """The process that runs now; none before the first question and after a death."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None
        self._is_answering = False

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
                cwd=self._scratch, env=environment, start_new_session=True,
            )  # fmt: skip
        return self._process

    def _send(self, kind: bytes, content: bytes = b"") -> None:
        process = self._running()
        assert process.stdin
        try:
            send(process.stdin, kind, content)
        except BrokenPipeError:
            raise QueryError(self._obituary()) from None

    def _message(self, seconds: float) -> tuple[bytes, bytes] | None:
        """The next message; ``None`` where none comes in time."""
        assert self._process
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], max(seconds, 0))[0]:
            return None
        kind, length = FRAME.unpack(self._bytes(FRAME.size))
        content = self._bytes(length)
        if kind in {END, FAILED}:
            self._is_answering = False
        return kind, content

    def _bytes(self, count: int) -> bytes:
        assert self._process
        assert self._process.stdout
        parts: list[bytes] = []
        while count > 0:
            part = self._process.stdout.read(count)
            if not part:
                raise QueryError(self._obituary())
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _stop_statement(self) -> None:
        """Interrupt the statement and read what it still sends; kill the process where that does not help."""
        self._send(STOP)
        deadline = time.monotonic() + _GRACE_SECONDS
        while self._is_answering:
            if self._message(deadline - time.monotonic()) is None:
                return self.close()

    def _obituary(self) -> str:
        assert self._process
        status = self._process.wait()
        self.close()
        what = f"{'signal' if status < 0 else 'exit code'} {abs(status)}"
        cause = (
            f"Most likely it needed more than the {self._memory >> 20} MiB of memory it may use: narrow the query down."
            if status == -signal.SIGKILL
            else "DuckDB has failed over it: ask in another way."
        )
        return f"The process that ran the query died ({what}); the lake is unharmed. {cause}"


@contextmanager
def reading(database: Path, memory: int = MEMORY_LIMIT) -> Iterator[Sandbox]:
    """A process that reads the views and the lake's files, and nothing else.

    Raises:
        QueryError: there is no database yet.
    """
    if not database.exists():
        raise QueryError(f"There is no {database} yet. Publish articles first: incidents run PATH.")
    with scratch_folder(QUERY_SCRATCH) as scratch:
        sandbox = Sandbox(database, scratch, memory)
        try:
            yield sandbox
        finally:
            sandbox.close()


@contextmanager
def reading_lake(settings: Settings) -> Iterator[Sandbox]:
    """The same of the database of an installation, which shows the lake that lies there.

    Raises:
        QueryError: there is no database yet, or it shows the lake of another folder.
    """
    shown = read_shown(settings.database)
    if shown is not None and shown.lake != str(settings.lake):
        raise QueryError(
            f"{settings.database} shows the lake in {shown.lake}, and not the one in {settings.lake}: it was made before the "
            "folder was moved or copied. Make it anew: incidents lake compact."
        )
    with reading(settings.database) as sandbox:
        yield sandbox


def run_query(sandbox: Sandbox, sql: str, *, seconds: float = QUERY_SECONDS) -> pa.Table:
    """All rows of one statement, in memory."""
    answer = sandbox.ask(sql, seconds=seconds)
    return pa.Table.from_batches(list(answer), schema=answer.schema)
