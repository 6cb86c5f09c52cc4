"""Fit the weights of confidence and write them: ``python -m bench.eval.fit_confidence``.

A logistic model of the traits that ``pipeline.extract.confidence`` sees, on the incidents found in ``own``, ``wire`` and the half of
``dev`` that ``bench.eval.calibration`` does not hold out. No weight falls below 0, and all are drawn towards 0, because there
are a few hundred incidents only. To be run again where extraction changes; ``bench.eval.calibration`` says how well it holds.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

import numpy as np
import numpy.typing as npt

from bench.eval.bodies import EVAL, Body, Record, dev, own, wire
from bench.eval.calibration import is_fitted_on, judge
from pipeline.extract import assembly
from pipeline.extract.confidence import WEIGHTS

RIDGE = 3.0
STEPS, RATE = 5000, 0.5
_HEAD = """\
# What raises the probability that an incident is right in type, day, country and killed: the weights of a logistic model of yes-or-no
# traits (pipeline/extract/confidence.py), none below 0. Made by `python -m bench.eval.fit_confidence` from {count} incidents found in the
# repository's own gold and in half of the development articles, {right} of them right; not to be changed by hand. Checked on the other
# half by `python -m bench.eval.calibration`.
"""
Article = tuple[Record, Record, str]
Floats = npt.NDArray[np.float64]


def traits_and_body(body_of: Callable[[], Body]) -> list[tuple[list[Mapping[str, bool]], Article]]:
    """A body with the traits of each article's incidents, in the order of the incidents."""
    seen: list[Mapping[str, bool]] = []

    def note(traits: Mapping[str, bool]) -> float:
        seen.append(traits)
        return 0.0

    with mock.patch.object(assembly, "confidence_of", note):
        body = body_of()
    left = iter(seen)
    return [([next(left) for _ in found["incidents"]], (gold, found, text)) for gold, found, text in body]


def fit(traits: Floats, right: Floats) -> tuple[Floats, float]:
    """Weights of 0 or more and an intercept, by projected gradient descent."""
    weights, intercept = np.zeros(traits.shape[1]), 0.0
    for _ in range(STEPS):
        gap = 1 / (1 + np.exp(-(traits @ weights + intercept))) - right
        weights = np.maximum(0, weights - RATE * (traits.T @ gap + RIDGE * weights) / len(right))
        intercept -= RATE * float(gap.mean())
    return weights, intercept


def main() -> None:
    """Fit and write."""
    if not EVAL.is_dir():
        sys.exit(f"The evaluation data is not at {EVAL}; the weights are left as they are.")
    # The shipped gazetteer is measured, not one that was loaded into ./data.
    os.environ["INCIDENTS_HOME"] = str(Path(__file__).parent / "no_home")
    articles = traits_and_body(own) + traits_and_body(wire)
    articles += [(traits, entry) for traits, entry in traits_and_body(dev) if is_fitted_on(entry[0]["id"])]
    rows = [traits for told, _ in articles for traits in told]
    right = np.array([float(one.is_right) for one in judge([entry for _, entry in articles])])
    names = list(rows[0])
    weights, intercept = fit(np.array([[float(row[name]) for name in names] for row in rows]), right)
    lines = [f"intercept: {intercept:.2f}", "traits:"]
    lines += [f"  {name}: {weight:.2f}" for name, weight in zip(names, weights, strict=True)]
    head = _HEAD.format(count=len(right), right=int(right.sum()))
    WEIGHTS.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    print(WEIGHTS.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
