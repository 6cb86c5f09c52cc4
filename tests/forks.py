"""The ``incidents`` command in real processes that start in no time, and that die or fail where a test says.

A server has everything imported; each command is a fork of it, a process group of its own. Before it runs, whatever the
product does to the disk is wrapped: at the n-th such call the process kills itself, or the call fails with an error number.
"""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Done:
    """How a command ended; negative codes are signals. ``points`` are the calls to the disk, in order."""

    code: int
    out: str
    err: str
    points: list[str]


class Running:
    """A command under way."""

    def __init__(self, server: subprocess.Popen[bytes], pid: int, folder: Path) -> None:
        self._server, self._pid, self._folder = server, pid, folder

    def kill(self) -> None:
        """Kill -9 to the process and all it has started."""
        try:
            os.killpg(self._pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def is_over(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, or does so within the time."""
        return bool(select.select([self._server.stdout], [], [], seconds)[0])

    def wait(self) -> Done:
        """How it ended."""
        assert self._server.stdout is not None
        status = json.loads(self._server.stdout.readline())
        self.kill()  # workers whose parent was killed
        points = self._folder / "points"
        told = points.read_text().splitlines() if points.exists() else []
        return Done(
            os.waitstatus_to_exitcode(status),
            (self._folder / "out").read_text(),
            (self._folder / "err").read_text(),
            told,
        )


class ForkServer:
    """Runs commands one at a time."""

    def __init__(self, server: subprocess.Popen[bytes], folder: Path) -> None:
        self._server, self._folder = server, folder
        self._count = 0

    def start(self, home: Path, *command: str, at: int | str | None = None, how: str = "kill") -> Running:
        """Start ``incidents command`` on ``home``, or the ``stage NAME`` alone.

        At its disk call number ``at``, or the first that is called so, it is killed, or gets the errno ``how``.
        """
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        request = {"home": str(home), "command": command, "folder": str(folder), "at": at, "how": how}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request).encode() + b"\n")
        return Running(self._server, int(self._server.stdout.readline()), folder)

    def run(self, home: Path, *command: str, at: int | str | None = None, how: str = "kill") -> Done:
        """Start a command and wait for its end."""
        return self.start(home, *command, at=at, how=how).wait()


@contextmanager
def fork_server() -> Iterator[ForkServer]:
    """A server, ready."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.forks"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        try:
            yield ForkServer(server, Path(folder))
        finally:
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.close()
            server.wait(30)
            server.stdout.close()


def _import_all() -> None:
    import multiprocessing

    import pycountry

    import pipeline.batches.lake_check
    import pipeline.batches.rebuild
    import pipeline.batches.summary
    import pipeline.cli
    import pipeline.doctor
    import pipeline.stages
    from pipeline.extract.protocol import get_extractor
    from pipeline.quality import validation
    from pipeline.quality.engine import prepare
    from pipeline.records import Article
    from pipeline.schema.tables import tables
    from pipeline.text import guard

    assert pipeline.cli
    get_extractor("rules").extract(
        Article(article_id="a", text="Seven soldiers were killed in Konduga on Monday.")
    )
    assert validation
    prepare(tables())
    pycountry.languages.get(alpha_2="en")
    # The workers are forks as well: what a process costs to start is not what is tried here.
    # They have all that their parent maps, which counts as theirs.
    guard.ITEM_MEMORY_BYTES = 16 << 30
    guard._fork_server = lambda: multiprocessing.get_context("fork")  # type: ignore[assignment,return-value]


class _Disk:
    """Wraps the product's calls to the disk and counts them."""

    def __init__(self, folder: Path, at: int | str | None, how: str) -> None:
        self._points = (folder / "points").open("a", buffering=1)
        self._at, self._how = at, how
        self._number, self._owner, self._depth = 0, os.getpid(), 0

    def wrap(self, owner: Any, name: str, place: Callable[..., str]) -> None:
        real = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if os.getpid() != self._owner:
                return real(*args, **kwargs)
            where = place(*args)
            self._reach(f"before {name} {where}")
            made = real(*args, **kwargs)
            self._reach(f"after {name} {where}")
            return made

        setattr(owner, name, wrapped)

    def _reach(self, point: str) -> None:
        self._points.write(point + "\n")
        if self._at in (self._number, point):
            if self._how == "kill":
                os.killpg(0, signal.SIGKILL)
            elif point.startswith("before"):
                code = getattr(errno, self._how)
                self._number += 1
                raise OSError(code, os.strerror(code))
        self._number += 1


def _place(path: Any, *_rest: Any) -> str:
    """What kind of thing lies at a path, without the names that differ from run to run."""
    if isinstance(path, int):
        path = Path(f"/proc/self/fd/{path}").readlink()
    parts = Path(unquote(str(getattr(path, "table_uri", path)).removeprefix("file://"))).parts
    kinds = ("raw", "staging", "lake", "reports", "home")
    found = next((n for n in range(len(parts) - 1, -1, -1) if parts[n] in kinds), len(parts) - 1)
    return "/".join(_kind(part) for part in parts[found:])


def _kind(part: str) -> str:
    if part.endswith(".tmp"):
        return _kind(".".join(part.split(".")[1:-2])) + " (new)"
    is_hash = len(part) in (2, 64) and all(c in "0123456789abcdef" for c in part)
    return "*" if is_hash or part.startswith("b-") else part


def _target(_old: Any, new: Any, *_rest: Any) -> str:
    return _place(new)


def _run(request: dict[str, Any]) -> None:
    os.setsid()
    folder = Path(request["folder"])
    for name, descriptor in (("out", 1), ("err", 2)):
        os.dup2(os.open(folder / name, os.O_CREAT | os.O_WRONLY), descriptor)
    os.environ |= {"INCIDENTS_HOME": request["home"], "INCIDENTS_WORKERS": "1"}
    os.environ.pop("INCIDENTS_LAKE", None)
    import shutil

    import deltalake
    import pyarrow.parquet

    from pipeline.cli import main

    disk = _Disk(folder, request["at"], request["how"])
    disk.wrap(os, "replace", _target)
    disk.wrap(os, "fsync", _place)
    disk.wrap(shutil, "rmtree", _place)
    disk.wrap(pyarrow.parquet, "write_table", lambda _rows, path: _place(path))
    disk.wrap(deltalake, "write_deltalake", _place)
    disk.wrap(deltalake.DeltaTable, "restore", lambda *_args: "table")
    disk.wrap(deltalake.DeltaTable, "delete", lambda *_args: "table")
    sys.argv = ["incidents", *request["command"]]
    code = 0
    try:
        if request["command"][0] == "stage":
            _run_stage(*request["command"][1:])
        else:
            main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 99
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run_stage(name: str, given: str) -> None:
    """One stage alone, as ``main`` would report its error."""
    from pipeline import stages
    from pipeline.config import settings
    from pipeline.errors import PipelineError

    try:
        made = getattr(stages, name)([given] if name == "ingest" else given, settings())
    except PipelineError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(1)
    if name == "ingest":
        sys.stdout.write(made)


def _serve() -> None:
    _import_all()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(request)
        answers.write(f"{pid}\n")
        answers.write(f"{os.waitpid(pid, 0)[1]}\n")


if __name__ == "__main__":
    _serve()
