"""Leftovers of killed runs: removed when they are old, never a living writer's, and never seen by a reader."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from pipeline import stages
from pipeline.batches.publication import published_ledger
from pipeline.batches.staging import SourceAdvance, StagedBatch
from pipeline.batches.sweep import sweep, sweep_sometimes
from pipeline.config import Settings
from pipeline.files import QUERY_SCRATCH, held_folder, scratch_folder
from pipeline.lake.catalog import Catalog, SourceState, write_catalog
from pipeline.lake.digest import lake_digest
from tests.articles import record

NOW = dt.datetime.now(dt.UTC)
HOURS = 3600


def aged(path: Path, hours: float) -> Path:
    """The path, with all in it last written so many hours ago."""
    for found in (path, *path.rglob("*")):
        os.utime(found, (NOW.timestamp() - hours * HOURS,) * 2)
    return path


def half_written(home: Settings, hours: float) -> list[Path]:
    made = []
    for folder in (home.home, home.lake, home.reports, home.raw / "ab", home.raw / "arrivals"):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f".file-{hours}.x1y2.tmp"
        path.write_bytes(b"half")
        made.append(aged(path, hours))
    return made


def staged(home: Settings, name: str, hours: float, advance: SourceAdvance | None = None) -> Path:
    batch = StagedBatch(home.staging, name)
    batch.write_note("ingest", {"advance": None if advance is None else msgspec.to_builtins(advance)})
    return aged(batch.folder, hours)


def test_half_written_files_go_after_an_hour(home: Settings) -> None:
    old, young = half_written(home, 2), half_written(home, 0.5)
    assert set(sweep(home, now=NOW)) == set(old)
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in young)


def test_staged_batches_go_that_can_never_be_published(home: Settings) -> None:
    write_catalog(home.lake, Catalog(sources={"wire": SourceState(2, {})}))
    waiting = staged(home, "b-waiting", 48)
    waiting_source = staged(home, "b-next", 48, SourceAdvance("wire", 2, {}))
    overtaken = staged(home, "b-overtaken", 2, SourceAdvance("wire", 1, {}))
    just_overtaken = staged(home, "b-just-overtaken", 0.5, SourceAdvance("wire", 1, {}))
    unread = aged(staged(home, "b-unread", 2), 2)
    (unread / "ingest.json").unlink()
    aged(unread, 2)
    assert set(sweep(home, now=NOW)) == {overtaken, unread}
    assert waiting.exists()
    assert waiting_source.exists()
    assert just_overtaken.exists()


def test_a_folder_that_a_living_process_reads_into_stays(home: Settings) -> None:
    folder = home.staging / ".arrivals-x"
    folder.mkdir(parents=True)
    aged(folder, 5)
    with held_folder(folder):
        assert sweep(home, now=NOW) == []
    assert sweep(home, now=NOW) == [folder]


def test_what_a_killed_question_left_goes_and_what_a_living_one_needs_stays(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = [tmp_path / "incidents-query-x1", tmp_path / "incidents-as-of-x2"]
    for folder in (*left, tmp_path / "of-another-program"):
        folder.mkdir()
        aged(folder, 2)
    with scratch_folder(QUERY_SCRATCH) as living:
        aged(living, 2)
        assert sweep(home, now=NOW) == left
        assert living.exists()


def test_the_staging_folder_of_a_published_batch_goes_and_no_reader_sees_leftovers(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    batch_id = stages.run([write_jsonl("a.jsonl", record(1))], home)
    before = lake_digest(home.database)
    left = staged(home, batch_id, 2)
    half_written(home, 2)
    assert lake_digest(home.database) == before
    (home.staging / ".swept").unlink(missing_ok=True)
    assert left in sweep_sometimes(home, now=NOW)
    assert lake_digest(home.database) == before
    staged(home, batch_id, 2)
    assert sweep_sometimes(home, now=NOW) == []


def test_a_lake_that_cannot_be_read_loses_nothing(home: Settings) -> None:
    left = staged(home, "b-waiting", 2)
    home.lake.mkdir(parents=True)
    (home.lake / "catalog.json").write_bytes(b"damaged")
    assert sweep_sometimes(home, now=NOW) == []
    assert left.exists()


@pytest.mark.parametrize("content", [b"", b'{"inputs": [', b"{}", b"[]", b'{"advance": 3}'])
def test_a_folder_whose_note_is_damaged_goes_is_told_and_does_not_fail_another_batch(
    home: Settings, write_jsonl: Callable[..., Path], caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    left = staged(home, "b-broken", 2)
    (left / "ingest.json").write_bytes(content)
    aged(left, 2)
    batch_id = stages.run([write_jsonl("a.jsonl", record(1))], home)
    assert published_ledger(batch_id, home.lake) is not None
    assert not left.exists()
    assert caplog.text.count(str(left / "ingest.json")) == 1


@pytest.mark.parametrize("is_begun", [False, True])
def test_an_empty_home_is_nothing_to_sweep(home: Settings, is_begun: bool) -> None:
    if is_begun:
        home.staging.mkdir(parents=True)
    assert sweep(home, now=NOW) == []
