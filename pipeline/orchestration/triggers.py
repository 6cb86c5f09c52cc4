"""Airflow triggers: what arrives in the drop folder, or waits at a declared source, as asset events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from pipeline.config import settings
from pipeline.errors import PipelineError
from pipeline.lake.catalog import SourceState, read_catalog
from pipeline.orchestration.inbox import claim_arrived, claimed_files
from pipeline.orchestration.schedules import sound_sources
from pipeline.orchestration.waiting import Claims, Waiting
from pipeline.sources.declaration import declared, options_of

if TYPE_CHECKING:
    from pipeline.sources.kafka_topic import KafkaTopic

LOG = logging.getLogger(__name__)


class InboxTrigger(BaseEventTrigger):  # type: ignore[misc]  # Airflow's types are not read
    """Fires when whole files lie in the drop folder, having claimed them, and for claims that a crash stranded."""

    def __init__(self, poll_seconds: float = 1.0) -> None:
        super().__init__()
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, for the triggerer."""
        return "pipeline.orchestration.triggers.InboxTrigger", {"poll_seconds": self.poll_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event for all files that are claimed; the next when a run has taken them and others are."""
        inbox, claims = settings().inbox, Claims()
        while True:
            await asyncio.to_thread(claim_arrived, inbox)
            claimed = await asyncio.to_thread(claimed_files, inbox)
            if claims.is_due(claimed, time.monotonic()):
                yield TriggerEvent({"files": len(claimed)})
            await asyncio.sleep(self.poll_seconds)


class KafkaTrigger(BaseEventTrigger):  # type: ignore[misc]  # Airflow's types are not read
    """Fires when enough messages wait behind the committed offsets of a declared source, or the oldest has waited enough."""

    def __init__(self, source: str, poll_seconds: float = 1.0) -> None:
        super().__init__()
        self.source = source
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, for the triggerer."""
        return (
            "pipeline.orchestration.triggers.KafkaTrigger",
            {"source": self.source, "poll_seconds": self.poll_seconds},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event for all messages that wait; the next when a run has moved the offsets on and others wait."""
        from pipeline.sources.kafka_options import KafkaOptions
        from pipeline.sources.kafka_topic import open_topic

        options = options_of(declared(settings().sources, self.source), KafkaOptions)
        waiting = Waiting(options.batch.messages, options.batch.seconds)
        with open_topic(self.source, options) as topic:
            while True:
                held = await asyncio.to_thread(self._held)
                count = await asyncio.to_thread(self._waiting, topic, held)
                if waiting.is_due(count, held.revision, time.monotonic()):
                    yield TriggerEvent({"source": self.source, "waiting": count})
                await asyncio.sleep(self.poll_seconds)

    def _held(self) -> SourceState:
        return read_catalog(settings().lake).source(self.source)

    def _waiting(self, topic: KafkaTopic, held: SourceState) -> int:
        """How many messages wait; a broker that does not answer now may do so at the next look."""
        from pipeline.sources.kafka import waiting_messages

        try:
            return waiting_messages(topic, held.state)
        except PipelineError as error:
            LOG.warning("%s", error)
            return 0


_OF_KIND = {"kafka": KafkaTrigger}


def arrival_triggers() -> dict[str, BaseEventTrigger]:
    """By name, the triggers of the declared sources that tell of arrivals themselves."""
    return {
        source.name: _OF_KIND[source.kind](source.name)
        for source in sound_sources()
        if source.kind in _OF_KIND
    }
