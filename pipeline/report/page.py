"""The data-quality page: one self-contained HTML file without a script, safe to open whatever articles say."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.files import write_atomically
from pipeline.report.charts import bar_chart, counts_by, incident_map, timeline_chart
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


def shown_text(value: Any) -> str:
    """Text for a reader: control and direction characters, which could forge what is seen, become visible."""
    if value is None:
        return ""
    text = str(value)
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} else f"\\u{ord(c):04x}"
        for c in text
    )


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


def render_report(data: ReportData) -> str:
    """The page as HTML text."""
    style = _environment().get_template("report.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    by_day = counts_by(data.incidents, "date_start")
    charts = {
        "type": (
            bar_chart(counts_by(data.incidents, "event_type"), "Reports by event type"),
            counts_by(data.incidents, "event_type"),
        ),
        "country": (
            bar_chart(counts_by(data.incidents, "country_name"), "Reports by country"),
            counts_by(data.incidents, "country_name"),
        ),
        "day": (timeline_chart(data.incidents, "Reports by day and event type"), sorted(by_day)),
    }
    return (
        _environment()
        .get_template("report.html")
        .render(
            data=data,
            style=Markup(style),  # noqa: S704 - our own file
            style_digest=digest,
            charts={name: (Markup(svg), pairs) for name, (svg, pairs) in charts.items()},  # noqa: S704 - drawn by us; texts in it are escaped
            map=Markup(incident_map(data.incidents, "Map of placed incidents")),  # noqa: S704 - likewise
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
