"""The process that runs users' SQL: ``python -m pipeline.lake.sandbox DATABASE SCRATCH MEMORY_BYTES``.

It answers questions from standard input on standard output, one at a time (``pipeline.lake.query`` is the other end). It may read
the views' own files and nothing else, may write only to its scratch folder, and dies of what it takes too much of.
"""

from __future__ import annotations

import os
import queue
import re
import resource
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import duckdb
import msgspec
import pyarrow as pa

from pipeline.errors import QueryError
from pipeline.lake.database import open_database
from pipeline.lake.plain_types import plain_columns
from pipeline.lake.snapshot import sql_text
from pipeline.lake.sql_rules import Names, checked

FRAME = struct.Struct(">cI")
"""What stands before each message: its kind and its length in bytes."""
ROWS, END, FAILED, ASK, STOP = b"R", b"E", b"F", b"A", b"S"
BATCH_ROWS = 10_000
BATCH_BYTES = 8 << 20
MAX_SCRATCH_BYTES = 20 << 30
_ADDRESS_SPACE_BEYOND_MEMORY = 4 << 30
_TOO_LARGE = (
    "The question needs more memory, or more room on the disk, than it may have ({gibibytes:.1f} GiB of memory). "
    "Ask for fewer rows or columns, or for a shorter time."
)
_FILE = re.compile(r"'((?:[^']|'')*\.parquet)'")


class Question(msgspec.Struct):
    """One statement; of its rows at most ``limit`` are wanted."""

    sql: str
    limit: int | None = None


class End(msgspec.Struct):
    """After the last rows; ``is_cut`` where there were more than wanted."""

    is_cut: bool


def send(stream: IO[bytes], kind: bytes, content: bytes) -> None:
    """Write one message."""
    stream.write(FRAME.pack(kind, len(content)) + content)
    stream.flush()


def confined(database: str, scratch: str, memory_bytes: int) -> duckdb.DuckDBPyConnection:
    """A connection that reads the files its views name, and nothing else."""
    connection = open_database(Path(database))
    views = connection.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall()
    files = sorted({file.replace("''", "'") for (sql,) in views for file in _FILE.findall(sql)})
    for setting in (
        "TimeZone = 'UTC'",
        f"memory_limit = '{memory_bytes}B'",
        f"threads = {min(os.cpu_count() or 1, 8)}",
        f"temp_directory = {sql_text(scratch)}",
        f"max_temp_directory_size = '{MAX_SCRATCH_BYTES}B'",
        "python_enable_replacements = false",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "allow_community_extensions = false",
        f"allowed_paths = [{', '.join(map(sql_text, files))}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")
    return connection


def _answer(connection: duckdb.DuckDBPyConnection, names: Names, asked: Question, out: IO[bytes]) -> None:
    relation = connection.sql(checked(connection, names, asked.sql))
    if relation is None:
        raise QueryError("The statement has no result.")
    plain = plain_columns(relation.columns, relation.types)
    if plain is not None:
        relation = relation.project(plain)
    reader = relation.to_arrow_reader(BATCH_ROWS)
    sent = 0
    send(out, ROWS, _ipc(pa.RecordBatch.from_pylist([], schema=reader.schema)))
    for batch in reader:
        wanted = batch if asked.limit is None else batch.slice(0, asked.limit - sent)
        for part in _parts(wanted):
            send(out, ROWS, _ipc(part))
        sent += wanted.num_rows
        if wanted.num_rows < batch.num_rows:
            reader.close()
            return send(out, END, msgspec.json.encode(End(is_cut=True)))
    send(out, END, msgspec.json.encode(End(is_cut=False)))


def _parts(batch: Any) -> Iterator[Any]:
    """The rows in messages of bounded size, or of one row: the other end holds a whole message in memory."""
    rows = max(1, batch.num_rows * BATCH_BYTES // max(batch.nbytes, BATCH_BYTES))
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def _ipc(batch: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _listen(
    stream: IO[bytes], questions: queue.Queue[Question], connection: duckdb.DuckDBPyConnection
) -> None:
    """Take questions, and interrupt the running one when told to; end the process with the one that asks."""
    while len(header := stream.read(FRAME.size)) == FRAME.size:
        kind, length = FRAME.unpack(header)
        content = stream.read(length)
        if kind == STOP:
            connection.interrupt()
        else:
            questions.put(msgspec.json.decode(content, type=Question))
    os._exit(0)


def _refuse(stream: IO[bytes], out: IO[bytes], why: str) -> None:
    """Say why to every question, until standard input ends."""
    while len(header := stream.read(FRAME.size)) == FRAME.size:
        kind, length = FRAME.unpack(header)
        stream.read(length)
        if kind == ASK:
            send(out, FAILED, why.encode())


def main() -> None:
    """Answer until standard input ends."""
    database, scratch, memory = sys.argv[1], sys.argv[2], int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_AS, (memory + _ADDRESS_SPACE_BEYOND_MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_SCRATCH_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout.buffer
    try:
        connection = confined(database, scratch, memory)
        names = Names.of(connection)
    except (duckdb.Error, OSError) as error:
        told = " ".join(str(error).split()).rstrip(".")
        return _refuse(
            sys.stdin.buffer,
            out,
            f"The database {database} cannot be opened: {told}. Remove it; the next run makes it again.",
        )
    questions: queue.Queue[Question] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, questions, connection), daemon=True).start()
    while True:
        try:
            _answer(connection, names, questions.get(), out)  # an interrupted reader raises OSError
        except BrokenPipeError:
            return  # nobody asks any more
        except duckdb.OutOfMemoryException:
            send(out, FAILED, _TOO_LARGE.format(gibibytes=memory / 2**30).encode())
        except RecursionError:
            send(
                out,
                FAILED,
                b"The statement nests too deep to be checked, so it is not run. Write it flatter.",
            )
        except (QueryError, duckdb.Error, pa.ArrowException, MemoryError, OSError) as error:
            send(out, FAILED, (str(error) or type(error).__name__).encode())


if __name__ == "__main__":
    main()
