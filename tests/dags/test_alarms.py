"""A task that has failed for good is told of, once and whatever it died of; one that a retry mended is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.config import Settings
from pipeline.orchestration.environment import airflow_environment
from tests.alarm_desk import alarm_desk

FAILING = """
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from airflow.sdk import dag, task

from pipeline.orchestration.defaults import DAG_OPTIONS, task_options


@dag(schedule=None, default_args=task_options(retries=1, retry_delay=timedelta(milliseconds=1)), **DAG_OPTIONS)
def failing():
    @task
    def loses_its_disk():
        raise OSError("No space left on <device>")

    @task
    def is_mended_by_a_retry(marker=Path(__file__).with_suffix(".tried")):
        if not marker.exists():
            marker.touch()
            raise OSError("Away for a moment")

    @task(retries=0, execution_timeout=timedelta(seconds=1))
    def takes_too_long():
        Event().wait(60)

    @task
    def is_given_what_is_not_there():
        from pipeline.orchestration import tasks

        return tasks.ingest({"paths": ["missing.jsonl"]})

    loses_its_disk(), is_mended_by_a_retry(), takes_too_long(), is_given_what_is_not_there()


failing()
"""


@pytest.mark.airflow
def test_whatever_a_task_dies_of_is_told_once_and_a_mended_one_is_not(home: Settings, tmp_path: Path) -> None:
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "failing.py").write_text(FAILING, encoding="utf-8")
    with alarm_desk() as (address, came):
        environment = airflow_environment(home) | {
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "INCIDENTS_ALARM_WEBHOOK": address,
            # A second channel that fails changes nothing.
            "INCIDENTS_ALARM_SMTP": "127.0.0.1:1",
            "INCIDENTS_ALARM_TO": "desk@test.example",
        }
        for command in (["db", "migrate"], ["dags", "test", "failing"]):
            ran = subprocess.run(
                [sys.executable, "-m", "airflow", *command],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
    told = {alarm["subject"]: alarm["text"] for alarm in came}
    assert len(told) == len(came), ran.stdout
    assert set(told) == {
        f"The task {name} of failing failed"
        for name in ("loses_its_disk", "takes_too_long", "is_given_what_is_not_there")
    }
    assert told["The task loses_its_disk of failing failed"].startswith(
        "OSError: No space left on <device>\n"
    )
    assert "Timeout" in told["The task takes_too_long of failing failed"]
    assert "missing.jsonl" in told["The task is_given_what_is_not_there of failing failed"]
    assert "Run: manual__" in told["The task loses_its_disk of failing failed"]


def test_a_task_whose_process_is_dead_is_told_of_by_the_dag_processor_without_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pipeline.orchestration.defaults import task_options

    task = SimpleNamespace(task_id="extract", dag_id="publish_incidents", run_id="manual__1")
    with alarm_desk() as (address, came):
        monkeypatch.setenv("INCIDENTS_ALARM_WEBHOOK", address)
        task_options()["on_failure_callback"]({"task_instance": task})
    [alarm] = came
    assert alarm["subject"] == "The task extract of publish_incidents failed"
    assert alarm["text"] == (
        "It was killed, or its process did not answer any more: see its log.\nRun: manual__1"
    )
