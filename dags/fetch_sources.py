"""Publish what the declared sources have that is new, each by its own schedule.

Every file in `INCIDENTS_HOME/sources` with a `schedule` has a Dag `fetch_<name>`; a declaration that is written,
changed or removed is seen when Airflow reads this file again. A broken declaration has no Dag: the log of the Dag
processor and `incidents doctor` say what is wrong with it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, dag, task

from pipeline.orchestration.schedules import scheduled_sources

RETRIES = {"retries": 3, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True}


def fetching_dag(name: str, schedule: str | None, doc: str) -> None:
    """The Dag of one source."""

    @dag(
        dag_id=f"fetch_{name}",
        schedule=schedule,
        start_date=datetime(2020, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        doc_md=doc,
        tags=["incidents"],
        default_args=RETRIES | {"owner": "incidents", "execution_timeout": timedelta(hours=2)},
    )
    def fetch() -> None:
        """One task: what a source brings in a poll is a small batch."""

        @task(outlets=[Asset("incident_reports", uri="x-incidents://lake/incident_reports")])
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
