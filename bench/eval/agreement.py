"""How far two people who annotated the same articles agree: ``python -m bench.eval.agreement``.

The second pass was made from the same rules without sight of the first; it is scored against the first as an extractor
would be. No extractor can be told right more often than two careful readers tell each other right.
"""

from __future__ import annotations

from bench.eval.bodies import ANNOTATIONS, EVAL, Record, read_lines, texts, with_words
from bench.eval.scoring import score

SECOND_PASS = ANNOTATIONS.with_name("second_pass.jsonl")


def as_extracted(gold: Record, text: str) -> Record:
    """A gold record in the form of an extraction."""

    def evidence(record: Record) -> list[Record]:
        quotes = record["evidence"].split(" [...] ")
        return [{"start": text.index(q), "end": text.index(q) + len(q), "quote": q} for q in quotes]

    incidents = [
        incident
        | {
            "country_name": incident["country"],
            "admin1_name": incident["admin1"],
            "place_name": incident["place"],
        }
        | {"fatalities_low": incident["killed_low"], "fatalities_high": incident["killed_high"]}
        | {"evidence": evidence(incident)}
        for incident in gold["incidents"]
    ]
    claims = [a | {"event_count": a["events"], "evidence": evidence(a)} for a in gold["aggregates"]]
    return {"incidents": incidents, "aggregate_claims": claims}


def agreement() -> tuple[int, dict[str, float]]:
    """The number of articles annotated twice, and the figures of the second pass against the first."""
    found, first = texts(), {row["id"]: row for row in read_lines(ANNOTATIONS)}
    pairs = []
    for row in read_lines(SECOND_PASS):
        text = found[row["id"]]
        pairs.append((with_words(first[row["id"]], text), as_extracted(with_words(row, text), text), text))
    return len(pairs), score(pairs)


def main() -> None:
    """Print the figures."""
    if not EVAL.is_dir():
        print(f"The articles are not at {EVAL}; nothing is compared.")
        return
    articles, figures = agreement()
    print(f"{'articles':34}{articles:>10}")
    for name, share in figures.items():
        if name not in {"evidence_quotes_verbatim", "place_has_coordinates"}:
            print(f"{name:34}{share:>10}")


if __name__ == "__main__":
    main()
