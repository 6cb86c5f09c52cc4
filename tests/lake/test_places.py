"""Where a lake lies: any name of a folder that people give, by whatever way, and after it was moved."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import duckdb
import pytest

from bench.speed.staged import article_row, stage_batch
from pipeline.batches.lake_check import check_lake
from pipeline.batches.maintenance import compact_lake, vacuum_lake
from pipeline.batches.publication import publish
from pipeline.config import Settings, settings
from pipeline.errors import ConfigError

NOW = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)


def _settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("INCIDENTS_HOME", str(home))
    monkeypatch.delenv("INCIDENTS_LAKE", raising=False)
    return settings()


def _fill(home: Settings, *numbers: int) -> None:
    for number in numbers:
        publish(stage_batch(home, f"b-{number}", [article_row(number)]), home, now=NOW)


def _articles(home: Settings) -> int:
    with duckdb.connect(str(home.database), read_only=True) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM articles WHERE \"text\" <> ''").fetchall()
        return int(count)


def _damages(home: Settings) -> list[str]:
    """What the check finds, but for the made-up texts and originals of staged rows."""
    told = [found.damage for found in check_lake(home).damages]
    return [d for d in told if "kept original is" not in d and "does not have its hash" not in d]


def _upkeep(home: Settings) -> None:
    compact_lake(home)
    vacuum_lake(home, retain=dt.timedelta(0))


@pytest.mark.parametrize("name", ["my news", 'ünï-é中 it\'s "x" a#b;c&d+e {a,b}=c e\u0301 ~`<x>'])
def test_a_folder_of_any_usable_name_holds_a_lake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = _settings(tmp_path / name / "home", monkeypatch)
    _fill(home, 1, 2)
    _upkeep(home)
    assert _articles(home) == 2
    assert _damages(home) == []
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("character", ["*", "?", "[", "]", "%", "\\", "|", "^", "\n"])
def test_a_folder_whose_name_the_libraries_take_for_another_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, character: str
) -> None:
    with pytest.raises(
        ConfigError, match=r"INCIDENTS_HOME holds the character .* Choose a folder without it"
    ):
        _settings(tmp_path / f"a{character}b", monkeypatch)


@pytest.mark.parametrize("way", ["link", "real/../real"])
def test_a_vacuum_keeps_what_is_needed_by_whatever_way_the_lake_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    home = _settings(Path(os.path.join(tmp_path, way, "home")), monkeypatch)  # noqa: PTH118 - a Path drops the dots
    _fill(home, 1, 2)
    _upkeep(home)
    assert _articles(home) == 2
    assert _damages(home) == []


def test_a_lake_reached_by_a_link_inside_loses_nothing_to_a_vacuum(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "lake").symlink_to("disk")
    home = Settings(home=tmp_path / "home", lake=tmp_path / "lake", workers=1)
    _fill(home, 1, 2)
    _upkeep(home)
    assert _articles(home) == 2


def test_a_lake_that_was_moved_is_told_and_its_views_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = _settings(tmp_path / "old", monkeypatch)
    _fill(old, 1, 2)
    old.home.rename(tmp_path / "new")
    moved = _settings(tmp_path / "new", monkeypatch)
    assert _damages(moved) == [f"the database does not show this state of the lake in {moved.lake}"]
    compact_lake(moved)
    assert _damages(moved) == []
    assert _articles(moved) == 2
