"""A catalog or a copy in the history that is not what was committed: refused and named, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from bench.speed.staged import article_row, stage_batch
from pipeline.batches import lake_check
from pipeline.batches.lake_check import check_lake
from pipeline.batches.maintenance import vacuum_lake
from pipeline.batches.publication import publish
from pipeline.batches.rebuild import Rebuilt, rebuild
from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.lake import views
from pipeline.lake.catalog import Catalog, catalog_path, history_path, read_catalog
from pipeline.lake.check import Damage, ReadFile, check_tables
from pipeline.lake.history import kept_versions, state_as_of
from pipeline.lake.snapshot import Snapshot, table_rows
from pipeline.lake.store import data_files
from pipeline.lake.views import database_as_of, refresh_database

NOW = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a lake of three batches."""
    folder = tmp_path_factory.mktemp("filled") / "home"
    home = Settings(home=folder, lake=folder / "lake", workers=1)
    for number in (1, 2, 3):
        publish(stage_batch(home, f"b-{number}", [article_row(number)]), home, now=NOW)
    return folder


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Settings:
    """A copy that a test may damage."""
    folder = tmp_path / "home"
    shutil.copytree(filled, folder)
    copied = Settings(home=folder, lake=folder / "lake", workers=1)
    refresh_database(copied.database, copied.lake)
    return copied


def _run(home: Settings) -> None:
    publish(stage_batch(home, "b-4", [article_row(4)]), home, now=NOW)


def _shown(home: Settings) -> list[str]:
    with duckdb.connect(str(home.database), read_only=True) as connection:
        rows = connection.execute("SELECT DISTINCT batch_id FROM articles ORDER BY ALL").fetchall()
    return [batch for (batch,) in rows]


def _damages(home: Settings) -> list[str]:
    """What the check finds, but for the made-up texts and originals of staged rows."""
    told = [found.damage for found in check_lake(home).damages]
    return [d for d in told if "kept original is" not in d and "does not have its hash" not in d]


@pytest.mark.parametrize(("version", "has_database"), [(1, True), (2, True), (1, False)])
def test_an_older_catalog_is_refused_and_the_newest_copy_heals_it(
    home: Settings, version: int, has_database: bool
) -> None:
    shutil.copy(history_path(home.lake, version), catalog_path(home.lake))
    if not has_database:
        home.database.unlink()
    with pytest.raises(LakeError, match=r"the lake was at 3: an older copy of it was put back"):
        _run(home)
    assert any("an older copy of it was put back" in damage for damage in _damages(home))
    with pytest.raises(LakeError, match="put back"):
        vacuum_lake(home, retain=dt.timedelta(0))
    shutil.copy(history_path(home.lake, 3), catalog_path(home.lake))
    _run(home)
    assert _shown(home) == ["b-1", "b-2", "b-3", "b-4"]
    assert _damages(home) == []


def _pinned_lower(written: dict[str, object]) -> dict[str, object]:
    return written | {"tables": {**dict.fromkeys(written["tables"], 0)}}  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("edited", "told"),
    [
        (lambda written: {}, "is damaged"),
        (lambda written: written | {"version": -1}, "is damaged"),
        (lambda written: written | {"tables": {}}, "does not say what its copy"),
        (_pinned_lower, "does not say what its copy"),
        (lambda written: written | {"format": 2}, "newer version of the product"),
    ],
)
def test_a_catalog_that_was_edited_is_refused_and_nothing_is_rolled_back(
    home: Settings, edited: Callable[[dict[str, object]], dict[str, object]], told: str
) -> None:
    path = catalog_path(home.lake)
    kept = path.read_bytes()
    path.write_text(json.dumps(edited(json.loads(kept))), encoding="utf-8")
    with pytest.raises(LakeError, match=told):
        _run(home)
    assert any(told in damage for damage in _damages(home))
    path.write_bytes(kept)
    assert _damages(home) == []


