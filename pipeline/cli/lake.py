"""``incidents lake``: is the lake whole, its states, its upkeep, and making it again."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import (
    EXIT_FAILURE,
    ExtractorName,
    Json,
    err,
    out,
    print_json,
    print_table,
    quiet,
    say,
)
from pipeline.config import settings
from pipeline.errors import ConfigError

_PROBLEMS_TOLD = 20
_LONGEST_HOURS = 100 * 365 * 24
app = typer.Typer(no_args_is_help=True, help="Look after the lake: its states, its upkeep, damage.")


@app.command("check")
def lake_check(
    raw: Annotated[
        bool, typer.Option("--raw", help="Read the kept originals through too, and compare their hashes.")
    ] = False,
    json: Json = False,
) -> None:
    """Read every file of every table and say what is damaged; exit code 1 where something is."""
    from pipeline.batches.lake_check import check_lake

    found = settings()
    checked = check_lake(found, is_raw_read=raw, progress=quiet if json else say)
    if json:
        print_json(asdict(checked))
    else:
        out.print(
            f"{checked.tables} tables, {checked.files:,} files, {checked.rows:,} rows, {checked.originals:,} originals "
            f"{'read' if raw else 'looked for'}: {'whole' if not checked.damages else 'DAMAGED'}."
        )
        if checked.files_without_checksum:
            out.print(
                f"{checked.files_without_checksum:,} files were written before checksums were kept: a changed value in them "
                "may go unseen. `incidents lake rebuild` makes them anew."
            )
        if checked.damages:
            rows = [[d.table, d.file, d.damage, d.remedy] for d in checked.damages]
            print_table(["table", "file", "what is wrong", "what to do"], rows)
    if checked.damages:
        raise typer.Exit(EXIT_FAILURE)


@app.command("rebuild")
def lake_rebuild(
    discard_old: Annotated[
        bool, typer.Option("--discard-old", help="Remove the old tables once the new ones are shown.")
    ] = False,
    accept_losses: Annotated[
        bool,
        typer.Option(
            "--accept-losses",
            help="Show the new lake even where it holds less than the old one; that is kept.",
        ),
    ] = False,
    extractor: ExtractorName = "rules",
    json: Json = False,
) -> None:
    """Make the whole lake again from the kept originals, and show it; readers see the old one until then.

    Where something would be lost, the old lake stays and the exit code is 1.
    """
    from pipeline.batches.rebuild import rebuild

    found = settings()
    made = rebuild(
        found,
        extractor=extractor,
        progress=quiet if json else say,
        now=dt.datetime.now(dt.UTC),
        is_old_discarded=discard_old,
        is_loss_accepted=accept_losses,
    )
    if json:
        print_json(asdict(made) | {"is_shown": made.is_shown})
    elif made.is_shown:
        out.print(
            f"State {made.version}: {made.batches:,} batches, {made.articles:,} article versions, "
            f"{made.incident_reports:,} incident reports, in {found.lake / made.generation}.",
            markup=False,
        )
        for sentence in made.sentences(is_old_discarded=discard_old):
            out.print(escape(sentence))
    if not json:
        for problem in made.problems[:_PROBLEMS_TOLD]:
            err.print(f"[red]{'left out' if made.is_shown else 'would be lost'}:[/red] {escape(problem)}")
        if (more := len(made.problems) - _PROBLEMS_TOLD) > 0:
            err.print(f"{more:,} more; --json tells all.")
    if not made.is_shown:
        err.print(
            "Nothing is changed: the lake that can be made holds less than the old one. Restore what is named, or give "
            "--accept-losses to go on without it; the old tables are kept then."
        )
        raise typer.Exit(EXIT_FAILURE)


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
    found = re.fullmatch(r"([0-9]{1,6})([dh])", text.strip())
    hours = int(found[1]) * (24 if found[2] == "d" else 1) if found else None
    if hours is None or hours > _LONGEST_HOURS:
        raise ConfigError(
            f"{text!r} is no length of time up to a hundred years. Give days or hours: 30d, 12h."
        )
    return dt.timedelta(hours=hours)
