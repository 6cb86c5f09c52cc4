"""When a declared source is dry or in flood, and what is said about it."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.quality.freshness import Brought, Expected, idle_days, judge, jumps, silences, volume

DAY = dt.timedelta(days=1)
EXPECTED = Expected(window=DAY, minimum=2, maximum=5)


@pytest.mark.parametrize(
    ("brought", "state", "words"),
    [
        (Brought(2, 2), "ok", "wire brought 2 articles in the last 24 hours, as expected."),
        (Brought(5, 5), "ok", "as expected"),
        (Brought(6, 6), "flood", "at most 5 are expected. Nothing was dropped."),
        (Brought(0), "dry", "at least 2 are expected. Nothing was fetched from it"),
        (Brought(1, 9, 8), "dry", "1 article in the last 24 hours; at least 2 are expected. Of 9 items fetched 8"),
        (Brought(0, 40), "dry", "40 items were fetched, but too few were new articles"),
    ],
)  # fmt: skip
def test_a_source_is_judged_by_what_it_brought_within_its_window(
    brought: Brought, state: str, words: str
) -> None:
    found = judge("wire", EXPECTED, brought, known_for=2 * DAY)
    assert (found.state, found.is_alarm, found.articles) == (state, state != "ok", brought.articles)
    assert words in found.sentence


def test_a_source_declared_less_than_a_window_ago_is_not_dry_but_can_flood() -> None:
    young = DAY - dt.timedelta(seconds=1)
    found = judge("wire", EXPECTED, Brought(0), known_for=young)
    assert (found.state, found.is_alarm) == ("ok", False)
    assert "declared less than 24 hours ago: nothing to do yet" in found.sentence
    assert judge("wire", EXPECTED, Brought(0), known_for=DAY).state == "dry"
    assert judge("wire", EXPECTED, Brought(6, 6), known_for=young).state == "flood"


@given(st.integers(0, 50), st.integers(0, 20), st.integers(1, 20), st.integers(0, 72))
def test_a_source_within_its_bounds_never_alarms_and_more_articles_never_make_it_dry(
    articles: int, minimum: int, more: int, hours: int
) -> None:
    expected = Expected(DAY, minimum, minimum + 10)
    known_for = dt.timedelta(hours=hours)
    found = judge("wire", expected, Brought(articles, articles), known_for=known_for)
    if minimum <= articles <= expected.maximum:
        assert not found.is_alarm
    if found.state != "dry":
        assert judge("wire", expected, Brought(articles + more), known_for=known_for).state != "dry"


@pytest.mark.parametrize(("articles", "over"), [(0, 0), (5, 0), (6, 1), (105, 100)])
def test_the_volume_of_a_batch_only_warns(articles: int, over: int) -> None:
    found = volume("wire", articles, 5)
    assert (found.severity, found.is_passed, found.unexpected_count) == ("warn", over == 0, over)
    assert (found.element_count, found.observed) == (articles, str(articles))


def by_day(counts: list[int]) -> dict[int, int]:
    """Counts of articles as days with some."""
    return {day: count for day, count in enumerate(counts) if count}


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ([3] * 7 + [0], [7]),
        ([3] * 7 + [0, 0, 0], [7]),
        ([3] * 6 + [0], []),
        ([3, 0] * 10, []),
        ([3] * 7 + [0, 3] * 7, [7]),
        ([3] * 7 + [0] + [3] * 7 + [0], [7, 15]),
    ],
)
def test_a_source_falls_silent_once_after_a_week_of_days_with_articles(
    counts: list[int], found: list[int]
) -> None:
    assert silences(by_day(counts), range(len(counts))) == found


@pytest.mark.parametrize(("count", "found"), [(101, [7]), (100, []), (19, [])])
def test_five_times_the_week_before_is_a_jump(count: int, found: list[int]) -> None:
    assert jumps(by_day([20] * 7 + [count]), range(8)) == found


def test_a_jump_needs_a_week_to_compare_with() -> None:
    assert jumps(by_day([0] * 9 + [32] * 9), range(9, 18)) == []
    assert jumps(by_day([0] * 9 + [32] * 9), range(18)) == [9, 10, 11, 12]


@given(st.lists(st.integers(0, 200), max_size=40), st.lists(st.booleans(), min_size=40, max_size=40))
def test_days_that_do_not_count_change_nothing(counts: list[int], is_counted: list[bool]) -> None:
    days = [day for day in range(len(counts)) if is_counted[day]]
    brought, kept = by_day(counts), by_day([counts[day] for day in days])
    for rule in (jumps, silences):
        assert rule(brought, days) == [days[place] for place in rule(kept, range(len(days)))]


@pytest.mark.parametrize(
    ("active", "today", "found"),
    [
        (range(7), 7, []),
        (range(7), 8, [7]),
        ([*range(7), 9], 9, [7, 8]),
        ([*range(7), 8], 9, []),
        ([0, 2, 3, 4, 5, 6, 7], 9, []),
        ([], 9, []),
    ],
)
def test_days_without_anything_are_told_where_every_day_had_something(
    active: list[int], today: int, found: list[int]
) -> None:
    assert idle_days(active, today) == found
