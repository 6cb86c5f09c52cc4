"""Whether confidence means what it says: ``python -m bench.eval.calibration``.

For each body of gold, the incidents found by bins of their confidence: how many match a gold incident, and how many are
right in type, day, country and killed, which is what confidence is the probability of. The weights are fitted on ``own``, ``wire`` and
half of ``dev``'s articles (``bench.eval.fit_confidence``); the other half and the annotated articles tell how well they hold.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.eval.bodies import Body, bodies
from bench.eval.scoring import align, is_right

BINS = 10


class Judged(NamedTuple):
    """One incident found."""

    confidence: float
    is_matched: bool
    is_right: bool


def judge(body: Body) -> list[Judged]:
    """All incidents found in a body, in the order of articles."""
    judged = []
    for gold, found, _ in body:
        pairs = {j: i for i, j in align(gold["incidents"], found["incidents"])}
        for j, record in enumerate(found["incidents"]):
            right = j in pairs and is_right(gold["incidents"][pairs[j]], record)
            judged.append(Judged(record["confidence"], j in pairs, right))
    return judged


def is_fitted_on(article_id: str) -> bool:
    """True for the half of articles that weights may be fitted on."""
    return hashlib.sha256(article_id.encode()).digest()[-1] % 2 == 0


def parts() -> Iterator[tuple[str, Body]]:
    """The bodies, ``dev`` in its two halves."""
    for name, body in bodies():
        if name == "dev":
            yield "dev, fitted half", [entry for entry in body if is_fitted_on(entry[0]["id"])]
            yield "dev, held-out half", [entry for entry in body if not is_fitted_on(entry[0]["id"])]
        else:
            yield name, body


def binned(judged: Sequence[Judged]) -> list[list[Judged]]:
    """The incidents by bin of confidence, lowest first; empty bins are left out."""
    by_bin: dict[int, list[Judged]] = {}
    for one in judged:
        by_bin.setdefault(_bin(one.confidence), []).append(one)
    return [by_bin[number] for number in sorted(by_bin)]


def calibration_error(judged: Sequence[Judged]) -> float:
    """Expected calibration error: how far confidence is from the share of right ones, averaged over incidents."""
    gaps = (abs(sum(o.confidence - o.is_right for o in held)) for held in binned(judged))
    return sum(gaps) / len(judged) if judged else 0.0


def ranking(judged: Sequence[Judged]) -> float | None:
    """How often a right incident has the higher confidence than a wrong one (area under the ROC curve)."""
    right = [o.confidence for o in judged if o.is_right]
    wrong = [o.confidence for o in judged if not o.is_right]
    if not right or not wrong:
        return None
    return sum((a > b) + 0.5 * (a == b) for a in right for b in wrong) / (len(right) * len(wrong))


def table(judged: Sequence[Judged]) -> list[str]:
    """Lines of the table of one body."""
    lines = [f"  {'confidence':12}{'found':>7}{'matched':>9}{'right':>8}{'mean':>8}"]
    rows = [(_label(held[0].confidence), held) for held in binned(judged)]
    for label, held in [*rows, ("all", judged)]:
        if not held:
            continue
        shares = [
            sum(o.is_matched for o in held),
            sum(o.is_right for o in held),
            sum(o.confidence for o in held),
        ]
        matched, right, mean = (share / len(held) for share in shares)
        lines.append(f"  {label:12}{len(held):>7}{matched:>9.2f}{right:>8.2f}{mean:>8.2f}")
    ranked = ranking(judged)
    order = "" if ranked is None else f"; right ranked above wrong {ranked:.2f}"
    return [*lines, f"  expected calibration error {calibration_error(judged):.3f}{order}"]


def _bin(confidence: float) -> int:
    return min(int(round(confidence * BINS, 6)), BINS - 1)


def _label(confidence: float) -> str:
    number = _bin(confidence)
    return f"{number / BINS:.1f} to {(number + 1) / BINS:.1f}"


def main() -> None:
    """Print a table a body."""
    # The shipped gazetteer is measured, not one that was loaded into ./data.
    os.environ["INCIDENTS_HOME"] = str(Path(__file__).parent / "no_home")
    names = []
    for name, body in parts():
        names.append(name)
        print("\n".join([name, *table(judge(body))]))
    if len(names) <= 1:
        print("The evaluation data is not beside the repository; only the repository's own gold is measured.")


if __name__ == "__main__":
    main()
