"""Accuracy may only rise, and our scorer says what the one that came with the gold says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.eval.agreement import agreement, as_extracted
from bench.eval.bodies import annotated, dev, own, wire
from bench.eval.run import BASELINE, data_hash, fallen
from bench.eval.scoring import align, score

PINNED = json.loads(BASELINE.read_text(encoding="utf-8"))


def _is_no_worse(name: str, body: list[tuple[dict, dict, str]]) -> None:
    assert data_hash(body) == PINNED[name]["data_sha256"]
    assert fallen(score(body), PINNED[name]["figures"]) == []


def test_no_figure_has_fallen_on_the_gold_of_the_repository() -> None:
    _is_no_worse("own", own())
    _is_no_worse("wire", wire())


@pytest.mark.parametrize("name", ["dev", "annotated_seen", "annotated_unseen"])
def test_no_figure_has_fallen_on_the_articles_of_others(name: str, evaluation: Path) -> None:
    _is_no_worse(name, dev() if name == "dev" else annotated(name.removeprefix("annotated_")))


def test_a_fall_is_named() -> None:
    pinned = PINNED["own"]["figures"]
    assert fallen(pinned | {"incidents_f1": 0.1}, pinned) == [f"incidents_f1 0.1 < {pinned['incidents_f1']}"]


def test_a_perfect_extraction_scores_one_and_an_empty_one_nothing() -> None:
    gold = [g for g, _, _ in own()]
    texts = [t for _, _, t in own()]
    perfect = [as_extracted(g, t) for g, t in zip(gold, texts, strict=True)]
    figures = score(list(zip(gold, perfect, texts, strict=True)))
    assert {
        name: share for name, share in figures.items() if share != 1.0 and name != "place_has_coordinates"
    } == {}
    nothing = [(g, {"incidents": [], "aggregate_claims": []}, t) for g, t in zip(gold, texts, strict=True)]
    assert score(nothing)["incidents_f1"] == score(nothing)["killed_exact_over_all_gold"] == 0.0


def test_one_record_is_matched_once() -> None:
    [(gold, _, text)] = [b for b in own() if len(b[0]["incidents"]) == 1][:1]
    found = as_extracted(gold, text)["incidents"]
    assert align(gold["incidents"], found * 2) == [(0, 0)]


def test_our_scorer_agrees_with_the_one_beside_the_gold(evaluation: Path, tmp_path: Path) -> None:
    body, predicted = dev(), tmp_path / "predicted.jsonl"
    predicted.write_text("".join(json.dumps(found) + "\n" for _, found, _ in body), encoding="utf-8")
    command = [
        sys.executable,
        str(evaluation / "score.py"),
        str(evaluation / "incidents" / "gold.jsonl"),
        str(predicted),
        "--json",
    ]
    theirs = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    ours = score(body)
    assert ours["incidents_f1"] == pytest.approx(theirs["incidents"]["f1"], abs=0.0002)
    assert ours["incidents_strict_f1"] == pytest.approx(theirs["incidents_strict"]["f1"], abs=0.0002)
    assert ours["aggregate_claims_f1"] == pytest.approx(theirs["aggregate_claims"]["f1"], abs=0.0002)
    fields = theirs["fields_on_matched"]
    assert {name: ours[name] for name in fields} == {name: entry["share"] for name, entry in fields.items()}


def test_two_annotators_of_the_same_articles_are_compared(evaluation: Path) -> None:
    articles, figures = agreement()
    assert articles >= 20
    assert figures["incidents_f1"] > 0.6
