"""Work on one item at a time in processes that can be killed: limits of time and memory, results in input order."""

from __future__ import annotations

import os
import resource
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import TimeoutError as ItemTimeout
from dataclasses import dataclass
from functools import cache
from itertools import islice
from multiprocessing import forkserver, get_context, resource_tracker
from multiprocessing.context import ForkServerContext
from typing import Any, Generic, TypeVar

import msgspec
from pebble import ProcessExpired, ProcessFuture, ProcessPool

Given = TypeVar("Given")
Made = TypeVar("Made")
Told = tuple[Made | None, str | None, bool]
"""What was made of an item, or its failure, and whether a limit stopped it."""

ITEM_SECONDS = 10.0
ITEM_MEMORY_BYTES = 1 << 30
ITEMS_BEFORE_RECYCLING = 5000
TOGETHER_SECONDS = 1.0
"""How long items that are given to a worker together may take: one that hangs holds the others up no longer."""
ITEM_TRIES = 3
"""Where a limit may have been met for want of the machine's time or memory, an item that met one is tried again."""


class Outcome(msgspec.Struct, Generic[Given, Made], frozen=True):
    """What became of one item: ``made``, or ``failure`` as a sentence; ``is_limit`` where a limit stopped it."""

    given: Given
    made: Made | None = None
    failure: str | None = None
    is_limit: bool = False


@cache
def _fork_server() -> ForkServerContext:
    """Where workers come from: a process with one thread that has imported and read what they need.

    It is a fresh interpreter, so nothing of this process is in it; the first use in a process starts it, and later
    ones find it waiting. It ends with this process, however that ends; an interrupt of the terminal, which all processes
    get, is for this one alone.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(["pipeline.batches.worker_start"])
    resource_tracker.ensure_running()  # it would let interrupts through again
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
    return context


def _begin_worker(environment: Mapping[str, str]) -> None:
    """Take over the environment as it is now, not as it was when the fork server was started, and limit the memory."""
    os.environ.clear()
    os.environ.update(environment)
    # What a process may write to, not what it maps: libraries reserve address space by the number of cores.
    resource.setrlimit(resource.RLIMIT_DATA, (ITEM_MEMORY_BYTES, ITEM_MEMORY_BYTES))


def map_guarded(
    work: Callable[[Given], Made],
    items: Iterable[Given],
    *,
    workers: int,
    seconds: float = ITEM_SECONDS,
    tries: int = ITEM_TRIES,
    at_once: int = 1,
) -> Iterator[Outcome[Given, Made]]:
    """Apply ``work`` (importable by name) to each item; one bad item never stops the others.

    An item that is stopped by a limit, or whose process dies, is tried ``tries`` times in all. Short work is given to a
    worker ``at_once``, so many items together, which costs less than one by one; where they are not done within
    ``TOGETHER_SECONDS``, or their process dies, each of them is tried alone. At most ``4 * workers`` such parts are
    under way, so that memory stays flat on a long stream.
    """
    pool = ProcessPool(
        max_workers=workers,
        max_tasks=ITEMS_BEFORE_RECYCLING // at_once,
        initializer=_begin_worker,
        initargs=[dict(os.environ)],
        context=_fork_server(),
    )

    def begun(part: list[Given]) -> _Begun[Given, Made]:
        limit = seconds if len(part) == 1 else min(seconds, TOGETHER_SECONDS)
        return _Begun(part, limit, pool.schedule(_each, args=[work, part], timeout=limit))

    def settled(part: _Begun[Given, Made]) -> Iterator[Outcome[Given, Made]]:
        outcomes = part.outcomes()
        if any(outcome.is_limit for outcome in outcomes) and len(outcomes) > 1:
            for alone in [begun([given]) for given in part.given]:
                yield from settled(alone)
            return
        for _ in range(1, tries):
            if not any(outcome.is_limit for outcome in outcomes):
                break
            outcomes = begun(part.given).outcomes()
        yield from outcomes

    under_way: deque[_Begun[Given, Made]] = deque()
    finished = False
    try:
        waiting = iter(items)
        while part := list(islice(waiting, at_once)):
            under_way.append(begun(part))
            if len(under_way) >= 4 * workers:
                yield from settled(under_way.popleft())
        while under_way:
            yield from settled(under_way.popleft())
        finished = True
    finally:
        (pool.close if finished else pool.stop)()  # type: ignore[no-untyped-call]
        pool.join()


@dataclass(frozen=True)
class _Begun(Generic[Given, Made]):
    """Items that a worker was given together, and how long it may take."""

    given: list[Given]
    seconds: float
    future: ProcessFuture[list[Told[Made]]]

    def outcomes(self) -> list[Outcome[Given, Made]]:
        """What became of each, once all is over; the same of all where their process was stopped."""
        try:
            made = self.future.result()
        except ItemTimeout:
            made = [(None, f"it took more than {self.seconds:g} seconds", True)] * len(self.given)
        except ProcessExpired as error:
            made = [(None, f"its process died (exit code {error.exitcode})", True)] * len(self.given)
        except Exception as error:  # what was made cannot be handed over; of several items, each is to show
            nothing, failure, is_limit = _failed(error)
            made = [(nothing, failure, is_limit or len(self.given) > 1)] * len(self.given)
        return [Outcome(given, *told) for given, told in zip(self.given, made, strict=True)]


def _each(work: Callable[[Given], Made], part: list[Given]) -> list[Told[Made]]:
    """Runs in a worker."""
    told: list[Told[Made]] = []
    for given in part:
        try:
            told.append((work(given), None, False))
        except Exception as error:
            told.append(_failed(error))
    return told


def _failed(error: Exception) -> Told[Any]:
    if isinstance(error, MemoryError):
        return None, f"it needed more than {ITEM_MEMORY_BYTES >> 30} GiB of memory", True
    return None, f"{type(error).__name__}: {error}", False
