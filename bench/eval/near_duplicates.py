"""Accuracy of near-duplicate detection on invented copies: ``python -m bench.eval.near_duplicates [--stories N]``.

Articles are compared as the flow does it, candidates by shared bands and all. Told are precision, recall and F1 over the pairs of one
group, which is what the lake shows; the same over the pairs that are alike directly; the recall of these by how the copies were made;
and what look-alike was taken for a copy. The articles come from ``bench.eval.copies``: invented from templates, so the figures flatter.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass

from bench.eval.copies import Specimen, specimens
from pipeline.text.groups import groups_of_pairs
from pipeline.text.near_duplicates import band_keys, likeness, shingles

Pair = tuple[int, int]


@dataclass(frozen=True)
class Score:
    """Pairs found, expected, and both."""

    found: int
    expected: int
    right: int

    @property
    def precision(self) -> float:
        """Share of the found pairs that are copies."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the copies that are found."""
        return self.right / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def true_pairs(articles: list[Specimen]) -> set[Pair]:
    """Pairs of copies of one story."""
    return {
        (a, b)
        for a, b in itertools.combinations(range(len(articles)), 2)
        if articles[a].story == articles[b].story
    }


def found_pairs(articles: list[Specimen]) -> set[Pair]:
    """Pairs that share a band and are near duplicates."""
    texts = [shingles(article.text) for article in articles]
    buckets: dict[int, list[int]] = defaultdict(list)
    for number, keys in enumerate(band_keys(texts)):
        for key in keys.tolist():
            buckets[key].append(number)
    candidates = {pair for members in buckets.values() for pair in itertools.combinations(members, 2)}
    return {(a, b) for a, b in candidates if likeness(texts[a], texts[b]) is not None}


def grouped(pairs: set[Pair]) -> set[Pair]:
    """All pairs within the groups that the pairs make."""
    members: dict[str, list[int]] = defaultdict(list)
    for number, group in groups_of_pairs((str(a), str(b)) for a, b in pairs).items():
        members[group].append(int(number))
    return {pair for group in members.values() for pair in itertools.combinations(sorted(group), 2)}


def score(found: set[Pair], expected: set[Pair]) -> Score:
    """Pairs found against pairs that are true."""
    return Score(len(found), len(expected), len(found & expected))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=1000)
    articles = specimens(parser.parse_args().stories)
    found, expected = found_pairs(articles), true_pairs(articles)
    print(f"{len(articles)} articles, {len(expected)} pairs of copies")
    for name, pairs in (("in one group", grouped(found)), ("alike directly", found)):
        figures = score(pairs, expected)
        print(
            f"{name:15} precision {figures.precision:.4f}  recall {figures.recall:.4f}  F1 {figures.f1:.4f}"
        )

    def kinds(pairs: set[Pair]) -> Counter[str]:
        return Counter(" / ".join(sorted((articles[a].kind, articles[b].kind))) for a, b in pairs)

    met = kinds(found & expected)
    for kind, count in sorted(kinds(expected).items(), key=lambda item: met[item[0]] / item[1]):
        print(f"  recall {met[kind] / count:.3f} of {count:5}  {kind}")
    for kind, count in kinds(found - expected).most_common():
        print(f"  wrongly taken for copies: {count}  {kind}")


if __name__ == "__main__":
    main()
