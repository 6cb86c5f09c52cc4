"""What a batch brought, printed after a run."""

from __future__ import annotations

from rich.markup import escape

from pipeline.cli.console import clean_text, out, print_json, print_table
from pipeline.config import Settings


def show_batch(batch_id: str, found: Settings, *, as_json: bool, limit: int = 40) -> None:
    """Print what a batch brought: incidents, the ledger, the report and the SQL to go on with."""
    from pipeline.batches.summary import summarize_batch

    summary = summarize_batch(batch_id, found)
    if as_json:
        print_json(summary)
        return
    rows = summary["incidents"]
    if rows:
        shown = [[r["date_start"], r["country_name"], r["place_name"], r["sub_event_type"], ", ".join(r["perpetrators"]), r["killed"], r["injured"], r["source_name"]] for r in rows[:limit]]  # fmt: skip
        title = f"{len(rows)} incident reports in batch {batch_id}" + (
            f", the first {limit}" if len(rows) > limit else ""
        )
        print_table(["date", "country", "place", "what", "by", "killed", "injured", "source"], shown, title)
    else:
        out.print(f"No new incident reports in batch {batch_id}.")
    print_table(
        ["ledger", "count"], [[name.replace("_", " "), count] for name, count in summary["ledger"].items()]
    )
    for sentence, left, right in summary["balances"]:
        out.print(f"  {'holds' if left == right else 'BROKEN'}: {sentence} ({left} = {right})")
    rejected = summary["quarantined"]
    for line in rejected[:limit]:
        out.print(f"  quarantined: {escape(clean_text(line))}")
    if len(rejected) > limit:
        out.print(f"  and {len(rejected) - limit} more: incidents quarantine list")
    for line in summary["warnings"]:
        out.print(f"  warning: {escape(clean_text(line))}")
    out.print(f"\nReport: {summary['report']}\nLake:   {found.database}", markup=False)
    out.print(f"Ask:    {summary['suggestion']}", markup=False)