@pytest.mark.parametrize("version", [2, 3])
def test_a_damaged_copy_stops_no_batch_is_named_and_goes_with_the_next_vacuum(
    home: Settings, version: int
) -> None:
    history_path(home.lake, version).write_text("{cut", encoding="utf-8")
    assert any(f"{version:012}.json is damaged" in damage for damage in _damages(home))
    _run(home)
    assert _shown(home) == ["b-1", "b-2", "b-3", "b-4"]
    vacuum_lake(home)
    assert version not in kept_versions(home.lake)
    assert _damages(home) == []


def _as_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_bytes(b"x")


def _as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _swapped(one: Path, two: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda lake: _swapped(history_path(lake, 1), history_path(lake, 2)), "it holds the state 2"),
        (lambda lake: _as_folder(history_path(lake, 2)), "Is a directory"),
        (lambda lake: _as_file(lake / "history"), "it is no folder"),
    ],
)
def test_what_holds_no_state_answers_nothing_is_named_and_goes_with_the_next_vacuum(
    home: Settings, harm: Callable[[Path], None], told: str
) -> None:
    harm(home.lake)
    assert any(told in damage for damage in _damages(home))
    with pytest.raises(LakeError):
        state_as_of(home.lake, "2")
    vacuum_lake(home)
    assert kept_versions(home.lake) == [3]
    assert _damages(home) == []
    _run(home)


@pytest.mark.parametrize("place", ["articles", "articles/_delta_log"])
def test_a_file_in_the_place_of_a_table_is_told(home: Settings, place: str) -> None:
    _as_file(home.lake / place)
    assert any("articles cannot be opened" in damage for damage in _damages(home))
    with pytest.raises(LakeError, match="articles cannot be opened"):
        vacuum_lake(home)
    assert _rebuilt(home).problems == ["The old lake holds 3 article versions, the new one 0."]


def _rebuilt(home: Settings) -> Rebuilt:
    return rebuild(home, extractor="rules", progress=lambda _line: None, now=NOW)


def test_a_file_of_another_table_is_told(home: Settings) -> None:
    catalog = read_catalog(home.lake)
    [file, *_], [other, *_] = (data_files(home.lake, name, catalog) for name in ("articles", "batches"))
    shutil.copy(other, file)
    home.database.unlink()
    assert table_rows(home.lake, catalog, "articles") is None
    with pytest.raises(LakeError, match="cannot be read"), Snapshot(home.lake, catalog) as snapshot:
        snapshot.rows("SELECT text FROM articles")
    with pytest.raises(
        LakeError, match=r"cannot be made: .* The state 3 of the lake is committed all the same"
    ):
        refresh_database(home.database, home.lake)
    with pytest.raises(LakeError, match="has not the size that was written"):
        _run(home)
    assert _rebuilt(home).problems


def test_a_state_that_is_forgotten_while_it_is_asked_is_told(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*_asked: object) -> None:
        vacuum_lake(home, retain=dt.timedelta(0))
        raise LakeError("Table articles cannot be opened.")

    monkeypatch.setattr(views, "write_database", overtaken)
    with (
        pytest.raises(LakeError, match=r"has no state 1\. Kept are the states 3"),
        database_as_of(home.lake, "1"),
    ):
        pass


def test_a_check_that_the_lake_has_overtaken_begins_again(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(lake: Path, catalog: Catalog) -> Iterator[ReadFile | Damage]:
        if catalog.version == 3:
            _run(home)
            yield Damage("articles", str(lake), "its files are gone")
        yield from check_tables(lake, catalog)

    monkeypatch.setattr(lake_check, "check_tables", overtaken)
    assert _damages(home) == []
    assert read_catalog(home.lake).version == 4


def test_states_whose_tables_were_made_again_and_removed_are_forgotten(home: Settings) -> None:
    catalog = read_catalog(home.lake)
    again = home.lake / "generations" / "1"
    again.mkdir(parents=True)
    for name in catalog.tables:
        (home.lake / name).rename(again / name)
    for path in (catalog_path(home.lake), history_path(home.lake, 3)):
        path.write_text(json.dumps(json.loads(path.read_bytes()) | {"generation": "generations/1"}))
    vacuum_lake(home)
    assert kept_versions(home.lake) == [3]
    assert _shown(home) == ["b-1", "b-2", "b-3"]
