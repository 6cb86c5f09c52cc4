"""``incidents lake``: the states of the lake, and its upkeep."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.console import Json, out, print_json, print_table
from pipeline.config import settings

app = typer.Typer(no_args_is_help=True, help="The states of the lake, and its upkeep.")


@app.command("history")
def lake_history(
    limit: Annotated[int, typer.Option("--limit", help="States to show, the newest ones.", min=1)] = 20,
    json: Json = False,
) -> None:
    """States of the lake that can be asked: `incidents query --as-of VERSION "SELECT ..."`."""
    from pipeline.lake.history import kept_versions, state

    lake = settings().lake
    kept = kept_versions(lake)
    states = [state(lake, version) for version in kept[-limit:]]
    rows = [
        {
            "version": one.version,
            "committed_at": one.committed_at,
            "operation": one.operation.value,
            "batch_id": one.batch_id,
        }
        for one in states
    ]
    if json:
        print_json(rows)
        return
    print_table(
        ["version", "committed at", "made by", "batch"],
        [
            [row["version"], row["committed_at"] or "unknown", row["operation"], row["batch_id"]]
            for row in rows
        ],
    )
    if len(kept) > limit:
        out.print(f"{limit} of {len(kept)} states, from {kept[0]} on; --limit shows more.")
