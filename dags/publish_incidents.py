"""Read news articles, extract incidents of political violence, check and publish them, report on the batch.

Trigger it with the files or folders to read. The same inputs are the same batch: a second run changes nothing.
Tables appear in DuckDB (`incidents.duckdb`) all at once when the task `publish` ends; the task `report` writes the
data-quality page. Every count is in the ledger of the batch, and nothing is published where the ledger does not hold.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Asset, Param, dag, task

from pipeline.orchestration.defaults import DAG_OPTIONS, task_options

LAKE_TABLES = [
    Asset(name, uri=f"x-incidents://lake/{name}")
    for name in ("articles", "incident_reports", "aggregate_claims", "quarantine")
]


@dag(
    schedule=None,
    doc_md=__doc__,
    default_args=task_options(retries=2, retry_delay=timedelta(seconds=5)),
    params={
        "paths": Param(
            [], type="array", items={"type": "string"}, title="Files or folders",
            description_md="What to read: `.jsonl`, `.txt`, `.html`, or folders of them. Empty: the bundled sample articles.",
        ),
        "extractor": Param("rules", type="string", enum=["rules"], title="Extractor", description_md="What reads the articles."),
    },
    **DAG_OPTIONS,
)  # fmt: skip
def publish_incidents() -> None:
    """The flow, one task a stage; what passes between them is the batch id."""

    @task(execution_timeout=timedelta(minutes=30))
    def ingest(params: dict[str, object]) -> str:
        from pipeline.orchestration import tasks

        return tasks.ingest(params)

    @task
    def extract(batch_id: str, params: dict[str, object]) -> str:
        from pipeline.orchestration import tasks

        return tasks.extract(batch_id, params)

    @task
    def validate(batch_id: str) -> str:
        from pipeline.orchestration import tasks

        return tasks.validate(batch_id)

    @task(outlets=LAKE_TABLES)
    def publish(batch_id: str) -> str:
        from pipeline.orchestration import tasks

        return tasks.publish(batch_id)

    @task(outlets=[Asset("data_quality_report", uri="x-incidents://reports/latest")])
    def report(batch_id: str) -> str:
        from pipeline.orchestration import tasks

        return tasks.report(batch_id)

    report(publish(validate(extract(ingest()))))


publish_incidents()
