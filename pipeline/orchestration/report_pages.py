"""Serving the files of ``reports/`` to those who are logged in to Airflow.

Airflow does not protect the applications of plugins: every route here asks for the login itself. Only names that
the pipeline gives to pages are served, so no path can lead out of the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_access_dag, requires_access_view
from airflow.models.xcom import XComModel
from fastapi import Depends, FastAPI, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from pipeline.config import settings
from pipeline.report.page import render

_PAGE = re.compile(r"(?:index|latest|b-[0-9a-f]{8,64})\.html", re.ASCII)
_BATCH = re.compile(r"b-[0-9a-f]{8,64}", re.ASCII)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""The pages pin their stylesheet themselves, in a policy of their own; both policies hold."""


@cache
def application() -> FastAPI:
    """The application; every answer of it carries the headers."""
    app = FastAPI(title="Incident data quality", docs_url=None, redoc_url=None, openapi_url=None)
    app.get("/run", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.RUN))])(_run)
    app.get("/{name}", dependencies=[Depends(requires_access_view(AccessView.WEBSITE))])(_page)
    return app


def _page(name: str) -> Response:
    """A page of the reports folder."""
    path = settings().reports / name
    if not _PAGE.fullmatch(name) or path.is_symlink() or not path.is_file():
        return _told("There is no such page", "It is written when the batch is published.", status=404)
    return HTMLResponse(path.read_bytes(), headers=_HEADERS)


def _run(dag_id: Annotated[str, Query()], run_id: Annotated[str, Query()], session: SessionDep) -> Response:
    """The page of the batch that a Dag run published; a list where it published several."""
    found = session.scalars(
        XComModel.get_many(run_id=run_id, dag_ids=dag_id, key="return_value").with_only_columns(
            XComModel.value
        )
    )
    batches = list(dict.fromkeys(batch for value in found for batch in _batches(value)))
    if len(batches) == 1:
        return RedirectResponse(f"{batches[0]}.html", status_code=303, headers=_HEADERS)
    if not batches:
        return _told("This run has published no batch", "Nothing was new, or the run has not come so far.")
    return _told("This run published several batches", "", batches)


def _batches(value: Any) -> Iterator[str]:
    """Batch ids among what a task returned: an id, or a list of them; XComs hold the JSON text of it."""
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, str):
            yield from _BATCH.findall(part) if len(part) < 100_000 else ()


def _told(title: str, sentence: str, batches: list[str] | None = None, *, status: int = 200) -> Response:
    text = render("told.html", title=title, sentence=sentence, batches=batches or [])
    return HTMLResponse(text, status_code=status, headers=_HEADERS)
