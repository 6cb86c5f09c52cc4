"""What the default extractor reports in texts that are not about armed conflict: ``python -m bench.eval.false_alarms``.

Two bodies of the evaluation folder that others made for place names: reports on outbreaks of disease (GeoVirus) and local news (LGL).
Printed are the incidents found in 100 articles and the sentence of each. Some of them are real violence that is told in passing:
the sentences are there to be judged by a reader.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.eval.bodies import EVAL, extract, read_lines

BODIES = ("geovirus", "lgl")
_SHOWN = 160


def main() -> None:
    """Measure and print."""
    if not EVAL.is_dir():
        sys.exit(f"The evaluation data is not at {EVAL}.")
    # The shipped gazetteer is measured, not one that was loaded into ./data.
    os.environ["INCIDENTS_HOME"] = str(Path(__file__).parent / "no_home")
    for name in BODIES:
        articles = read_lines(EVAL / "geo" / f"{name}.jsonl")
        found = []
        for article in articles:
            said = extract(
                {
                    "id": article["id"],
                    "text": article["text"],
                    "published_at": article.get("published"),
                    "language": "en",
                }
            )
            found += [(article["id"], incident) for incident in said["incidents"]]
        print(
            f"{name}: {len(found)} incidents in {len(articles)} articles, {100 * len(found) / len(articles):.1f} in 100"
        )
        for article_id, incident in found:
            quote = next(e["quote"] for e in incident["evidence"] if e["field"] == "event_type")
            print(f"  {article_id}  {incident['sub_event_type']}  {' '.join(quote.split())[:_SHOWN]}")


if __name__ == "__main__":
    main()
