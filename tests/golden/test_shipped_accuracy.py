"""The accuracy that pages show is the pinned one."""

from __future__ import annotations

import json

from bench.eval.ship import SHIPPED, shipped_accuracy


def test_the_shipped_accuracy_is_the_pinned_one() -> None:
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == shipped_accuracy(), (
        "run: python -m bench.eval.ship"
    )
