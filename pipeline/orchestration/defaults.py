"""What the Dags have in common: their options, and how their tasks are retried and bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset

from pipeline.orchestration.alarming import AlarmNotifier

INCIDENT_REPORTS = Asset("incident_reports", uri="x-incidents://lake/incident_reports")
"""What every task that publishes has as its outlet."""
DAG_OPTIONS: dict[str, Any] = {
    "start_date": datetime(2020, 1, 1, tzinfo=UTC),
    "catchup": False,
    "max_active_runs": 1,
    "tags": ["incidents"],
}


def task_options(
    *,
    retries: int = 3,
    retry_delay: timedelta = timedelta(seconds=10),
    timeout: timedelta = timedelta(hours=2),
) -> dict[str, Any]:
    """The ``default_args`` of a Dag. Retries wait twice as long each time; after the last one people are told."""
    return {
        "owner": "incidents",
        "retries": retries,
        "retry_delay": retry_delay,
        "retry_exponential_backoff": True,
        "execution_timeout": timeout,
        "on_failure_callback": AlarmNotifier(),
    }
