"""``incidents lake``: is the lake whole, and making it again."""

from __future__ import annotations

import datetime as dt
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

app = typer.Typer(no_args_is_help=True, help="Look after the stored tables.")


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
    extractor: ExtractorName = "rules",
    json: Json = False,
) -> None:
    """Make the whole lake again from the kept originals, and show it; readers see the old one until then."""
    from pipeline.batches.rebuild import rebuild

    found = settings()
    made = rebuild(
        found,
        extractor=extractor,
        progress=quiet if json else say,
        now=dt.datetime.now(dt.UTC),
        is_old_discarded=discard_old,
    )
    if json:
        print_json(asdict(made))
        return
    out.print(
        f"State {made.version}: {made.batches:,} batches, {made.articles:,} article versions, "
        f"{made.incident_reports:,} incident reports, in {found.lake / made.generation}.",
        markup=False,
    )
    for sentence in made.sentences(is_old_discarded=discard_old):
        out.print(escape(sentence))
    for problem in made.problems:
        err.print(f"[red]left out:[/red] {escape(problem)}")
