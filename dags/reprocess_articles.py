"""Read articles of the lake again with the present extractor, and replace what was published of them.

The corrections and retractions of people are applied again. What does not come out any more is taken back; the view
`deletions` tells of it. A run that was killed goes on where it was when it is triggered with the same parameters.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, Param, dag, task

RETRIES = {"retries": 2, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True}


@dag(
    schedule=None,
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["incidents"],
    default_args=RETRIES | {"owner": "incidents", "execution_timeout": timedelta(hours=12)},
    params={
        "outdated": Param(True, type="boolean", title="Outdated only", description_md="Only what another version of the extractor read."),
        "source": Param(None, type=["null", "string"], title="Source", description_md="The outlet or feed (`source_name`)."),
        "since": Param(None, type=["null", "string"], format="date", title="Since", description_md="Published on this day or later."),
        "country": Param(None, type=["null", "string"], title="Country", description_md="With an incident there now (ISO 3166-1 alpha-3)."),
        "article_ids": Param([], type="array", items={"type": "string"}, title="Articles", description_md="Keys of articles; empty: all that meet the conditions."),
    },
)  # fmt: skip
def reprocess_articles() -> None:
    """One task, which works in batches of a bounded size."""

    @task(outlets=[Asset("incident_reports", uri="x-incidents://lake/incident_reports")])
    def reprocess(params: dict[str, object]) -> list[str]:
        from pipeline.orchestration import reviewing

        return reviewing.reprocess(params)

    reprocess()


reprocess_articles()
