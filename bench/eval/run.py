"""Accuracy of the default extractor against pinned figures: ``python -m bench.eval.run [--check | --update]``.

Two bodies of gold: the sample articles, whose records were written by hand (``tests/golden``), and, where the folder of
evaluation data is present beside the repository, its hand-made gold, scored by its own scorer. ``--check`` fails where a
figure is below the pinned one or the data is another; ``--update`` pins what is measured.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline.extract.contract import contract_line, parse_article
from pipeline.extract.protocol import get_extractor

EVAL = Path(__file__).parents[3] / "shared" / "eval"
BASELINE = Path(__file__).parent / "baseline.json"
# One segment more or less moves a share by less than this; smaller falls are noise of rounding.
TOLERANCE = 0.001


def figures() -> dict[str, float]:
    """Shares from 0 to 1 by name; ``aggregates_apart`` is 1 less the share of totals taken for incidents."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as predicted:
        extractor = get_extractor("rules")
        with (EVAL / "incidents" / "articles.jsonl").open("rb") as lines:
            for line in lines:
                predicted.write(contract_line(extractor.extract(parse_article(line))) + b"\n")
        predicted.flush()
        command = [sys.executable, str(EVAL / "score.py"), str(EVAL / "incidents" / "gold.jsonl"), predicted.name, "--json",
                   "--articles", str(EVAL / "incidents" / "articles.jsonl")]  # fmt: skip
        scored = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    fields = {f"{name}": entry["share"] for name, entry in scored["fields_on_matched"].items()}
    return {
        "incidents_f1": scored["incidents"]["f1"],
        "incidents_strict_f1": scored["incidents_strict"]["f1"],
        "aggregate_claims_f1": scored["aggregate_claims"]["f1"],
        "aggregates_apart": round(1 - scored["aggregates_taken_for_incidents"]["share"], 4),
        "evidence_quotes_verbatim": scored["evidence_quotes_verbatim"]["share"],
        **fields,
    }


def data_hash() -> str:
    """SHA-256 of the gold and its articles."""
    digest = hashlib.sha256()
    for name in ("articles.jsonl", "gold.jsonl"):
        digest.update((EVAL / "incidents" / name).read_bytes())
    return digest.hexdigest()


def fallen(measured: dict[str, float], pinned: dict[str, float]) -> list[str]:
    """Figures below the pinned ones. Shares over matched incidents are told, not gated: they move with what is matched."""
    gated = (
        "incidents_f1",
        "incidents_strict_f1",
        "aggregate_claims_f1",
        "aggregates_apart",
        "evidence_quotes_verbatim",
        "killed_exact_over_all_gold",
    )
    return [
        f"{name} {measured[name]} < {pinned[name]}"
        for name in gated
        if measured[name] < pinned[name] - TOLERANCE
    ]


def main() -> None:
    """Measure, print, and check or pin."""
    if not EVAL.is_dir():
        print(
            f"The evaluation data is not at {EVAL}; nothing is measured. The samples' gold is checked by make test."
        )
        return
    # The shipped gazetteer is measured, not one that was loaded into ./data.
    os.environ["INCIDENTS_HOME"] = str(Path(__file__).parent / "no_home")
    measured = figures()
    for name, value in measured.items():
        print(f"{name:<32} {value}")
    if "--update" in sys.argv[1:]:
        BASELINE.write_text(
            json.dumps({"data_sha256": data_hash(), "figures": measured}, indent=1) + "\n", encoding="utf-8"
        )
        return
    pinned = json.loads(BASELINE.read_text(encoding="utf-8"))
    if pinned["data_sha256"] != data_hash():
        sys.exit("The evaluation data is not the pinned one; look at the figures and pin them with --update.")
    if worse := fallen(measured, pinned["figures"]):
        sys.exit("Accuracy fell: " + "; ".join(worse))


if __name__ == "__main__":
    main()
