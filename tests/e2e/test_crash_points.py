"""Each stage killed, or refused by the disk, before and after everything it writes: run again, the result is the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.config import Settings
from pipeline.lake.catalog import read_catalog
from pipeline.lake.digest import lake_digest
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.views import refresh_database
from tests.articles import record
from tests.forks import ForkServer, fork_server

STAGES = ("ingest", "extract", "validate", "publish", "write_batch_report")
AT_ONCE = ("raw", "staging")
"""Of these, and of the tables, the suite tries one point of each kind and folder, before the write, which is as after the one before.

The drill tries all; a death between two tables is tried with the commits.
"""


class Prepared:
    """A home as it stands before each stage of its second batch, and what comes out of it in the end."""

    def __init__(self, server: ForkServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        first, self.given = folder / "first.jsonl", folder / "second.jsonl"
        first.write_text(json.dumps(record(1)))
        self.given.write_text(
            "\n".join([json.dumps(record(2)), json.dumps(record(3, language="fr")), "no article"])
        )
        home = folder / "begun" / "home"
        assert server.run(home, "run", str(first), "--json").code == 0
        self.batch_id = ""
        self.points: dict[str, list[str]] = {}
        for stage in STAGES:
            shutil.copytree(home, folder / stage / "home")
            done = server.run(home, "stage", stage, self.argument(stage))
            assert done.code == 0, done.err
            self.batch_id = self.batch_id or done.out
            self.points[stage] = done.points
        self.digest = lake_digest(home / "incidents.duckdb")
        self.before = self.held(folder / "publish" / "home")

    def argument(self, stage: str) -> str:
        return str(self.given) if stage == "ingest" else self.batch_id

    def copy(self, stage: str, to: Path) -> Path:
        """A home that stands before the stage."""
        home = to / "home"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.folder / stage / "home", home)
        return home

    @staticmethod
    def held(home: Path) -> list[dict[str, object]]:
        with Snapshot(home / "lake") as snapshot:
            return snapshot.rows(
                "SELECT batch_id, rows_accepted, (SELECT count(*) FROM articles) AS articles, "
                "(SELECT count(*) FROM incident_reports) AS reports FROM batches ORDER BY batch_id"
            )

    def assert_nothing_half(self, home: Path, stage: str) -> None:
        """A reader sees the lake as it was, or with the whole batch."""
        held = self.held(home)
        if len(held) == 1:
            assert held == self.before
        else:
            assert stage in STAGES[3:]
            assert [row["articles"] for row in held] == [2 + 1] * 2
            assert [row["reports"] for row in held] == [2] * 2

    def finish(self, home: Path, stage: str) -> None:
        """The stage again, and the rest: the lake is what it would have been."""
        for name in STAGES[STAGES.index(stage) :]:
            done = self.server.run(home, "stage", name, self.argument(name))
            assert done.code == 0, (name, done.err)
        assert lake_digest(home / "incidents.duckdb") == self.digest
        assert not list((home / "staging").glob("b-*"))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    with fork_server() as server:
        yield Prepared(server, tmp_path_factory.mktemp("prepared"))


def staged_rows(home: Path) -> dict[str, object]:
    """What lies in the staging folders, but for the times."""
    return {
        str(path.relative_to(home)): [
            {name: value for name, value in row.items() if not name.endswith("_at")}
            for row in pq.read_table(path, partitioning=None).to_pylist()
        ]
        for path in sorted((home / "staging").glob("b-*/*/*.parquet"))
    }


def chosen(points: list[str], *, is_all: bool) -> list[int]:
    """The points to try: all, or those that are not of a kind that was."""
    seen: set[tuple[str, ...]] = set()
    found = []
    for number, point in enumerate(points):
        when, what, where = point.split(" ", 2)
        parts = where.split("/")
        is_one_of_many = parts[0] in AT_ONCE or what == "write_deltalake"
        kind = (when, what, *(parts[:1] if is_one_of_many else parts))
        is_as_before_the_next = when == "after" and number + 1 < len(points)
        if not is_all and is_as_before_the_next:
            continue
        if what != "rmtree" or where.startswith("staging"):
            if is_all or kind not in seen:
                found.append(number)
            seen.add(kind)
    return found


def _kill_at(prepared: Prepared, tmp_path: Path, stage: str, at: int) -> None:
    home = prepared.copy(stage, tmp_path)
    killed = prepared.server.run(home, "stage", stage, prepared.argument(stage), at=at)
    point = prepared.points[stage][at]
    assert killed.code == -9, point
    assert killed.points[-1] == point
    prepared.assert_nothing_half(home, stage)
    if stage in STAGES[3:]:
        prepared.finish(home, stage)
        return
    done = prepared.server.run(home, "stage", stage, prepared.argument(stage))
    assert done.code == 0, (point, done.err)
    following = prepared.folder / STAGES[STAGES.index(stage) + 1] / "home"
    assert staged_rows(home) == staged_rows(following), point


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_killed_at_any_write_is_simply_run_again(
    prepared: Prepared, tmp_path: Path, stage: str
) -> None:
    points = chosen(prepared.points[stage], is_all=False)
    assert len(points) >= 3
    for at in points:
        _kill_at(prepared, tmp_path, stage, at)


@pytest.mark.drill
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_killed_at_every_single_write_is_simply_run_again(
    prepared: Prepared, tmp_path: Path, stage: str
) -> None:
    for at in chosen(prepared.points[stage], is_all=True):
        _kill_at(prepared, tmp_path, stage, at)


@pytest.mark.parametrize(
    ("stage", "how", "word"),
    [
        *((stage, "ENOSPC", "No space left") for stage in STAGES),
        ("extract", "EIO", "Input/output error"),
        *(
            pytest.param(stage, "EIO", "Input/output error", marks=pytest.mark.drill)
            for stage in STAGES
            if stage != "extract"
        ),
    ],
)
def test_a_disk_that_refuses_a_write_is_told_with_its_place_and_loses_nothing(
    prepared: Prepared, tmp_path: Path, stage: str, how: str, word: str
) -> None:
    home = prepared.copy(stage, tmp_path)
    points = [
        at
        for at in chosen(prepared.points[stage], is_all=False)
        if prepared.points[stage][at].startswith("before") and "rmtree" not in prepared.points[stage][at]
    ]
    for at in points:
        point = prepared.points[stage][at]
        if stage in STAGES[3:]:
            home = prepared.copy(stage, tmp_path)
        refused = prepared.server.run(home, "stage", stage, prepared.argument(stage), at=at, how=how)
        assert refused.code == 1, (point, refused.err)
        assert refused.err.startswith("LakeError: "), (point, refused.err)
        assert str(home) in refused.err, point
        assert word in refused.err or "Cannot" in refused.err, (point, refused.err)
        prepared.assert_nothing_half(home, stage)
        assert not list(home.rglob(".*.tmp")), point
    prepared.finish(home, stage)


def test_the_same_input_ten_times_and_one_that_overlaps_give_one_lake(
    prepared: Prepared, tmp_path: Path
) -> None:
    home = prepared.copy("ingest", tmp_path)
    other = tmp_path / "other.jsonl"
    other.write_text("\n".join([json.dumps(record(3, language="fr")), json.dumps(record(1))]))
    for _ in range(10):
        for given in (prepared.given, other):
            batch_id = prepared.server.run(home, "stage", "ingest", str(given)).out
            for stage in STAGES[1:4]:
                done = prepared.server.run(home, "stage", stage, batch_id)
                assert done.code == 0, done.err
    assert lake_digest(home / "incidents.duckdb") == prepared.digest
    assert len(prepared.held(home)) == 3


def test_the_views_are_made_again_from_whatever_a_kill_left(prepared: Prepared, tmp_path: Path) -> None:
    home = prepared.copy("write_batch_report", tmp_path)
    (home / "incidents.duckdb").write_bytes(b"half a database")
    settings = Settings(home=home, lake=home / "lake", workers=1)
    refresh_database(settings.database, settings.lake)
    assert lake_digest(settings.database) == prepared.digest
    assert read_catalog(settings.lake).version == 2
