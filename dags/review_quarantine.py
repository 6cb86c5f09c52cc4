"""Ask people about quarantined rows that rules cannot decide.

Every row is one question under "Required Actions": what it fails, its fields, and the words of the article around its quotes.
Answer with accept, retract or correct (then write `field=value` lines), and a reason; your name is kept with the decision. What is
not answered in time stays in quarantine. When all are answered or timed out, the decisions are applied as one batch.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, dag, task

from pipeline.orchestration.defaults import DAG_OPTIONS, INCIDENT_REPORTS, task_options

LEAVE_OPEN = "leave open"


@dag(
    schedule=None,
    doc_md=__doc__,
    default_args=task_options(retries=2),
    **DAG_OPTIONS,
    params={
        "limit": Param(20, type="integer", minimum=1, maximum=200, title="Rows at most", description_md="How many open rows to ask about."),
        "ids": Param([], type="array", items={"type": "string"}, title="Ids", description_md="Ask about these rows; empty: the oldest open ones."),
    },
)  # fmt: skip
def review_quarantine() -> None:
    """Gather questions, ask each, apply the answers."""

    @task
    def gather(params: dict[str, object]) -> list[dict[str, str]]:
        from pipeline.orchestration import reviewing

        return reviewing.questions(params)

    @task(outlets=[INCIDENT_REPORTS])
    def apply(asked: list[dict[str, str]], answers: list[dict[str, object]]) -> str | None:
        from pipeline.orchestration import reviewing

        return reviewing.apply_answers(list(asked), list(answers))

    asked = gather()
    answers = HITLOperator.partial(
        task_id="decide",
        options=["accept", "retract", "correct", LEAVE_OPEN],
        defaults=LEAVE_OPEN,
        response_timeout=timedelta(days=2),
        params={
            "reason": Param("", type="string", title="Reason", description_md="Why, in words that a stranger understands."),
            "corrections": Param(None, type=["null", "string"], format="multiline", title="Corrections", description_md="For correct: `field=value`, one a line."),
        },
    ).expand_kwargs(asked)  # fmt: skip
    apply(asked, answers.output)


review_quarantine()
