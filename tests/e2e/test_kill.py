"""Kill -9 at random moments: after a re-run nothing is lost, nothing is there twice, and no half batch was ever visible."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from pipeline import stages
from pipeline.config import SAMPLES_DIR, Settings
from pipeline.errors import LakeError
from pipeline.lake.catalog import read_catalog
from pipeline.lake.digest import lake_digest
from pipeline.lake.snapshot import Snapshot

KILLS = 8
DRILL_KILLS = 500


def _run_in_child(home: Settings, folder: Path) -> int:
    """Start the whole flow in a child process; returns its pid."""
    command = [sys.executable, "-m", "pipeline.cli", "run", str(folder), "--json"]
    environment = os.environ | {"INCIDENTS_HOME": str(home.home), "INCIDENTS_WORKERS": "1"}
    quiet = os.open(os.devnull, os.O_WRONLY)
    return os.posix_spawn(
        sys.executable,
        command,
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)],
        setsid=True,
    )


def _kill_and_check(home: Settings, folder: Path, seconds: float) -> None:
    pid = _run_in_child(home, folder)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
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
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _drill(tmp_path: Path, kills: int) -> None:
    whole = Settings(home=tmp_path / "whole", lake=tmp_path / "whole" / "lake", workers=1)
    started = time.monotonic()
    pid = _run_in_child(whole, SAMPLES_DIR / "articles")
    assert os.waitpid(pid, 0)[1] == 0
    length = time.monotonic() - started
    moments = random.Random(20250101)
    home = Settings(home=tmp_path / "home", lake=tmp_path / "home" / "lake", workers=1)
    for _ in range(kills):
        if read_catalog(home.lake).version:
            home = Settings(home=tmp_path / f"home-{moments.random()}", lake=Path(), workers=1)
            home = Settings(home=home.home, lake=home.home / "lake", workers=1)
        _kill_and_check(home, SAMPLES_DIR / "articles", moments.uniform(0.1, 1.0) * length)
    stages.run([SAMPLES_DIR / "articles"], home)
    assert lake_digest(home.database) == lake_digest(whole.database)
    with Snapshot(home.lake) as snapshot:
        assert snapshot.rows("SELECT count(*) AS n FROM batches") == [{"n": 1}]
    assert not any(home.staging.iterdir())


def test_a_few_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    _drill(tmp_path, KILLS)


@pytest.mark.drill
@pytest.mark.timeout(7200)
def test_five_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    _drill(tmp_path, DRILL_KILLS)
