"""What the Dags' tasks do: one call into the stages each, with a line of progress."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from airflow.sdk.exceptions import AirflowFailException

from pipeline import stages
from pipeline.batches.alarms import tell_warnings
from pipeline.batches.maintenance import compact_lake, vacuum_lake
from pipeline.batches.source_states import source_states
from pipeline.config import SAMPLES_DIR, Settings, settings
from pipeline.errors import ConfigError, ContractError, ReviewError, SourceError
from pipeline.orchestration.inbox import claimed_files, first_batch, mark_processed

MAX_BATCHES_A_RUN = 100
"""A run ends here though more is waiting, so that its log and its time stay bounded."""
PROGRESS_MARK = "incidents progress:"
"""Begins every line that the embedded run shows of a task's output."""

Given = ParamSpec("Given")
Made = TypeVar("Made")


def fails_at_once(work: Callable[Given, Made]) -> Callable[Given, Made]:
    """What a second try cannot mend fails the task without one; other errors are retried."""

    @wraps(work)
    def task(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        try:
            return work(*args, **kwargs)
        except (ConfigError, ContractError, ReviewError, SourceError) as error:
            raise AirflowFailException(f"{type(error).__name__}: {error}") from error

    return task


def say(line: str) -> None:
    """A line of progress, which the embedded run shows."""
    print(f"{PROGRESS_MARK} {line}", flush=True)


@fails_at_once
def ingest(params: Mapping[str, Any]) -> str:
    """Read the run's paths, or the sample articles where it names none. Returns the batch id."""
    paths = [str(path) for path in params.get("paths") or [SAMPLES_DIR]]
    say(f"ingest: reading {', '.join(paths)}")
    return stages.ingest(paths, settings())


@fails_at_once
def extract(batch_id: str, params: Mapping[str, Any]) -> str:
    """Extract the batch."""
    say("extract: finding incidents")
    stages.extract(
        batch_id,
        settings(),
        extractor=str(params.get("extractor") or stages.DEFAULT_EXTRACTOR),
        progress=say,
    )
    return batch_id


@fails_at_once
def validate(batch_id: str) -> str:
    """Check the batch."""
    say("validate: checking expectations")
    stages.validate(batch_id, settings())
    return batch_id


@fails_at_once
def publish(batch_id: str) -> str:
    """Make the batch visible."""
    say("publish: committing the batch")
    stages.publish(batch_id, settings())
    return batch_id


@fails_at_once
def report(batch_id: str) -> str:
    """Write the batch's data-quality page. Returns its path."""
    say("report: writing the data-quality report")
    path = stages.write_batch_report(batch_id, settings())
    tell_warnings(batch_id, settings())
    say(f"batch {batch_id}")
    return path


@fails_at_once
def publish_arrivals() -> list[str]:
    """Publish what is claimed in the drop folder, batch after batch, the oldest claims first. Returns the batch ids."""
    found = settings()

    def publish_next() -> str | None:
        files = first_batch(claimed_files(found.inbox))
        if not files:
            return None
        batch_id = stages.run(files, found, progress=say, is_reported=False)
        mark_processed(found.inbox, files)
        return batch_id

    return _publish_all(publish_next, found)


def fetch_source(name: str) -> list[str]:
    """Publish what a declared source has that is new, batch after batch. Returns the batch ids.

    A source that does not answer may do so later: that error is left to the retries of the task.
    """
    found = settings()
    try:
        return _publish_all(lambda: stages.run_source(name, found, progress=say, is_reported=False), found)
    except (ConfigError, ContractError) as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error


def _publish_all(publish_next: Callable[[], str | None], found: Settings) -> list[str]:
    """Batches until nothing waits, then their reports: what has arrived is not to wait for a page about others."""
    batch_ids: list[str] = []
    try:
        while len(batch_ids) < MAX_BATCHES_A_RUN and (batch_id := publish_next()) is not None:
            batch_ids.append(batch_id)
    finally:
        for batch_id in batch_ids:
            say(f"report: writing the data-quality report of {batch_id}")
            stages.write_batch_report(batch_id, found)
            tell_warnings(batch_id, found)
    return batch_ids


def check_sources() -> list[str]:
    """Fail with the sentences of the declared sources that are dry, flood or are broken. Returns those of the others."""
    states = source_states(settings(), now=dt.datetime.now(dt.UTC))
    for found in states:
        say(f"{found.state}: {found.sentence}")
    alarms = [found.sentence for found in states if found.is_alarm]
    if alarms:
        raise AirflowFailException("\n".join(alarms))
    return [found.sentence for found in states]


@fails_at_once
def maintain_lake() -> dict[str, int]:
    """Compact the lake and delete what no kept state needs. Returns what was done."""
    found = settings()
    fewer = compact_lake(found)
    done = vacuum_lake(found)
    say(f"lake: {sum(fewer.values())} small files written together, {done.files_deleted} files deleted")
    return {"files_compacted": sum(fewer.values()), "files_deleted": done.files_deleted, "states_forgotten": done.states_forgotten}  # fmt: skip
