"""Work on one item at a time in processes that can be killed: limits of time and memory, results in input order."""

from __future__ import annotations

import os
import resource
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import TimeoutError as ItemTimeout
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from typing import Generic, TypeVar

import msgspec
from pebble import ProcessExpired, ProcessFuture, ProcessPool

Given = TypeVar("Given")
Made = TypeVar("Made")

ITEM_SECONDS = 10.0
ITEM_MEMORY_BYTES = 1 << 30
ITEMS_BEFORE_RECYCLING = 5000
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
    ones find it waiting. It ends with this process, however that ends.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(["pipeline.batches.worker_start"])
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
) -> Iterator[Outcome[Given, Made]]:
    """Apply ``work`` (importable by name) to each item; one bad item never stops the others.

    An item that is stopped by a limit, or whose process dies, is tried ``tries`` times in all. At most ``4 * workers``
    items are under way, so that memory stays flat on a long stream.
    """
    pool = ProcessPool(
        max_workers=workers,
        max_tasks=ITEMS_BEFORE_RECYCLING,
        initializer=_begin_worker,
        initargs=[dict(os.environ)],
        context=_fork_server(),
    )
    under_way: deque[tuple[Given, ProcessFuture[Made]]] = deque()

    def begun(given: Given) -> ProcessFuture[Made]:
        return pool.schedule(work, args=[given], timeout=seconds)

    def settled() -> Outcome[Given, Made]:
        given, future = under_way.popleft()
        outcome = _outcome(given, future, seconds)
        for _ in range(1, tries):
            if not outcome.is_limit:
                return outcome
            outcome = _outcome(given, begun(given), seconds)
        return outcome

    finished = False
    try:
        for given in items:
            under_way.append((given, begun(given)))
            if len(under_way) >= 4 * workers:
                yield settled()
        while under_way:
            yield settled()
        finished = True
    finally:
        (pool.close if finished else pool.stop)()  # type: ignore[no-untyped-call]
        pool.join()


def _outcome(given: Given, future: ProcessFuture[Made], seconds: float) -> Outcome[Given, Made]:
    try:
        return Outcome(given, made=future.result())
    except ItemTimeout:
        return Outcome(given, failure=f"it took more than {seconds:g} seconds", is_limit=True)
    except ProcessExpired as error:
        return Outcome(given, failure=f"its process died (exit code {error.exitcode})", is_limit=True)
    except MemoryError:
        return Outcome(
            given, failure=f"it needed more than {ITEM_MEMORY_BYTES >> 30} GiB of memory", is_limit=True
        )
    except Exception as error:
        return Outcome(given, failure=f"{type(error).__name__}: {error}")
