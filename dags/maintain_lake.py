"""Every night: write small files of the lake together, and delete what no kept state needs.

Rows and answers stay the same. The states of the last 30 days can be asked afterwards (`incidents query --as-of`), and a
reader that has one of them open keeps its files. Writers wait for the minutes this takes.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from pipeline.orchestration.defaults import DAG_OPTIONS, task_options


@dag(
    schedule="30 3 * * *",
    doc_md=__doc__,
    default_args=task_options(retries=2, retry_delay=timedelta(minutes=1)),
    **DAG_OPTIONS,
)
def maintain_lake() -> None:
    """One task: both parts take the writer's lock, one after the other."""

    @task(task_id="maintain_lake")
    def maintain() -> dict[str, int]:
        from pipeline.orchestration import tasks

        return tasks.maintain_lake()

    maintain()


maintain_lake()
