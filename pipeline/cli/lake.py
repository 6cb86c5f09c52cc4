"""``incidents lake``: the states of the lake, and its upkeep."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.console import Json, out, print_json, print_table
from pipeline.config import settings
from pipeline.errors import ConfigError

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


@app.command("compact")
def lake_compact(json: Json = False) -> None:
    """Write the small files of small batches together. Rows, answers and earlier states stay the same."""
    from pipeline.batches.maintenance import compact_lake

    fewer = compact_lake(settings())
    if json:
        print_json(fewer)
        return
    told = ", ".join(f"{name} has {count} fewer" for name, count in fewer.items())
    out.print(f"Files: {told}." if told else "No files are to be written together.")


@app.command("vacuum")
def lake_vacuum(
    retain: Annotated[
        str, typer.Option("--retain", help="How long states are kept: 30d, 12h.", metavar="TIME")
    ] = "30d",
    json: Json = False,
) -> None:
    """Forget states that were superseded longer ago, and delete the files that no kept state needs."""
    from pipeline.batches.maintenance import vacuum_lake

    done = vacuum_lake(settings(), retain=_duration(retain))
    if json:
        print_json(asdict(done))
        return
    out.print(
        f"{done.states_forgotten:,} states forgotten, {done.files_deleted:,} files deleted ({done.bytes_freed:,} bytes). "
        f"Oldest state kept: {done.oldest_state or 'none'}."
    )


def _duration(text: str) -> dt.timedelta:
    found = re.fullmatch(r"(\d+)([dh])", text.strip())
    if found is None:
        raise ConfigError(f"{text!r} is no length of time. Give days or hours: 30d, 12h.")
    count = int(found[1])
    return dt.timedelta(days=count) if found[2] == "d" else dt.timedelta(hours=count)
