"""Read articles of the lake again with the present extractor, and replace what was published of them.

The corrections and retractions of people are applied again. What does not come out any more is taken back; the view
`deletions` tells of it. A run that was killed goes on where it was when it is triggered with the same parameters.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Param, dag, task

from pipeline.orchestration.defaults import DAG_OPTIONS, INCIDENT_REPORTS, task_options


@dag(
    schedule=None,
    doc_md=__doc__,
    default_args=task_options(retries=2, timeout=timedelta(hours=12)),
    **DAG_OPTIONS,
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

    @task(outlets=[INCIDENT_REPORTS])
    def reprocess(params: dict[str, object]) -> list[str]:
        from pipeline.orchestration import reviewing

        return reviewing.reprocess(params)

    reprocess()


reprocess_articles()
