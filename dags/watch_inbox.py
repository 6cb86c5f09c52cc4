"""Publish whatever is put into the drop folder, without a further command.

A file that has arrived whole is claimed by moving it into a folder of its own; the run reads what is claimed and
moves it to `processed` when it is published. Files that arrive while a run is on its way go with the next one, all
together. What a crash left claimed is found by the next run.
"""

from __future__ import annotations

from airflow.sdk import Asset, AssetWatcher, dag, task

from pipeline.orchestration.defaults import DAG_OPTIONS, INCIDENT_REPORTS, task_options
from pipeline.orchestration.triggers import InboxTrigger

ARRIVALS = Asset(
    "inbox", uri="x-incidents://inbox", watchers=[AssetWatcher(name="inbox_watcher", trigger=InboxTrigger())]
)


@dag(
    schedule=[ARRIVALS],
    doc_md=__doc__,
    default_args=task_options(),
    **DAG_OPTIONS,
)
def watch_inbox() -> None:
    """One task for the small batches of a stream: each further task would cost a second."""

    @task(outlets=[INCIDENT_REPORTS])
    def publish_arrivals() -> list[str]:
        from pipeline.orchestration import tasks

        return tasks.publish_arrivals()

    publish_arrivals()


watch_inbox()
