"""Extraction to table rows: keys from raw values, offsets and quotes as they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec

from pipeline.ids import make_id
from pipeline.records import AggregateClaim, CasualtyFigure, Extraction, IncidentReport, ResponsibilityClaim

Row = dict[str, Any]
EXTRACTED_TABLES = ("incident_reports", "aggregate_claims", "casualty_figures", "responsibility_claims")


def extraction_rows(
    extraction: Extraction, *, article_id: str, article_version: str, extractor: str, extractor_version: str
) -> dict[str, list[Row]]:
    """The rows of each extracted table for one article version; ``batch_id`` is added on publishing."""
    owner = {"article_id": article_id, "article_version": article_version}
    reports = [
        _report(report, owner) | {"extractor": extractor, "extractor_version": extractor_version}
        for report in extraction.incidents
    ]
    claims = [_claim(claim, owner) for claim in extraction.aggregate_claims]
    owners = {f"incident:{n}": ("report_id", row["report_id"]) for n, row in enumerate(reports)}
    owners |= {f"aggregate:{n}": ("claim_id", row["claim_id"]) for n, row in enumerate(claims)}
    return {
        "incident_reports": reports,
        "aggregate_claims": claims,
        "casualty_figures": _distinct(
            _figure(figure, owner, owners) for figure in extraction.casualty_figures
        ),
        "responsibility_claims": [
            _responsibility(claim, owner, reports) for claim in extraction.responsibility_claims
        ],
    }


def _distinct(rows: Iterable[Row]) -> list[Row]:
    return list({row["figure_id"]: row for row in rows}.values())


def _spans(record: IncidentReport | AggregateClaim | ResponsibilityClaim) -> str:
    """What a record rests on, as text: two records of one article never share all of it."""
    return ";".join(f"{e.field}@{e.start}-{e.end}" for e in record.evidence)


def _report(report: IncidentReport, owner: Row) -> Row:
    row: Row = msgspec.to_builtins(report, builtin_types=(dt.date,))
    key = make_id("r", *owner.values(), report.event_type, report.sub_event_type, _spans(report))
    year = report.date_start.year if report.date_start else None
    return {"report_id": key, **owner, **row, "incident_year": year}


def _claim(claim: AggregateClaim, owner: Row) -> Row:
    row: Row = msgspec.to_builtins(claim, builtin_types=(dt.date,))
    return {"claim_id": make_id("c", *owner.values(), _spans(claim)), **owner, **row}


def _figure(figure: CasualtyFigure, owner: Row, owners: dict[str, tuple[str, str]]) -> Row:
    row: Row = msgspec.to_builtins(figure)
    column, key = owners.get(row.pop("owner") or "", (None, None))
    span = f"{figure.outcome}:{figure.victim_class}@{figure.start}-{figure.end}"
    own = {} if column is None else {column: key}
    return {"figure_id": make_id("f", *owner.values(), span, key), **owner, **own, **row}


def _responsibility(claim: ResponsibilityClaim, owner: Row, reports: list[Row]) -> Row:
    row: Row = msgspec.to_builtins(claim, builtin_types=(dt.date,))
    incident = row.pop("incident")
    report_id = None if incident is None else reports[incident]["report_id"]
    key = make_id("p", *owner.values(), claim.group_name, claim.stance, report_id, _spans(claim))
    return {"responsibility_id": key, **owner, "report_id": report_id, **row}
