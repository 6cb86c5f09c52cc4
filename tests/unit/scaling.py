"""How a reader's time grows with its text: the growth is compared, no clock time is a limit."""

from __future__ import annotations

import time
from collections.abc import Callable

FACTOR = 8


def growth(read: Callable[[str], object], unit: str, characters: int = 4_000) -> float:
    """How many times longer a text takes that is ``FACTOR`` times longer; linear is 8, quadratic 64."""
    short = (unit * characters)[:characters]
    read(short)
    return _fastest(read, short * FACTOR) / _fastest(read, short)


def _fastest(read: Callable[[str], object], text: str) -> float:
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        read(text)
        times.append(time.perf_counter() - begin)
    return min(times)
