"""Charts of the data-quality pages: plain SVG without text, so that words stay in HTML and fit every screen.

Colours are classes of ``report.css``, which knows light, dark and print. No value of a row reaches the SVG but as a
number; what a chart says in words is its label, which is escaped.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.report.display import shown_text
from pipeline.report.model import Row

MINIMUM_SLOTS = 14
_MAXIMUM_SLOTS = 120
_LEVELS = 5


def counts_by(rows: Sequence[Row], column: str) -> list[tuple[str, int]]:
    """Values of a column with their counts, the most frequent first; no value counts as "not stated"."""
    counts = Counter(shown_text(row[column]) if row[column] is not None else "not stated" for row in rows)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def bar(value: float, maximum: float, kind: str = "") -> Markup:
    """One horizontal bar, for a cell of a table that has the number beside it."""
    width = 0.0 if not maximum else min(100.0, 100.0 * value / maximum)
    return Markup(
        '<svg class="bar {}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rail" width="100" height="10"/><rect width="{:.2f}" height="10"/></svg>'
    ).format(kind, max(width, 0.6 if value else 0.0))


def columns(
    series: Sequence[tuple[str, Sequence[float]]], label: str, maximum: float | None = None
) -> Markup:
    """Stacked columns, one slot a period: class and values of each layer, the lowest layer first."""
    slots = max((len(values) for _, values in series), default=0)
    top = maximum or max((sum(layer) for layer in zip(*(v for _, v in series), strict=True)), default=0)
    drawn = []
    heights = [0.0] * slots
    for kind, values in series:
        for slot, value in enumerate(values):
            if not value or not top:
                continue
            height = 100 * value / top
            drawn.append(_rect(slot + 0.08, 100 - heights[slot] - height, 0.84, height, kind))
            heights[slot] += height
    return _drawing("columns", max(slots, 1), 100, drawn, label)


def strip(values: Sequence[float | None], label: str, maximum: float, alarms: Sequence[int] = ()) -> Markup:
    """One cell a day, darker with more; days without a value stay empty, days with an alarm have a mark above."""
    drawn = []
    for slot, value in enumerate(values):
        level = 0 if not value or not maximum else min(_LEVELS, 1 + int((_LEVELS - 0.001) * value / maximum))
        if value is not None:
            drawn.append(_rect(slot + 0.06, 4, 0.88, 16, f"l{level}"))
    drawn += [_rect(slot + 0.06, 0, 0.88, 3, "alarm") for slot in alarms]
    return _drawing("strip", max(len(values), 1), 20, drawn, label)


def _rect(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    return Markup('<rect class="{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"/>').format(
        kind, x, y, width, height
    )


def _drawing(kind: str, width: int, height: int, drawn: Sequence[Markup], label: str) -> Markup:
    return Markup(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(kind, width, height, label, Markup("").join(drawn))


@dataclass(frozen=True)
class Timeline:
    """Counts by period and kind, ready to be drawn and to be told as a table."""

    svg: Markup
    first: str
    last: str
    period: str
    """``day``, ``month`` or ``year``: the finest that fits."""
    peak: int
    rows: list[tuple[str, int]]
    """Periods with their totals, those without any left out."""


def timeline(
    counts: Mapping[tuple[dt.date, str], int], kinds: Mapping[str, str], label: str
) -> Timeline | None:
    """Columns by day, stacked by kind (``kinds``: value to class); by month or year where the span is long."""
    if not counts:
        return None
    first, last = min(day for day, _ in counts), max(day for day, _ in counts)
    scale = _scale(first, last)
    slots = max(MINIMUM_SLOTS, scale.index(last) + 1)
    layers = {css: [0.0] * slots for css in dict.fromkeys([*kinds.values(), "other"])}
    totals: Counter[int] = Counter()
    for (day, kind), count in counts.items():
        layers[kinds.get(kind, "other")][scale.index(day)] += count
        totals[scale.index(day)] += count
    named = [(scale.name(slot), totals[slot]) for slot in sorted(totals)]
    svg = columns(list(layers.items()), label)
    return Timeline(svg, scale.name(0), scale.name(slots - 1), scale.period, max(totals.values()), named)


class _Scale:
    """Days counted in days, months or years since the first."""

    def __init__(self, first: dt.date, period: str) -> None:
        self._first, self.period = first, period

    def index(self, day: dt.date) -> int:
        first = self._first
        if self.period == "day":
            return (day - first).days
        years = day.year - first.year
        return years if self.period == "year" else 12 * years + day.month - first.month

    def name(self, slot: int) -> str:
        first = self._first
        if self.period == "day":
            at = min(first.toordinal() + slot, dt.date.max.toordinal())
            return dt.date.fromordinal(at).isoformat()
        if self.period == "year":
            return str(first.year + slot)
        months = first.month - 1 + slot
        return f"{first.year + months // 12}-{months % 12 + 1:02}"


def _scale(first: dt.date, last: dt.date) -> _Scale:
    scales = (_Scale(first, period) for period in ("day", "month", "year"))
    return next((scale for scale in scales if scale.index(last) < _MAXIMUM_SLOTS), _Scale(first, "year"))
