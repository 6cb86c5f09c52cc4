"""Tell of failed tasks by Airflow's own way: a notifier that is called once a task has failed for good."""

from __future__ import annotations

from typing import Any

from airflow.sdk.bases.notifier import BaseNotifier
from airflow.sdk.exceptions import AirflowFailException

_UNKNOWN = "It was killed, or its process did not answer any more: see its log."


class AlarmNotifier(BaseNotifier):  # type: ignore[misc]
    """Tells by ``pipeline.batches.alarms`` which task failed, in which run, and why.

    Airflow calls it after the last try: in the task's process, or in the Dag processor where that process is dead.
    """

    def notify(self, context: Any) -> None:
        """Send the alarm; a channel that fails is logged."""
        from pipeline.batches.alarms import tell

        task = context["task_instance"]
        tell(
            f"The task {task.task_id} of {task.dag_id} failed",
            f"{_cause(context.get('exception'))}\nRun: {task.run_id}",
        )


def _cause(error: BaseException | str | None) -> str:
    if error is None:
        return _UNKNOWN
    if isinstance(error, str | AirflowFailException):
        return str(error)
    return f"{type(error).__name__}: {error}"
