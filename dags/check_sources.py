"""Every hour: does each declared source bring what its declaration expects?

The task fails, with a sentence a source that says what was found and what to do, where a source is dry (fewer articles in
its window than `bounds.minimum`), in flood (more than `bounds.maximum`) or cannot be read. Nothing is changed or dropped.
Where no source is declared there is nothing to do.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from pipeline.orchestration.defaults import DAG_OPTIONS, task_options


@dag(
    schedule="0 * * * *",
    doc_md=__doc__,
    default_args=task_options(retries=2, timeout=timedelta(minutes=10)),
    **DAG_OPTIONS,
)
def check_sources() -> None:
    """One task, which a finding fails at once; the retries are for a lake that cannot be read just now."""

    @task(task_id="check_sources")
    def check() -> list[str]:
        from pipeline.orchestration import tasks

        return tasks.check_sources()

    check()


check_sources()
