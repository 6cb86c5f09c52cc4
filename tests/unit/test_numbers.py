"""Counts in digits and words."""

from __future__ import annotations

import pytest

from pipeline.extract.numbers import find_numbers, number_value
from tests.unit.scaling import FACTOR, growth


@pytest.mark.parametrize(
    ("words", "value"),
    [("7", 7), ("1,200", 1200), ("nineteen", 19), ("twenty-one", 21), ("forty two", 42), ("a dozen", 12),
     ("two dozen", 24), ("half a dozen", 6), ("a hundred", 100), ("three hundred and six", 306)],
)  # fmt: skip
def test_words_and_digits_have_the_same_value(words: str, value: int) -> None:
    assert number_value(words) == value


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("12 people", (12, 12, 12, "exact")),
        ("TWELVE PEOPLE", (12, 12, 12, "exact")),
        ("1,200 people", (1200, 1200, 1200, "exact")),
        ("at least 15 people", (15, 15, None, "at_least")),
        ("more than 30 people", (30, 30, None, "at_least")),
        ("over 30 people", (30, 30, None, "at_least")),
        ("up to 20 people", (None, None, 20, "at_most")),
        ("as many as 20 people", (None, None, 20, "at_most")),
        ("about 50 people", (50, 50, 50, "about")),
        ("nearly fifty people", (50, 50, 50, "about")),
        ("between 10 and 15 people", (10, None, 15, "between")),
        ("10 to 15 people", (10, None, 15, "between")),
        ("10-15 people", (10, None, 15, "between")),
        ("dozens of people", (12, None, None, "vague")),
        ("hundreds of people", (100, None, None, "vague")),
        ("several people", (None, None, None, "vague")),
    ],
)
def test_a_count_tells_how_exact_it_is(text: str, counts: tuple[object, ...]) -> None:
    [number] = find_numbers(f"They saw {text}.")
    assert (number.low, number.best, number.high, number.qualifier) == counts


@pytest.mark.parametrize(
    "text", ["the 4th Brigade", "5 percent of it", "12% of it", "at 10:30", "version 3.5", "a $500 fine",
             "the 40-kilometer road", "an AK47", "the M23 group"]
)  # fmt: skip
def test_figures_that_count_nothing_are_left_out(text: str) -> None:
    assert find_numbers(f"It was {text}.") == []


def test_a_mention_quotes_the_text_at_its_offsets() -> None:
    text = "At least ten people and 3 dogs."
    assert [text[n.start : n.end] for n in find_numbers(text)] == ["At least ten", "3"]


@pytest.mark.drill
@pytest.mark.parametrize("unit", ["9", "5 ", "1,", "between 1 and ", "a hundred and "])
def test_reading_time_grows_with_the_text_and_not_its_square(unit: str) -> None:
    assert growth(find_numbers, unit) < 3 * FACTOR
