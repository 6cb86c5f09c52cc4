"""Accuracy of the default extractor against pinned figures: ``python -m bench.eval.run [--check | --update]``.

Prints a table of all bodies of gold that can be measured here (see ``bench.eval.bodies``). ``--check`` fails where a gated
figure is below the pinned one or a body's gold is another than the pinned; ``--update`` pins what is measured.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from bench.eval.bodies import Body, bodies
from bench.eval.scoring import score

BASELINE = Path(__file__).parent / "baseline.json"
# Shares over matched incidents are told, not gated: they move with what is matched.
GATED = (
    "incidents_f1",
    "incidents_strict_f1",
    "aggregate_claims_f1",
    "aggregates_apart",
    "evidence_quotes_verbatim",
    "killed_exact_over_all_gold",
)
# Falls smaller than this are rounding.
TOLERANCE = 0.001


def data_hash(body: Body) -> str:
    """SHA-256 of a body's gold and texts."""
    digest = hashlib.sha256()
    for gold, _, text in body:
        digest.update(json.dumps(gold, sort_keys=True, ensure_ascii=False).encode())
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def measure() -> dict[str, dict[str, object]]:
    """By body: the hash of its data, its size and its figures."""
    return {
        name: {
            "data_sha256": data_hash(body),
            "articles": len(body),
            "incidents": sum(len(gold["incidents"]) for gold, _, _ in body),
            "figures": score(body),
        }
        for name, body in bodies()
    }


def fallen(measured: dict[str, float], pinned: dict[str, float]) -> list[str]:
    """Gated figures below the pinned ones."""
    return [
        f"{name} {measured[name]} < {pinned[name]}"
        for name in GATED
        if name in pinned and measured[name] < pinned[name] - TOLERANCE
    ]


def main() -> None:
    """Measure, print, and check or pin."""
    # The shipped gazetteer is measured, not one that was loaded into ./data.
    os.environ["INCIDENTS_HOME"] = str(Path(__file__).parent / "no_home")
    measured = measure()
    pinned = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
    figures = {name: entry["figures"] for name, entry in measured.items()}
    print(f"{'':34}" + "".join(f"{name:>18}" for name in figures))
    for label in ("articles", "incidents"):
        print(f"{label:34}" + "".join(f"{entry[label]:>18}" for entry in measured.values()))
    for figure in dict.fromkeys(f for shares in figures.values() for f in shares):
        print(f"{figure:34}" + "".join(f"{shares.get(figure, '-'):>18}" for shares in figures.values()))
    for name in sorted(pinned.keys() - measured.keys()):
        print(f"{name}: its texts are not beside the repository; not measured.")
    if "--update" in sys.argv[1:]:
        BASELINE.write_text(json.dumps(pinned | measured, indent=1) + "\n", encoding="utf-8")
        return
    for name, entry in measured.items():
        if pinned[name]["data_sha256"] != entry["data_sha256"]:
            sys.exit(
                f"The gold of {name} is not the pinned one; look at the figures and pin them with --update."
            )
        if worse := fallen(figures[name], pinned[name]["figures"]):
            sys.exit(f"Accuracy on {name} fell: " + "; ".join(worse))


if __name__ == "__main__":
    main()
