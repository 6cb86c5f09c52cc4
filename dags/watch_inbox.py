"""Publish whatever is put into the drop folder, without a further command.

A file that has arrived whole is claimed by moving it into a folder of its own; the run reads what is claimed and
moves it to `processed` when it is published. Files that arrive while a run is on its way go with the next one, all
together. What a crash left claimed is found by the next run.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, AssetWatcher, dag, task

from pipeline.orchestration.triggers import InboxTrigger

RETRIES = {"retries": 3, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True}
ARRIVALS = Asset(
    "inbox", uri="x-incidents://inbox", watchers=[AssetWatcher(name="inbox_watcher", trigger=InboxTrigger())]
)


@dag(
    schedule=[ARRIVALS],
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["incidents"],
    default_args=RETRIES | {"owner": "incidents", "execution_timeout": timedelta(hours=2)},
)
def watch_inbox() -> None:
    """One task for the small batches of a stream: each further task would cost a second."""

    @task(outlets=[Asset("incident_reports", uri="x-incidents://lake/incident_reports")])
    def publish_arrivals() -> list[str]:
        from pipeline.orchestration import tasks

        return tasks.publish_arrivals()

    publish_arrivals()


watch_inbox()
