"""Kill -9 at random moments: after a re-run nothing is lost, nothing is there twice, and no half batch was ever visible."""

from __future__ import annotations

import json
import random
import shutil
import time
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.lake.catalog import read_catalog
from pipeline.lake.digest import lake_digest
from pipeline.lake.snapshot import Snapshot
from tests.articles import record
from tests.forks import ForkServer, fork_server

KILLS = 40
DRILL_KILLS = 500


def _kill_and_check(server: ForkServer, home: Settings, given: Path, seconds: float) -> bool:
    """Run, look as a reader all the while, and kill; True where it was killed."""
    running = server.start(home.home, "run", str(given), "--json")
    deadline = time.monotonic() + seconds
    while not running.is_over(max(0.0, min(0.5, deadline - time.monotonic()))):
        _assert_whole(home)
        if time.monotonic() >= deadline:
            running.kill()
            assert running.wait().code in (-9, 0)
            return True
    assert running.wait().code == 0
    return False


def _assert_whole(home: Settings) -> None:
    try:
        with Snapshot(home.lake) as snapshot:
            [counts] = snapshot.rows(
                "SELECT (SELECT count(*) FROM batches) AS batches, (SELECT sum(rows_accepted) FROM batches) AS told,"
                " (SELECT count(*) FROM articles) + (SELECT count(*) FROM incident_reports) + (SELECT count(*) FROM aggregate_claims)"
                " + (SELECT count(*) FROM casualty_figures) + (SELECT count(*) FROM responsibility_claims) AS held"
            )
    except LakeError as error:
        raise AssertionError(f"a reader met half a batch: {error}") from error
    assert counts["held"] == (counts["told"] or 0)


def _drill(tmp_path: Path, kills: int) -> None:
    given = tmp_path / "given.jsonl"
    lines = [json.dumps(record(number)) for number in (1, 2, 3)]
    given.write_text("\n".join([*lines, lines[0], "no article"]))
    moments = random.Random(20250101)
    with fork_server() as server:
        server.run(tmp_path / "warm", "doctor")
        started = time.monotonic()
        assert server.run(tmp_path / "whole", "run", str(given), "--json").code == 0
        length = time.monotonic() - started
        whole = lake_digest(tmp_path / "whole" / "incidents.duckdb")
        home = Settings(home=tmp_path / "home", lake=tmp_path / "home" / "lake", workers=1)
        killed = 0
        while killed < kills:
            if home.home.exists() and read_catalog(home.lake).version:
                _assert_finished(server, home, given, whole)
                shutil.rmtree(home.home)
            killed += _kill_and_check(server, home, given, moments.uniform(0.02, 1.0) * length)
        _assert_finished(server, home, given, whole)


def _assert_finished(server: ForkServer, home: Settings, given: Path, whole: dict[str, str]) -> None:
    """The same command goes on to the same lake, in one batch."""
    done = server.run(home.home, "run", str(given), "--json")
    assert done.code == 0, done.err
    assert lake_digest(home.database) == whole
    with Snapshot(home.lake) as snapshot:
        assert snapshot.rows("SELECT count(*) AS n FROM batches") == [{"n": 1}]
    assert not list(home.staging.glob("b-*"))


def test_a_few_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    _drill(tmp_path, KILLS)


@pytest.mark.drill
@pytest.mark.timeout(7200)
def test_five_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    _drill(tmp_path, DRILL_KILLS)
