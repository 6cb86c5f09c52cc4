"""Near duplicates of texts: what is a copy, what only looks like one, and that the answer is the same everywhere."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench.eval.copies import specimens
from bench.eval.near_duplicates import found_pairs, grouped, score, true_pairs
from pipeline.text.near_duplicates import CopyRule, band_keys, jaccard, likeness, normal_words, shingles

STORY = (
    "At least nine traders were killed before dawn on Monday when unknown gunmen attacked the weekly market in Kelwa, officials said. "
    "Witnesses heard the first shots near the grain depot and ran towards the old barracks, where a company of soldiers was asleep. "
    "The attackers came on motorcycles and set fire to four stalls, a bakery and the clinic beside the bridge before they left. "
    "No group has said it was behind the attack. The governor visited the wounded and promised that the road would be guarded."
)


def test_a_dateline_a_credit_other_quotes_and_a_page_s_furniture_change_nothing() -> None:
    dressed = f"KELWA, Mali (Unity Wire) – {STORY.upper()}\n(Reporting by A. Writer; Editing by B. Editor)\n© 2025 The Post. All rights reserved.\nRead more: Ten things to know"
    found = likeness(shingles(STORY), shingles(dressed))
    assert found is not None
    assert (found.jaccard, found.rule) == (1.0, CopyRule.SAME_WORDS)


@pytest.mark.parametrize(
    "credit", ["KELWA (AFP) - ", "KELWA, Mali — ", "Kelwa, Mali (AP) -- ", "By Jane Writer\n", ""]
)
def test_words_begin_after_the_dateline(credit: str) -> None:
    assert normal_words(credit + STORY)[:4] == ["at", "least", "nine", "traders"]


def test_the_similarity_is_the_share_of_five_word_runs() -> None:
    words = [f"w{chr(97 + n)}" for n in range(24)]
    one, two = shingles(" ".join(words)), shingles(" ".join([*words[:22], "x", "y"]))
    assert (len(one.grams), jaccard(one.grams, two.grams)) == (20, 18 / 22)


def test_a_text_cut_short_is_a_copy_and_another_story_of_the_same_place_is_not() -> None:
    ending = STORY.replace("traders", "miners")
    whole = f"{STORY} {' '.join(f'{word} {number}' for number, word in enumerate(ending.split()))}"
    found = likeness(shingles(STORY), shingles(whole))
    assert found is not None
    assert found.rule is CopyRule.CUT_SHORT
    assert found.jaccard < 0.5
    assert likeness(shingles(STORY), shingles(" ".join(reversed(STORY.split())))) is None


def test_a_bulletin_with_other_figures_is_no_copy() -> None:
    bulletin = f"{STORY} In all {{}} houses, {{}} wells and {{}} schools were destroyed, {{}} people fled and {{}} are missing."
    today, tomorrow = bulletin.format(11, 22, 33, 44, 55), bulletin.format(12, 23, 34, 45, 56)
    corrected = today.replace("11 houses", "15 houses")
    assert likeness(shingles(today), shingles(corrected)) is not None
    assert jaccard(shingles(today).grams, shingles(tomorrow).grams) > 0.5
    assert likeness(shingles(today), shingles(tomorrow)) is None


def test_short_texts_are_copies_only_with_the_same_words() -> None:
    one, same, other = (
        "Ten killed in Kelwa attack.",
        "TEN KILLED IN KELWA ATTACK",
        "Ten killed in Kelwa attacks.",
    )
    assert likeness(shingles(one), shingles(same)) is not None
    assert likeness(shingles(one), shingles(other)) is None
    keys = band_keys([shingles(text) for text in (one, same, other)])
    assert [len(found) for found in keys] == [1, 1, 1]
    assert keys[0].tolist() == keys[1].tolist() != keys[2].tolist()


@pytest.mark.parametrize(
    "text", ["", "!", "© 2025 All rights reserved.", "\ud800", "十人死亡" * 30, "a " * 50_000]
)
def test_any_text_has_keys(text: str) -> None:
    assert all(len(found) >= 1 for found in band_keys([shingles(text)]))


def test_keys_do_not_depend_on_the_other_texts_of_the_batch() -> None:
    texts = [shingles(one.text) for one in specimens(6)]
    alone = [band_keys([text])[0].tolist() for text in texts]
    assert [found.tolist() for found in band_keys(texts)] == alone


PINNED = [362291038916009814, 774134440085884069, 2630911755969884061]


def test_keys_are_the_same_in_every_process_and_on_every_machine() -> None:
    program = (
        "from tests.unit.test_near_duplicates import STORY; from pipeline.text.near_duplicates import *;"
        "print(band_keys([shingles(STORY)])[0].tolist()[:3])"
    )
    for seed in ("0", "1"):
        made = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert made.stdout.strip() == str(PINNED)


def test_copies_and_look_alikes_are_told_apart() -> None:
    articles = specimens(150)
    expected, found = true_pairs(articles), found_pairs(articles)
    assert score(grouped(found), expected).f1 >= 0.99
    assert score(found, expected).precision >= 0.99
