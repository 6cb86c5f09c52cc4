"""Charts of the data-quality page as SVG text, drawn without a browser and without anything from outside."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import vl_convert

from pipeline.config import SCHEMAS_DIR
from pipeline.report.display import shown_text
from pipeline.report.model import Row

_WIDTH = 640
_INK = "#8a93a3"
_COLOURS = {
    "Battles": "#c4532d",
    "Explosions/Remote violence": "#b8860b",
    "Violence against civilians": "#a02a5e",
    "Protests": "#2f7d6d",
    "Riots": "#6b5bab",
    "Strategic developments": "#4f7da8",
}


def counts_by(rows: Sequence[Row], column: str) -> list[tuple[str, int]]:
    """Values of a column with their counts, the most frequent first; no value counts as "not stated"."""
    # The renderer aborts the whole process on a NUL in a label.
    counts = Counter(shown_text(row[column]) if row[column] is not None else "not stated" for row in rows)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def bar_chart(pairs: Sequence[tuple[str, int]], title: str) -> str:
    """Horizontal bars, the longest first."""
    shown = [{"name": name, "count": count} for name, count in pairs[:15]]
    order = [entry["name"] for entry in shown]
    base = alt.Chart(alt.Data(values=shown)).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=260)),
        x=alt.X("count:Q", title=None, axis=alt.Axis(tickMinStep=1, grid=True)),
    )
    bars = base.mark_bar(color="#4f7da8", height=14)
    labels = base.mark_text(align="left", dx=4, color=_INK).encode(text="count:Q")
    return _svg((bars + labels).properties(width=_WIDTH - 240, height=alt.Step(22)), title)


def timeline_chart(rows: Sequence[Row], title: str) -> str:
    """Incident reports by day, stacked by event type."""
    counts = Counter(
        (row["date_start"].isoformat(), shown_text(row["event_type"]))
        for row in rows
        if row["date_start"] is not None
    )
    values = [{"day": day, "type": kind, "count": count} for (day, kind), count in sorted(counts.items())]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(size=5)
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("sum(count):Q", title="reports", axis=alt.Axis(tickMinStep=1)),
            color=_type_colour(),
        )
        .properties(width=_WIDTH, height=180)
    )
    return _svg(chart, title)


def incident_map(rows: Sequence[Row], title: str) -> str:
    """Placed incidents as circles, larger with more killed."""
    placed = [
        {
            "lon": r["longitude"],
            "lat": r["latitude"],
            "type": shown_text(r["event_type"]),
            "killed": r["fatalities_low"] or 0,
        }
        for r in rows
        if r["latitude"] is not None and r["longitude"] is not None
    ]
    land = alt.Chart(
        alt.Data(values=_world(), format=alt.TopoDataFormat(type="topojson", feature="countries"))
    )
    base = land.mark_geoshape(fill="#dfe3e8", stroke="#ffffff", strokeWidth=0.4)
    points = (
        alt.Chart(alt.Data(values=placed))
        .mark_circle(opacity=0.75, stroke="#ffffff", strokeWidth=0.5)
        .encode(
            longitude="lon:Q",
            latitude="lat:Q",
            color=_type_colour(),
            size=alt.Size("killed:Q", scale=alt.Scale(type="sqrt", range=[30, 600]), title="killed"),
        )
    )
    return _svg((base + points).project("naturalEarth1").properties(width=_WIDTH, height=330), title)


def _type_colour() -> Any:
    scale = alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values()))
    return alt.Color(
        "type:N", scale=scale, legend=alt.Legend(title=None, orient="bottom", columns=3, columnPadding=40)
    )


@cache
def _world() -> dict[str, Any]:
    world: dict[str, Any] = json.loads(
        (SCHEMAS_DIR / "basemap" / "countries-110m.json").read_text(encoding="utf-8")
    )
    return world


def _svg(chart: Any, title: str) -> str:
    styled = chart.configure_view(stroke=None).configure(
        background="transparent",
        padding={"left": 40, "right": 10, "top": 5, "bottom": 5},
        font="sans-serif",
        axis=alt.AxisConfig(
            labelColor=_INK, titleColor=_INK, domainColor=_INK, tickColor=_INK, gridColor="#8a93a333"
        ),
        legend=alt.LegendConfig(labelColor=_INK, titleColor=_INK),
    )
    svg: str = vl_convert.vegalite_to_svg(styled.to_dict(), allowed_base_urls=[])
    svg = re.sub(
        r'<svg [^>]*?viewBox="([^"]+)"[^>]*>',
        rf'<svg role="img" aria-label="{title}" viewBox="\1">',
        svg,
        count=1,
    )
    return svg.replace('xmlns:xlink="http://www.w3.org/1999/xlink"', "")
