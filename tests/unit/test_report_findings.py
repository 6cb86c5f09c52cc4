"""What stands out is marked, what does not is not, and the gravest finding decides."""

from __future__ import annotations

import datetime as dt

from pipeline.report.charts import bar, columns, strip, timeline
from pipeline.report.history import null_alarms
from pipeline.report.page import _share
from pipeline.report.verdict import Finding, gravest
from pipeline.report.worldmap import incident_map, project


def test_values_missing_far_more_often_are_a_rise_where_there_are_enough_reports() -> None:
    assert null_alarms([0.1, None, 0.4], [100, 0, 100]) == {2: "rise"}
    assert null_alarms([0.1, 0.3], [100, 100]) == {}
    assert null_alarms([0.1, 0.9], [100, 29]) == {}


def test_the_gravest_finding_decides() -> None:
    look, stop = Finding("look", "a", "b"), Finding("stop", "c", "d")
    assert [gravest(found) for found in ([], [look], [look, stop])] == ["ok", "look", "stop"]


def test_a_share_never_reads_as_all_or_nothing_when_it_is_not() -> None:
    assert [_share(*pair) for pair in ((0, 9), (9, 9), (1, 10**6), (10**6 - 1, 10**6), (1, 8), (1, 0))] == [
        "0 %", "100 %", "< 0.1 %", "> 99.9 %", "12.5 %", "–"]  # fmt: skip


def test_a_long_span_is_told_by_month_or_year() -> None:
    for last, period in (
        (dt.date(2025, 1, 9), "day"),
        (dt.date(2026, 9, 9), "month"),
        (dt.date(2200, 1, 1), "year"),
    ):
        drawn = timeline({(dt.date(2025, 1, 1), "Battles"): 2, (last, "?"): 1}, {"Battles": "t1"}, "by day")
        assert drawn is not None
        assert (drawn.period, drawn.peak, sum(count for _, count in drawn.rows)) == (period, 2, 3)


def test_charts_of_nothing_are_drawn_and_labels_are_escaped() -> None:
    assert "<rect" not in columns([], "none") + strip([], "none", 0)
    assert 'width="0.00"' in bar(0, 0)
    assert "<b>" not in columns([("pass", [1.0])], "<b>")


def test_the_map_shows_every_placed_report_and_zooms_to_them() -> None:
    row = {"latitude": 36.3, "longitude": 43.1, "fatalities_low": None, "event_type": "Battles"}
    assert incident_map([row | {"latitude": None}], {}, "none") == ""
    drawn = incident_map([row, row | {"longitude": 44.0}], {"Battles": "t1"}, "two")
    assert drawn.count("<circle") == 2
    x, y = project(43.1, 36.3)
    left, top, width, height = (float(part) for part in drawn.split('viewBox="')[1].split('"')[0].split())
    assert left < x < left + width < 100
    assert top < y < top + height
