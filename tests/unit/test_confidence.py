"""Confidence is a probability: what speaks for an incident raises it, and it is about the share that is right."""

from __future__ import annotations

import math

import pytest
import yaml

from bench.eval.bodies import extract, own
from bench.eval.calibration import Judged, binned, calibration_error, judge, ranking
from bench.eval.fit_confidence import traits_and_body
from pipeline.extract.confidence import WEIGHTS, confidence_of


def _one(text: str) -> dict:
    article = {
        "id": "1",
        "title": None,
        "text": text,
        "published_at": "2025-03-06",
        "source": None,
        "url": None,
        "language": "en",
    }
    (incident,) = extract(article)["incidents"]
    return incident


def test_the_weights_are_of_the_traits_that_are_seen_and_none_lowers() -> None:
    weights = yaml.safe_load(WEIGHTS.read_text(encoding="utf-8"))["traits"]
    seen = {frozenset(traits) for told, _ in traits_and_body(own) for traits in told}
    assert seen == {frozenset(weights)}
    assert min(weights.values()) >= 0


def test_no_trait_lowers_confidence() -> None:
    names = list(yaml.safe_load(WEIGHTS.read_text(encoding="utf-8"))["traits"])
    rising = [
        confidence_of({name: n < held for n, name in enumerate(names)}) for held in range(len(names) + 1)
    ]
    assert rising == sorted(rising)
    assert 0 < rising[0] < rising[-1] < 1


def test_an_incident_told_in_full_has_more_confidence_than_one_told_in_passing() -> None:
    full = _one(
        "Gunmen ambushed an army convoy near Maiduguri in Nigeria's Borno state on Tuesday, killing four soldiers."
    )
    bare = _one("Several people were shot dead by gunmen in a village.")
    assert full["confidence"] > bare["confidence"] + 0.15


def test_confidence_is_about_the_share_that_is_right() -> None:
    error = calibration_error(judge(own()))
    assert error <= 0.15, "extraction has changed; run: python -m bench.eval.fit_confidence"


def test_calibration_error_is_the_gap_between_confidence_and_share_right() -> None:
    sure = [Judged(0.85, True, True)] * 3 + [Judged(0.85, True, False)]
    unsure = [Judged(0.3, False, False)] * 4
    assert [len(held) for held in binned([*sure, *unsure])] == [4, 4]
    assert math.isclose(calibration_error([*sure, *unsure]), (0.1 + 0.3) / 2)
    assert calibration_error([]) == 0.0


def test_bins_are_closed_below() -> None:
    judged = [Judged(c, True, True) for c in (0.29, 0.3, 0.39, 1.0)]
    assert [[o.confidence for o in held] for held in binned(judged)] == [[0.29], [0.3, 0.39], [1.0]]


@pytest.mark.parametrize(("right", "wrong", "expected"), [(0.8, 0.2, 1.0), (0.2, 0.8, 0.0), (0.5, 0.5, 0.5)])
def test_ranking(right: float, wrong: float, expected: float) -> None:
    assert ranking([Judged(right, True, True), Judged(wrong, True, False)]) == expected
    assert ranking([Judged(right, True, True)]) is None
