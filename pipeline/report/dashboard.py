"""The standing dashboard: the last days of the lake on one page, like the batch pages without a script."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipeline.report.charts import columns, strip
from pipeline.report.display import shown_text
from pipeline.report.history import SHOWN_LINES, History, Line, history_findings
from pipeline.report.model import Row, funnel
from pipeline.report.page import render
from pipeline.report.verdict import gravest

_TOLD_DAYS = 14
"""Days that the tables behind the charts tell; the charts show all."""


def render_dashboard(history: History) -> str:
    """The dashboard as HTML text."""
    findings = history_findings(history)
    most = max((value or 0 for line in history.volumes for value in line.values), default=0)
    return render(
        "dashboard.html",
        history=history,
        level=gravest(findings),
        findings=findings,
        active=[day for day, ledger in enumerate(history.ledger_by_day) if ledger is not None][-_TOLD_DAYS:],
        funnel=funnel(history.ledger) if history.batches else [],
        rows_chart=_rows_chart(history.ledger_by_day),
        failing_chart=_failing_chart(history.ledger_by_day),
        volumes=_drawn(history.volumes[:SHOWN_LINES], most),
        expectations=_drawn(history.expectations, None),
        reasons=_drawn(history.reasons, None),
        nulls=_drawn(history.nulls, 1.0),
    )


def _drawn(lines: Sequence[Line], maximum: float | None) -> list[tuple[Line, Markup]]:
    """Lines with their strips; without a common maximum each is drawn against its own."""
    drawn = []
    for line in lines:
        top = maximum or max((value or 0 for value in line.values), default=0)
        label = f"{shown_text(line.name)} by day" + (
            f", {len(line.alarms)} days marked" if line.alarms else ""
        )
        drawn.append((line, strip(line.values, label, top, sorted(line.alarms))))
    return drawn


def _rows_chart(ledgers: Sequence[Row | None]) -> tuple[Markup, int]:
    """Rows made by day, published and quarantined; and the most of a day."""
    accepted = [0 if row is None else row["rows_accepted"] for row in ledgers]
    rejected = [0 if row is None else row["rows_quarantined"] for row in ledgers]
    label = "Rows made by day, published and quarantined"
    most = max((a + b for a, b in zip(accepted, rejected, strict=True)), default=0)
    return columns([("pass", accepted), ("fail", rejected)], label), most


def _failing_chart(ledgers: Sequence[Row | None]) -> tuple[Markup, float]:
    """Share of rows that fail by day, and the greatest of it."""
    shares = [
        0.0 if row is None or not row["rows_extracted"] else row["rows_quarantined"] / row["rows_extracted"]
        for row in ledgers
    ]
    return columns([("fail", shares)], "Share of rows that fail an expectation, by day"), max(
        shares, default=0.0
    )
