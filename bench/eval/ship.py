"""The pinned accuracy that travels with the package: ``schemas/accuracy.json``, made from the baseline.

``python -m bench.eval.ship`` writes it again after ``python -m bench.eval.run`` has pinned other figures.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.config import SCHEMAS_DIR
from pipeline.extract.rules import EXTRACTOR_VERSION

SHIPPED = SCHEMAS_DIR / "accuracy.json"
BODIES = {
    "wire": "invented agency articles",
    "dev": "real articles, seen",
    "annotated_unseen": "real articles, never seen",
}
FIGURES = {
    "incidents_precision": "found incidents that are right",
    "incidents_recall": "incidents that are found",
    "incidents_f1": "both together (F1)",
    "date_within_1_day": "day right within one, of found incidents",
    "country": "country right, of found incidents",
    "killed_exact": "number of killed exactly right, of found incidents",
    "killed_exact_over_all_gold": "number of killed exactly right, of all incidents that state one",
}


def shipped_accuracy() -> dict[str, Any]:
    """What is to be shipped, from ``bench/eval/baseline.json``."""
    baseline = json.loads((Path(__file__).parent / "baseline.json").read_text(encoding="utf-8"))
    return {
        "extractor": "rules",
        "extractor_version": EXTRACTOR_VERSION,
        "figures": FIGURES,
        "bodies": [
            {
                "name": name,
                "articles": baseline[body]["articles"],
                "figures": {key: baseline[body]["figures"][key] for key in FIGURES},
            }
            for body, name in BODIES.items()
        ],
    }


if __name__ == "__main__":
    SHIPPED.write_text(json.dumps(shipped_accuracy(), indent=1) + "\n", encoding="utf-8")
