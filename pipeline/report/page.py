"""The data-quality pages: self-contained HTML files without a script, safe to open whatever articles say."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from functools import cache
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.report.charts import bar, counts_by, timeline
from pipeline.report.display import shown_text
from pipeline.report.model import (
    CONTEXT_CHARACTERS,
    EXCERPT_CHARACTERS,
    SHOWN_EXAMPLES,
    SHOWN_ROWS,
    SHOWN_VALUES,
    ReportData,
    Row,
    funnel,
    null_counts,
)
from pipeline.report.verdict import WORDS, batch_findings, gravest
from pipeline.report.worldmap import incident_map

KINDS = {
    "Battles": "t1",
    "Explosions/Remote violence": "t2",
    "Violence against civilians": "t3",
    "Protests": "t4",
    "Riots": "t5",
    "Strategic developments": "t6",
}
"""Event types with the class of their colour."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "shown": shown_text,
        "link": safe_link,
        "span": _span,
        "number": _number,
        "share": _share,
    }
    environment.globals |= {"bar": bar}
    return environment


def safe_link(url: str | None) -> str | None:
    """The address where it is one of the web; other schemes are shown as text only."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def _number(value: int) -> str:
    return f"{value:,}"


def _share(part: float, whole: float) -> str:
    """A percentage; what is neither nothing nor all never reads as 0 or 100 %."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "< 0.1 %"
    return "> 99.9 %" if 99.9 < percent < 100 else f"{percent:.1f} %".replace(".0 %", " %")


def _span(low: int | None, high: int | None, best: int | None) -> str:
    """A range in words; the best number where it is none of the two ends."""
    beside = "" if best is None or best in (low, high) else f", best {best:,}"
    if low is None and high is None:
        return beside.removeprefix(", ") or "not stated"
    if low is None:
        return f"up to {high:,}{beside}"
    if high is None:
        return f"at least {low:,}{beside}"
    return (f"{low:,}" if low == high else f"{low:,} to {high:,}") + beside


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


def _reasons(rows: list[Row]) -> list[dict[str, Any]]:
    """Quarantined rows by reason, the most frequent first, each with a few examples."""
    ordered = sorted(rows, key=lambda row: row["reason_code"])
    grouped = [(code, list(found)) for code, found in groupby(ordered, key=lambda row: row["reason_code"])]
    return [
        {"code": code, "count": len(found), "examples": found[:SHOWN_EXAMPLES]}
        for code, found in sorted(grouped, key=lambda pair: (-len(pair[1]), pair[0]))
    ]


def render(template: str, **values: Any) -> str:
    """A page as HTML text: a template of this package with the stylesheet inlined and pinned by the content policy."""
    style = _environment().get_template("report.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # The stylesheet is our own file.
    shared = {"style": Markup(style), "style_digest": digest, "words": WORDS, "kinds": KINDS}  # noqa: S704
    return _environment().get_template(template).render(**shared, **values)


def page_bytes(text: str) -> bytes:
    """A page as it is written to a file; lone surrogates become visible."""
    return text.encode("utf-8", "backslashreplace")


def render_report(data: ReportData) -> str:
    """The page of one batch as HTML text."""
    findings = batch_findings(data)
    days = [(row["date_start"], row["event_type"]) for row in data.incidents if row["date_start"] is not None]
    return render(
        "report.html",
        data=data,
        level=gravest(findings),
        findings=findings,
        funnel=funnel(data.batch),
        nulls=null_counts(data.incidents),
        timeline=timeline(Counter(days), KINDS, "Incident reports by day and event type"),
        by={name: counts_by(data.incidents, name) for name in ("event_type", "country_name")},
        shown_values=SHOWN_VALUES,
        map=incident_map(data.incidents, KINDS, "Map of the incidents that have coordinates"),
        incidents=[(row, _evidence(row)) for row in data.incidents[:SHOWN_ROWS]],
        reasons=_reasons(data.quarantined),
        unplaced=sum(row["latitude"] is None for row in data.incidents),
        undated=sum(row["date_start"] is None for row in data.incidents),
        shown_rows=SHOWN_ROWS,
        shown_examples=SHOWN_EXAMPLES,
        excerpt=EXCERPT_CHARACTERS,
    )
