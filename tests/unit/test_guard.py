"""Work that is stopped by a limit, or whose process dies, is tried three times before it is given up."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.text.guard import ITEM_TRIES, map_guarded


def _tries(path: Path) -> int:
    with path.open("a") as counted:
        counted.write("tried\n")
    return path.read_text().count("tried")


def dies_always(path: Path) -> int:
    """Kill the process that it runs in."""
    _tries(path)
    os._exit(9)


def dies_twice(path: Path) -> int:
    """Kill the process, but at the third try say how often it was tried."""
    tries = _tries(path)
    if tries < ITEM_TRIES:
        os._exit(9)
    return tries


def hangs(path: Path) -> int:
    """Never end."""
    _tries(path)
    while True:
        continue


def fails(path: Path) -> int:
    """Fail in a way that a second try does not mend."""
    _tries(path)
    raise ValueError("no")


def test_an_item_that_kills_its_process_is_given_up_after_three_tries(tmp_path: Path) -> None:
    [outcome] = map_guarded(dies_always, [tmp_path / "tries"], workers=1)
    assert (outcome.is_limit, outcome.failure) == (True, "its process died (exit code 9)")
    assert (tmp_path / "tries").read_text().count("tried") == 3


def test_an_item_that_is_done_at_the_third_try_is_done(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    outcomes = list(map_guarded(dies_twice, paths, workers=1))
    assert [(outcome.given, outcome.made) for outcome in outcomes] == [(path, 3) for path in paths]


def test_an_item_that_hangs_is_stopped_three_times(tmp_path: Path) -> None:
    [outcome] = map_guarded(hangs, [tmp_path / "tries"], workers=1, seconds=1.0)
    assert (outcome.is_limit, outcome.failure) == (True, "it took more than 1 seconds")
    assert (tmp_path / "tries").read_text().count("tried") == 3


def test_what_fails_by_itself_is_tried_once(tmp_path: Path) -> None:
    [outcome] = map_guarded(fails, [tmp_path / "tries"], workers=1)
    assert (outcome.is_limit, outcome.failure) == (False, "ValueError: no")
    assert (tmp_path / "tries").read_text().count("tried") == 1
