"""Expectations on a whole batch: what it brings of each source, set against what that source's last batches brought.

A measure is judged by the median and the median absolute deviation of its history, so that one odd batch neither
alarms for ever nor hides the next; with a short history it is recorded and not judged. All of them only warn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from pipeline.quality.engine import ROW_NUMBER, run_expectations
from pipeline.quality.validation import ExpectationOutcome

Row = Mapping[str, Any]
History = Mapping[str, Sequence[float]]
"""Values of earlier batches by the expectation's name, the latest first."""

MIN_HISTORY = 5
LAST_BATCHES = 20
PREFIX = "trend:"
_DEVIATIONS = 5 * 1.4826
_SHARED = ("date_start", "country_code", "place_name", "latitude", "fatalities_low", "perpetrators")
_MIN_REPORTS = 20
"""Shares of fewer reports than this jump about by chance, and are not taken."""
_NAME_CHARACTERS = 60


@dataclass(frozen=True)
class Measure:
    """One number of a batch; ``slack`` is what it may always differ by, so that a steady history does not alarm at a trifle."""

    name: str
    words: str
    value: float
    slack: float
    is_share: bool = False


def measures(articles: int, reports: Sequence[Row]) -> list[Measure]:
    """What is measured of one source in one batch."""
    killed = sum(row["fatalities_low"] or 0 for row in reports)
    injured = sum(row["injured_low"] or 0 for row in reports)
    found = [
        Measure("articles", "articles", articles, slack=20),
        Measure("reports", "incident reports", len(reports), slack=10),
        Measure("killed", "killed, all reports together", killed, slack=50),
        Measure("injured", "injured, all reports together", injured, slack=100),
    ]
    if len(reports) >= _MIN_REPORTS:
        for column in _SHARED:
            empty = sum(row[column] in (None, []) for row in reports) / len(reports)
            words = f"the share of reports without {column.replace('_', ' ')}"
            found.append(Measure(f"empty:{column}", words, empty, slack=0.2, is_share=True))
        for kind in ("Battles", "Explosions/Remote violence", "Violence against civilians"):
            share = sum(row["event_type"] == kind for row in reports) / len(reports)
            found.append(Measure(f"type:{kind}", f"the share of {kind}", share, slack=0.25, is_share=True))
    return found


def check_trends(source: str, found: Sequence[Measure], history: History) -> list[ExpectationOutcome]:
    """The outcome of each measure of a source; ``observed`` is its value, from which later batches are judged."""
    import pandas as pd

    configs: list[dict[str, Any]] = []
    values: dict[str, list[float]] = {ROW_NUMBER: [0.0]}
    for measure in found:
        name = trend_name(source, measure.name)
        bounds = _bounds(measure, history.get(name, ()))
        values[name] = [float(measure.value)]
        meta = {"expectation": name, "sentence": _sentence(source, measure, history.get(name, ()), bounds)}
        kwargs = {"column": name, "min_value": bounds[0], "max_value": bounds[1]}
        configs.append({"type": "expect_column_values_to_be_between", "kwargs": kwargs, "severity": "warning", "meta": meta})  # fmt: skip
    results = run_expectations("trends", configs, pd.DataFrame(values))
    return [
        ExpectationOutcome(
            table_name="batches",
            expectation=config["meta"]["expectation"],
            sentence=config["meta"]["sentence"],
            severity="warn",
            element_count=1,
            unexpected_count=0 if results[config["meta"]["expectation"]]["success"] else 1,
            is_passed=bool(results[config["meta"]["expectation"]]["success"]),
            observed=f"{measure.value:.4g}" if measure.is_share else str(int(measure.value)),
        )
        for config, measure in zip(configs, found, strict=True)
    ]


def trend_name(source: str, measure: str) -> str:
    """The expectation's name: of one measure of one source."""
    return f"{PREFIX}{measure}:{plain_name(source)}"


def plain_name(source: str) -> str:
    """The name of a source as sentences tell it: an outlet's name comes from the record, so nothing in it may act as markup."""
    kept = "".join(c if c.isalnum() or c in " .,-_()/" else "?" for c in source)
    return kept[:_NAME_CHARACTERS]


def _bounds(measure: Measure, earlier: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest value that do not warn; without a history everything passes."""
    if len(earlier) < MIN_HISTORY:
        return 0.0, max(1.0, float(measure.value))
    middle = median(earlier)
    spread = median(abs(value - middle) for value in earlier)
    reach = max(_DEVIATIONS * spread, measure.slack, 0.0 if measure.is_share else middle / 2)
    highest = min(1.0, middle + reach) if measure.is_share else math.ceil(middle + reach)
    return max(0.0, math.floor(middle - reach) if not measure.is_share else middle - reach), float(highest)


def _sentence(source: str, measure: Measure, earlier: Sequence[float], bounds: tuple[float, float]) -> str:
    of = f"Of {plain_name(source)}, {measure.words}"
    if len(earlier) < MIN_HISTORY:
        return f"{of}: recorded, and judged once {MIN_HISTORY} earlier batches are known."
    shown = [f"{value:.0%}" if measure.is_share else f"{value:,.0f}" for value in (*bounds, median(earlier))]
    return (
        f"{of}: between {shown[0]} and {shown[1]}, as in its last {len(earlier)} batches (median {shown[2]})."
    )
