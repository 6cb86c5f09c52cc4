"""Dates of the table and what must not be read as one. ``is_known_gap`` marks cases that are read wrongly so far."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from pipeline.extract.dates import find_dates
from tests.unit.scaling import FACTOR, growth

PUBLISHED = dt.date(2021, 12, 6)
TABLE = Path(__file__).with_name("dates_cases.csv")
Row = dict[str, str]


def _cases() -> list[object]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    gap = pytest.mark.xfail(strict=True, reason="a known gap of the date reader")
    return [
        pytest.param(
            row, id=f"{row['published_on']} {row['text']}", marks=[gap] if row["is_known_gap"] else []
        )
        for row in rows
    ]


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@pytest.mark.parametrize("row", _cases())
def test_a_date_of_the_table_is_read_as_a_coder_would(row: Row) -> None:
    found = find_dates(row["text"], _day(row["published_on"]))
    if not row["phrase"]:
        assert [m.text for m in found if m.date_start] == []
        return
    start = row["text"].index(row["phrase"])
    [mention] = [m for m in found if m.start < start + len(row["phrase"]) and start < m.end]
    assert (mention.date_start, mention.date_end) == (_day(row["date_start"]), _day(row["date_end"]))
    assert mention.precision == int(row["precision"])


def test_a_mention_quotes_the_text_at_its_offsets() -> None:
    text = "On Thursday, and again from November 25 to December 2, the town was hit."
    found = find_dates(text, PUBLISHED)
    assert [m.text for m in found] == ["Thursday", "from November 25 to December 2"]
    assert all(text[m.start : m.end] == m.text for m in found)


@pytest.mark.parametrize(("text", "is_period"), [("in the past month", True), ("on Thursday", False)])
def test_only_a_span_of_time_is_a_period(text: str, is_period: bool) -> None:
    [mention] = find_dates(f"It happened {text}.", PUBLISHED)
    assert mention.is_period is is_period


@pytest.mark.drill
@pytest.mark.parametrize("unit", ["5 ", "Thursday ", "May 5 ", "5 January ", "from 5 ", " "])
def test_reading_time_grows_with_the_text_and_not_its_square(unit: str) -> None:
    assert growth(lambda text: find_dates(text, PUBLISHED), unit) < 3 * FACTOR
