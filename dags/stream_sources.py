"""Publish what arrives at declared sources that tell of arrivals themselves: a Dag a source, `stream_<name>`.

A trigger watches the source and fires when enough waits there, or something has waited long enough (the option
`batch` of the declaration). The run reads on from what is published and goes on while there is more; how far it came
is committed with the articles.
"""

from __future__ import annotations

from airflow.sdk import DAG, Asset, AssetWatcher, dag, task

from pipeline.orchestration.defaults import DAG_OPTIONS, INCIDENT_REPORTS, task_options
from pipeline.orchestration.triggers import BaseEventTrigger, arrival_triggers


def stream_dag(name: str, trigger: BaseEventTrigger) -> DAG:
    """The Dag of one source: one task, for the small batches of a stream."""
    arrivals = Asset(
        f"source_{name}",
        uri=f"x-incidents://sources/{name}",
        watchers=[AssetWatcher(name=f"source_{name}_watcher", trigger=trigger)],
    )

    @dag(
        dag_id=f"stream_{name}",
        schedule=[arrivals],
        doc_md=__doc__,
        default_args=task_options(),
        **DAG_OPTIONS,
    )
    def stream_source() -> None:
        @task(outlets=[INCIDENT_REPORTS])
        def fetch_source() -> list[str]:
            from pipeline.orchestration import tasks

            return tasks.fetch_source(name)

        fetch_source()

    return stream_source()


for source, source_trigger in arrival_triggers().items():
    stream_dag(source, source_trigger)
