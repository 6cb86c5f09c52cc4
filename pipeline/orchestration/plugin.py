"""The data-quality pages inside Airflow's UI: in the menu, and on the page of each Dag run that published a batch.

Airflow loads plugins into every process, so what only its web server needs is imported with the first request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/incidents-reports"
_Messages = Callable[..., Awaitable[Any]]


async def pages(scope: MutableMapping[str, Any], receive: _Messages, send: _Messages) -> None:
    """The web application that serves the pages (ASGI)."""
    from pipeline.orchestration.report_pages import application

    await application()(scope, receive, send)


class DataQualityPlugin(AirflowPlugin):  # type: ignore[misc]
    """A menu entry for the dashboard, a tab on the Dag runs for their batches."""

    # Airflow drops a second view of the same route, saying so only in its log.
    name = "incidents_data_quality"
    fastapi_apps = [{"app": pages, "url_prefix": PREFIX, "name": "Incident data quality"}]  # noqa: RUF012 - Airflow reads the class
    external_views = [  # noqa: RUF012
        {
            "name": "Data quality",
            "href": f"{PREFIX}/index.html",
            "destination": "nav",
            "category": "browse",
            "url_route": "data-quality",
        },
        {
            "name": "Data quality",
            "href": f"{PREFIX}/run?dag_id={{DAG_ID}}&run_id={{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "batch-quality",
        },
    ]
