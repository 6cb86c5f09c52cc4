"""The data-quality page: one self-contained HTML file without a script, safe to open whatever articles say."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.files import write_atomically
from pipeline.report.charts import bar_chart, counts_by, incident_map, timeline_chart
from pipeline.report.display import shown_text
from pipeline.report.model import CONTEXT_CHARACTERS, EXCERPT_CHARACTERS, SHOWN_ROWS, ReportData, Row


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown_text
    environment.filters["link"] = safe_link
    environment.filters["span"] = _span
    return environment


def safe_link(url: str | None) -> str | None:
    """The address where it is one of the web; other schemes are shown as text only."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def _span(low: int | None, high: int | None) -> str:
    if low is None and high is None:
        return "not stated"
    if low is None:
        return f"up to {high:,}"
    if high is None:
        return f"at least {low:,}"
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _evidence(row: Row) -> list[dict[str, str]]:
    """Quotes with a little of the article around them; the quote of the whole sentence goes without."""
    found = []
    for entry in row["evidence"]:
        start, end, text = entry["start"], entry["end"], row["text"]
        found.append(
            {
                "field": entry["field"].replace("_", " "),
                "before": text[max(0, start - CONTEXT_CHARACTERS) : start],
                "quote": text[start:end],
                "after": text[end : end + CONTEXT_CHARACTERS],
            }
        )
    return found


def _charts(data: ReportData) -> dict[str, tuple[Markup, list[tuple[str, int]]]]:
    """The charts with the numbers behind them; none where there is nothing to draw."""
    rows = data.incidents
    if not rows:
        return {}
    by_type, by_country = counts_by(rows, "event_type"), counts_by(rows, "country_name")
    drawn = {
        "type": (bar_chart(by_type, "Reports by event type"), by_type),
        "country": (bar_chart(by_country, "Reports by country"), by_country),
        "day": (timeline_chart(rows, "Reports by day and event type"), sorted(counts_by(rows, "date_start"))),
    }
    return {name: (Markup(svg), pairs) for name, (svg, pairs) in drawn.items()}  # noqa: S704 - drawn by us, texts in it are escaped


def _map(data: ReportData) -> Markup:
    return Markup(incident_map(data.incidents, "Map of placed incidents") if data.incidents else "")  # noqa: S704 - drawn by us


def render_report(data: ReportData) -> str:
    """The page as HTML text."""
    style = _environment().get_template("report.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _environment()
        .get_template("report.html")
        .render(
            data=data,
            style=Markup(style),  # noqa: S704 - our own file
            style_digest=digest,
            charts=_charts(data),
            map=_map(data),
            incidents=[(row, _evidence(row)) for row in data.incidents[:SHOWN_ROWS]],
            quarantined=data.quarantined[:SHOWN_ROWS],
            reasons=counts_by(data.quarantined, "reason_code"),
            unplaced=sum(row["latitude"] is None for row in data.incidents),
            shown_rows=SHOWN_ROWS,
            excerpt=EXCERPT_CHARACTERS,
        )
    )


def write_report(data: ReportData, path: Path) -> None:
    """Write the page, whole or not at all."""
    write_atomically(path, render_report(data).encode("utf-8", "backslashreplace"))
