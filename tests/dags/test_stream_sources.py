"""Arrival-driven runs: when one is due, the trigger on a real broker, and the task that runs until nothing waits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from airflow.triggers.base import TriggerEvent

from pipeline.config import Settings
from pipeline.errors import SourceError
from pipeline.orchestration import tasks
from pipeline.orchestration.triggers import KafkaTrigger, arrival_triggers
from pipeline.orchestration.waiting import RUN_SECONDS, Waiting
from tests.articles import record
from tests.broker import Broker, as_values, declare_topic, declared_topic, held_ids


@pytest.fixture
def topic(home: Settings, broker: Broker) -> str:
    """A topic of two partitions, declared as the source `wire`; its first message is worth a run."""
    return declared_topic(home, broker, partitions=2, max_messages=2, batch={"messages": 1}, max_seconds=5)


def test_many_together_are_due_at_once_and_a_few_when_they_have_waited() -> None:
    waiting = Waiting(messages=10, seconds=5.0)
    assert not waiting.is_due(0, 0, 100.0)
    assert not waiting.is_due(3, 0, 101.0)
    assert not waiting.is_due(9, 0, 105.9)
    assert waiting.is_due(9, 0, 106.0)
    assert Waiting(messages=10, seconds=5.0).is_due(10, 0, 101.0)


def test_while_a_run_is_under_way_no_other_is_asked_for() -> None:
    waiting = Waiting(messages=1, seconds=0.0)
    assert waiting.is_due(4, 0, 0.0)
    assert not waiting.is_due(9, 0, 1.0)
    assert waiting.is_due(5, 1, 2.0)
    assert not waiting.is_due(0, 2, 3.0)
    assert waiting.is_due(1, 2, 4.0)


def test_a_run_that_was_lost_is_asked_for_again() -> None:
    waiting = Waiting(messages=1, seconds=0.0)
    assert waiting.is_due(4, 0, 0.0)
    assert not waiting.is_due(4, 0, RUN_SECONDS - 1)
    assert waiting.is_due(4, 0, RUN_SECONDS)


def test_the_trigger_fires_for_what_waits_and_again_after_the_run(
    home: Settings, broker: Broker, topic: str
) -> None:
    async def watched() -> list[TriggerEvent]:
        events = KafkaTrigger("wire", poll_seconds=0.05).run()
        found = []
        for partition in range(2):
            broker.produce(topic, as_values([record(partition)]), partition)
            found.append(await asyncio.wait_for(anext(events), timeout=60))
            await asyncio.to_thread(tasks.fetch_source, "wire")
        await events.aclose()  # type: ignore[attr-defined]
        return found

    events = asyncio.run(watched())
    assert [event.payload for event in events] == [{"source": "wire", "waiting": 1}] * 2
    assert held_ids(home) == ["t-0", "t-1"]


def test_the_task_runs_until_nothing_waits(home: Settings, broker: Broker, topic: str) -> None:
    broker.produce(topic, as_values([record(number) for number in range(5)]))
    assert len(tasks.fetch_source("wire")) == 3
    assert held_ids(home) == [f"t-{number}" for number in range(5)]
    assert tasks.fetch_source("wire") == []


def test_the_task_ends_after_so_many_batches(
    home: Settings, broker: Broker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "MAX_BATCHES_A_RUN", 1)
    broker.produce(topic, as_values([record(number) for number in range(5)]))
    assert len(tasks.fetch_source("wire")) == 1
    assert held_ids(home) == ["t-0", "t-1"]


def test_a_wrong_declaration_fails_at_once_and_a_silent_broker_is_tried_again(home: Settings) -> None:
    declare_topic(home, "wire", servers="127.0.0.1:1", topic="t", max_seconds=0.5)
    with pytest.raises(SourceError, match="no answer from Kafka"):
        tasks.fetch_source("wire")
    declare_topic(home, "wire", servers="127.0.0.1:1", topic="t", speed=3)
    with pytest.raises(
        AirflowFailException, match=r"ConfigError: The options of the source wire \(kind kafka\) are wrong"
    ):
        tasks.fetch_source("wire")


def test_sources_that_tell_of_arrivals_have_a_trigger_each(home: Settings) -> None:
    assert arrival_triggers() == {}
    declare_topic(home, "wire", servers="s", topic="t")
    found: dict[str, Any] = {name: trigger.serialize() for name, trigger in arrival_triggers().items()}
    path = "pipeline.orchestration.triggers.KafkaTrigger"
    assert found == {"wire": (path, {"source": "wire", "poll_seconds": 1.0})}
