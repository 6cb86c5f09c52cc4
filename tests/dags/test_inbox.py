"""The drop folder: what is claimed becomes batches of a bounded size, and nothing is taken twice or walked through for ever."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.orchestration import inbox, tasks
from pipeline.orchestration.triggers import InboxTrigger
from pipeline.orchestration.waiting import RUN_SECONDS, Claims
from tests.articles import record
from tests.broker import held_ids, rows

LONG_AGO = 1_700_000_000


def drop(home: Settings, write_jsonl: Callable[..., Path], *numbers: int) -> list[Path]:
    """Files of one article each, in the drop folder and settled."""
    home.inbox.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in numbers:
        path = write_jsonl(f"{number}.jsonl", record(number)).rename(home.inbox / f"{number}.jsonl")
        os.utime(path, (LONG_AGO, LONG_AGO))
        paths.append(path)
    return paths


def test_what_is_claimed_is_published_in_bounded_batches_oldest_first(
    home: Settings, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_BATCH_FILES", 2)
    for number in (3, 1, 2):
        drop(home, write_jsonl, number)
        inbox.claim_arrived(home.inbox)
    assert [path.name for path in inbox.claimed_files(home.inbox)] == ["3.jsonl", "1.jsonl", "2.jsonl"]
    batch_ids = tasks.publish_arrivals()
    assert len(batch_ids) == 2
    assert all((home.reports / f"{batch_id}.html").exists() for batch_id in batch_ids)
    assert held_ids(home) == ["t-1", "t-2", "t-3"]
    published = rows(home, "SELECT articles_new AS n FROM batches ORDER BY committed_at")
    assert [batch["n"] for batch in published] == [2, 1]
    assert inbox.claimed_files(home.inbox) == []
    assert len(list((home.inbox / "processed").glob("*/*/*.jsonl"))) == 3
    assert tasks.publish_arrivals() == []


def test_a_batch_is_bounded_by_bytes_and_takes_one_file_at_least(
    home: Settings, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = drop(home, write_jsonl, 1, 2, 3)
    monkeypatch.setattr(inbox, "MAX_BATCH_BYTES", files[0].stat().st_size + 1)
    assert inbox.first_batch(files) == files[:1]
    monkeypatch.setattr(inbox, "MAX_BATCH_BYTES", 1)
    assert inbox.first_batch(files) == files[:1]
    assert inbox.first_batch([]) == []


def test_hidden_unfinished_and_processed_files_are_left_alone(home: Settings) -> None:
    for name in (".a.jsonl", "b.part", "processed/c.jsonl", ".hidden/d.jsonl", "folder/processed/e.jsonl"):
        path = home.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
        os.utime(path, (LONG_AGO, LONG_AGO))
    assert inbox.arrived_files(home.inbox) == [home.inbox / "folder/processed/e.jsonl"]


def test_one_run_is_asked_for_until_it_has_taken_what_it_was_asked_for() -> None:
    claims, a, b, c = Claims(), Path("a"), Path("b"), Path("c")
    assert not claims.is_due([], 0.0)
    assert claims.is_due([a, b], 1.0)
    assert not claims.is_due([a, b, c], 2.0)
    assert not claims.is_due([b, c], 3.0)
    assert claims.is_due([c], 4.0)
    assert not claims.is_due([c], 4.0 + RUN_SECONDS - 1)
    assert claims.is_due([c], 4.0 + RUN_SECONDS)


def test_the_trigger_tells_of_stranded_claims_and_of_files_that_arrive_after_a_run(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    async def watched() -> list[object]:
        drop(home, write_jsonl, 1)
        inbox.claim_arrived(home.inbox)
        events = InboxTrigger(poll_seconds=0.01).run()
        found = [(await asyncio.wait_for(anext(events), timeout=60)).payload]
        inbox.mark_processed(home.inbox, inbox.claimed_files(home.inbox))
        drop(home, write_jsonl, 2, 3)
        found.append((await asyncio.wait_for(anext(events), timeout=60)).payload)
        await events.aclose()  # type: ignore[attr-defined]
        return found

    assert asyncio.run(watched()) == [{"files": 1}, {"files": 2}]
