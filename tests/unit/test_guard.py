"""Work that is stopped by a limit, or whose process dies, is tried three times before it is given up."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from pipeline.text.guard import ITEM_MEMORY_BYTES, ITEM_TRIES, map_guarded


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


def as_named(path: Path) -> object:
    """What its name says: hang, die, fail, or give the name back."""
    if path.name == "hangs":
        hangs(path.parent / "tries")
    if path.name == "dies":
        os._exit(9)
    if path.name == "fails":
        raise ValueError("no")
    return (lambda: None) if path.name == "unsendable" else path.name


def test_items_given_together_fail_alone(tmp_path: Path) -> None:
    names = ["a", "fails", "b", "hangs", "c", "d", "dies", "e", "f", "unsendable", "g"]
    outcomes = list(
        map_guarded(as_named, [tmp_path / name for name in names], workers=2, seconds=2, tries=1, at_once=3)
    )
    assert [outcome.given.name for outcome in outcomes] == names
    assert {outcome.given.name: outcome.made or outcome.failure for outcome in outcomes} == {
        "a": "a", "b": "b", "c": "c", "d": "d", "e": "e", "f": "f", "g": "g",
        "fails": "ValueError: no", "hangs": "it took more than 2 seconds", "dies": "its process died (exit code 9)",
        "unsendable": "its process died (exit code 1)",
    }  # fmt: skip
    assert (tmp_path / "tries").read_text().count("tried") == 2


def test_what_fails_by_itself_is_tried_once(tmp_path: Path) -> None:
    [outcome] = map_guarded(fails, [tmp_path / "tries"], workers=1)
    assert (outcome.is_limit, outcome.failure) == (False, "ValueError: no")
    assert (tmp_path / "tries").read_text().count("tried") == 1


def surroundings(name: str) -> tuple[str | None, list[str], int]:
    """A variable of the environment, and the threads of the process that the worker was forked from."""
    status = Path(f"/proc/{os.getppid()}/status").read_text().splitlines()
    threads = [line.split()[1] for line in status if line.startswith("Threads:")]
    return os.environ.get(name), threads, resource.getrlimit(resource.RLIMIT_DATA)[0]


def test_a_worker_has_the_environment_of_now_a_limit_and_a_parent_without_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for value in ("/first", "/second"):
        monkeypatch.setenv("INCIDENTS_HOME", value)
        [outcome] = map_guarded(surroundings, ["INCIDENTS_HOME"], workers=1)
        assert outcome.made == (value, ["1"], ITEM_MEMORY_BYTES)


def open_files(_nothing: None) -> list[str]:
    """What the worker's file descriptors lead to."""
    links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sorted(links)


def test_a_worker_inherits_no_open_file(tmp_path: Path) -> None:
    with (tmp_path / "open").open("w"):
        [outcome] = map_guarded(open_files, [None], workers=1)
    assert outcome.made is not None
    assert str(tmp_path / "open") not in outcome.made
