"""Airflow triggers: the drop folder's arrivals as asset events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from pipeline.config import settings
from pipeline.orchestration.inbox import claim_arrived, claimed_files


class InboxTrigger(BaseEventTrigger):  # type: ignore[misc]  # Airflow's types are not read
    """Fires when whole files lie in the drop folder, having claimed them; and once at its start for stranded claims."""

    def __init__(self, poll_seconds: float = 1.0) -> None:
        super().__init__()
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, for the triggerer."""
        return "pipeline.orchestration.triggers.InboxTrigger", {"poll_seconds": self.poll_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event for all files that arrived since the last look."""
        inbox = settings().inbox
        waiting = await asyncio.to_thread(claimed_files, inbox)
        if waiting:
            yield TriggerEvent({"files": [path.name for path in waiting]})
        while True:
            claimed = await asyncio.to_thread(claim_arrived, inbox)
            if claimed:
                yield TriggerEvent({"files": [path.name for path in claimed]})
            await asyncio.sleep(self.poll_seconds)
