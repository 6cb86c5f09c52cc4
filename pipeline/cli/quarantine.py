"""``incidents quarantine``: what was rejected."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.batch import show_batch
from pipeline.cli.console import ExtractorName, Json, out, print_json, print_table, quiet, say
from pipeline.config import settings

app = typer.Typer(no_args_is_help=True, help="Look at what was rejected, and try it again.")


@app.command("list")
def quarantine_list(
    everything: Annotated[bool, typer.Option("--all", help="Replayed rows too.")] = False,
    json: Json = False,
) -> None:
    """Rejected inputs and rows, each with what happened and what to do."""
    from pipeline.lake.snapshot import Snapshot

    condition = "" if everything else "WHERE replayed_at IS NULL"
    with Snapshot(settings().lake) as snapshot:
        rows = snapshot.rows(
            f"SELECT * FROM quarantine {condition} ORDER BY stage, reason_code, input_location"
        )
    if json:
        print_json(rows)
        return
    if not rows:
        out.print("Nothing is in quarantine.")
        return
    print_table(["id", "stage", "reason", "where", "what happened and what to do"],
           [[r["quarantine_id"], r["stage"], r["reason_code"], r["input_location"], r["reason"]] for r in rows])  # fmt: skip


@app.command("replay")
def quarantine_replay(
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Ids to try again; all open ones if left out.", metavar="[ID]..."),
    ] = None,
    extractor: ExtractorName = "rules",
    json: Json = False,
) -> None:
    """Send rejected inputs and rows through the stages again, after a mend or an update."""
    from pipeline import stages

    found = settings()
    progress = quiet if json else say
    progress("ingest: reading the kept originals")
    batch_id = stages.finish(
        stages.ingest_quarantined(ids or [], found), found, extractor=extractor, progress=progress
    )
    show_batch(batch_id, found, as_json=json)
