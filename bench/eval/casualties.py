"""How often the killed and injured read from an article equal the gold toll of the gun violence articles.

``python bench/eval/casualties.py DEV.jsonl`` prints the share of exact counts; a paywall notice counts as any text.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pipeline.extract.casualties import find_casualties
from pipeline.text.sentences import split_sentences

OUTCOMES = {"killed": "num_killed", "injured": "num_injured"}


def highest_counts(text: str) -> dict[str, int]:
    """The highest count of each outcome, 0 where the text counts nobody."""
    counts = dict.fromkeys(OUTCOMES, 0)
    for sentence in split_sentences(text):
        for mention in find_casualties(sentence.text, sentence.start):
            if mention.outcome in counts and not mention.is_subset:
                counts[mention.outcome] = max(counts[mention.outcome], mention.low or 0)
    return counts


def exact_shares(articles: list[dict[str, Any]]) -> dict[str, float]:
    """The share of articles whose count is the gold one, an outcome at a time and for both together."""
    hits = {**dict.fromkeys(OUTCOMES, 0), "both": 0}
    for article in articles:
        counts = highest_counts(f"{article['title'] or ''}\n{article['text']}")
        right = [outcome for outcome, field in OUTCOMES.items() if counts[outcome] == article["gold"][field]]
        for outcome in [*right, *(["both"] if len(right) == len(OUTCOMES) else [])]:
            hits[outcome] += 1
    return {name: round(count / len(articles), 3) for name, count in hits.items()}


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    gold = [json.loads(line) for line in lines]
    always_none = sum(not any(a["gold"][f] for f in OUTCOMES.values()) for a in gold) / len(gold)
    print(
        json.dumps({"articles": len(gold), "exact": exact_shares(gold), "nobody_hurt": round(always_none, 3)})
    )
