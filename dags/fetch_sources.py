"""Publish what the declared sources have that is new, each by its own schedule.

Every file in `INCIDENTS_HOME/sources` with a `schedule` has a Dag `fetch_<name>`; a declaration that is written,
changed or removed is seen when Airflow reads this file again. A broken declaration has no Dag: the log of the Dag
processor and `incidents doctor` say what is wrong with it.
"""

from __future__ import annotations

from airflow.sdk import dag, task

from pipeline.orchestration.defaults import DAG_OPTIONS, INCIDENT_REPORTS, task_options
from pipeline.orchestration.schedules import scheduled_sources


def fetching_dag(name: str, schedule: str | None, doc: str) -> None:
    """The Dag of one source."""

    @dag(
        dag_id=f"fetch_{name}",
        schedule=schedule,
        doc_md=doc,
        default_args=task_options(),
        **DAG_OPTIONS,
    )
    def fetch() -> None:
        """One task: what a source brings in a poll is a small batch."""

        @task(outlets=[INCIDENT_REPORTS])
        def fetch_source(source: str) -> list[str]:
            from pipeline.orchestration import tasks

            return tasks.fetch_source(source)

        fetch_source(name)

    fetch()


for declared in scheduled_sources():
    fetching_dag(
        declared.name,
        declared.schedule,
        f"{declared.description or declared.name}\n\nKind: {declared.kind}. Licence: {declared.licence}.\n\n{__doc__}",
    )
