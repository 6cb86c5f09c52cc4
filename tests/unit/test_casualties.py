"""Counts of people with what happened to them. Cases marked as gaps are read wrongly so far."""

from __future__ import annotations

import pytest

from pipeline.extract.casualties import find_casualties, victim_class
from tests.unit.scaling import FACTOR, growth

GAP = pytest.mark.xfail(strict=True, reason="a known gap of the casualty reader")


def gap(text: str, *expected: tuple[str, int]) -> object:
    return pytest.param(text, list(expected), marks=GAP)


CASES = [
    ("ten Peshmerga fighters and three civilians were killed", [("killed", 10), ("killed", 3)]),
    ("A raid ended, killing 8 Kurdish soldiers and wounding 12 others.", [("killed", 8), ("injured", 12)]),
    ("The group claimed 14 attacks, killing and injuring 20 people.", [("killed_or_injured", 20)]),
    ("The blast hit a market, leaving five dead and a dozen wounded.", [("killed", 5), ("injured", 12)]),
    ("At least 15 people were killed and more than 30 injured.", [("killed", 15), ("injured", 30)]),
    ("TWO POLICEMEN WERE KILLED AND FIVE CIVILIANS WERE WOUNDED.", [("killed", 2), ("injured", 5)]),
    ("The attack claimed the lives of nine people.", [("killed", 9)]),
    ("Police found six bodies.", [("killed", 6)]),
    ("A soldier was killed.", [("killed", 1)]),
    ("A policeman and another man were shot dead.", [("killed", 1), ("killed", 1)]),
    ("One of the soldiers was killed.", [("killed", 1)]),
    ("He killed his wife and two children.", [("killed", 1), ("killed", 2)]),
    ("The death toll rose to 31.", [("killed", 31)]),
    ("Gunmen abducted 12 villagers.", [("abducted", 12)]),
    ("Twenty people are missing.", [("missing", 20)]),
    ("Dozens of people were killed.", [("killed", 12)]),
    ("No one was hurt.", [("killed", 0), ("injured", 0)]),
    ("There were no casualties.", [("killed", 0), ("injured", 0)]),
    ("Five attacks killed 12 people since 2014.", [("killed", 12)]),
    ("The 4th Brigade was attacked on a 40-kilometer road.", []),
    ("The 34-year-old was killed.", []),
    ("The army burned 12 houses in 3 villages.", []),
    ("Police arrested five suspects.", [("detained", 5)]),
    ("Two men aged 31 and 44 were killed.", [("killed", 2)]),
    ("Three brothers aged 8, 11 and 13 were killed.", [("killed", 3)]),
    ("Two bystanders, 22 and 25, were hurt.", [("injured", 2)]),
    ("A girl aged six and 3 others were killed.", [("killed", 1), ("killed", 3)]),
    ("Gunmen killed two men aged 31 and 44 and three women.", [("killed", 2), ("killed", 3)]),
    ("None of the 14 guards was killed.", [("killed", 0)]),
    ("Not one of the 11 sailors was killed.", [("killed", 0)]),
    ("Neither of the two policemen was killed.", [("killed", 0)]),
    ("All but three of the 14 guards were killed.", [("killed", None)]),
    ("One in ten of the 500 soldiers was killed.", [("killed", None)]),
    ("Half of the 18 passengers were killed.", [("killed", None)]),
    ("All of the 14 guards were killed.", [("killed", 14)]),
    gap("Gunmen killed Ali Hassan, a 34-year-old farmer.", ("killed", 1)),
    gap("The bomber killed himself and two others.", ("killed", 1), ("killed", 2)),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_people_are_counted_with_what_happened_to_them(
    text: str, expected: list[tuple[str, int | None]]
) -> None:
    assert [(m.outcome, m.low) for m in find_casualties(text)] == expected


@pytest.mark.parametrize(
    ("phrase", "kind"),
    [("Peshmerga fighters", "security_forces"), ("Kurdish soldiers", "security_forces"), ("police", "security_forces"),
     ("civilians", "civilians"), ("women and children", "civilians"), ("worshippers", "civilians"),
     ("militants", "militants"), ("fighters", "militants"), ("suicide bombers", "militants"),
     ("people", "unknown"), ("others", "unknown")],
)  # fmt: skip
def test_the_noun_phrase_tells_the_class_of_victim(phrase: str, kind: str) -> None:
    assert victim_class(phrase) == kind


@pytest.mark.parametrize(
    "text",
    [
        "Three soldiers, including an officer, were killed.",
        pytest.param("Nine people were killed, two of them children.", marks=GAP),
    ],
)
def test_a_part_of_another_figure_is_a_subset(text: str) -> None:
    assert [m.is_subset for m in find_casualties(text)] == [False, True]


def test_a_running_toll_is_a_total() -> None:
    found = find_casualties("Two more people died, bringing the death toll to 14.")
    assert [(m.low, m.is_total) for m in found] == [(2, False), (14, True)]


def test_spans_are_moved_by_the_offset() -> None:
    text = "Gunmen killed 12 villagers."
    [mention] = find_casualties(text, 100)
    assert text[mention.start - 100 : mention.end - 100] == mention.text == "12 villagers"


@pytest.mark.drill
@pytest.mark.parametrize("unit", ["9", "12 ", "killed ", "12 people killed ", "a man ", "no one was killed "])
def test_reading_time_grows_with_the_text_and_not_its_square(unit: str) -> None:
    assert growth(find_casualties, unit) < 3 * FACTOR
