"""How many gold articles with incidents pass the gate of bulk archives: ``python -m bench.eval.gate``."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from bench.eval.bodies import bodies
from pipeline.text.candidates import is_candidate


def main() -> None:
    """Measure and print the table."""
    table = Table("body", "with incidents", "pass", "without", "pass")
    missed = []
    for name, body in bodies():
        telling = [text for gold, _, text in body if gold.get("incidents")]
        others = [text for gold, _, text in body if not gold.get("incidents")]
        missed += [text for text in telling if not is_candidate(text)]
        counts = (len(telling), sum(map(is_candidate, telling)), len(others), sum(map(is_candidate, others)))
        table.add_row(name, *map(str, counts))
    out = Console(highlight=False, soft_wrap=True, width=120)
    out.print(table)
    for text in missed:
        out.print(f"missed: {text[:120]}")


if __name__ == "__main__":
    main()
