"""Accuracy may only rise."""

from __future__ import annotations

import json
from pathlib import Path

from bench.eval.run import BASELINE, data_hash, fallen, figures


def test_no_pinned_figure_has_fallen(evaluation: Path) -> None:
    pinned = json.loads(BASELINE.read_text(encoding="utf-8"))
    assert data_hash() == pinned["data_sha256"]
    assert fallen(figures(), pinned["figures"]) == []


def test_a_fall_is_named() -> None:
    pinned = json.loads(BASELINE.read_text(encoding="utf-8"))["figures"]
    assert fallen(pinned | {"incidents_f1": 0.1}, pinned) == [f"incidents_f1 0.1 < {pinned['incidents_f1']}"]
