"""Where sentences end."""

from __future__ import annotations

import pytest

from pipeline.text.sentences import MAX_SENTENCE_CHARACTERS, split_sentences
from tests.unit.scaling import FACTOR, growth


def sentences(text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Gen. Ali Karim spoke to Dr. Sara Aziz on Dec. 2 in Erbil.",
        "J. R. Okoro of the U.S. Army was there.",
        "ERBIL, Kurdistan Region – Ten fighters were killed on Thursday.",
        "It cost 3.5 million.",
        "No full stop ends this one",
    ],
)
def test_one_sentence_stays_whole(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One fell. Two fled.", ["One fell.", "Two fled."]),
        ("WHO FIRED? NOBODY KNOWS! IT ENDED.", ["WHO FIRED?", "NOBODY KNOWS!", "IT ENDED."]),
        ("“We ran.” He fell.", ["“We ran.”", "He fell."]),
        ("A headline\nThe first line.", ["A headline", "The first line."]),
        ("- a mine\n- a rocket", ["- a mine", "- a rocket"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_a_mark_or_a_line_break_ends_a_sentence(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_sentences_know_their_place_and_paragraph() -> None:
    text = "One fell. Two fled.\n\nThree stayed."
    found = split_sentences(text)
    assert [text[s.start : s.end] for s in found] == [s.text for s in found]
    assert [s.paragraph for s in found] == [0, 0, 1]


@pytest.mark.parametrize("unit", ["a", "word "])
def test_an_endless_sentence_is_cut_without_loss(unit: str) -> None:
    text = unit * 40_000
    found = split_sentences(text)
    assert max(len(s.text) for s in found) <= MAX_SENTENCE_CHARACTERS
    assert sum(s.text.count(unit.strip()) for s in found) == 40_000


@pytest.mark.drill
@pytest.mark.parametrize("unit", ["A. ", ".", "word ", "x\n"])
def test_splitting_time_grows_with_the_text_and_not_its_square(unit: str) -> None:
    assert growth(split_sentences, unit, 20_000) < 3 * FACTOR
