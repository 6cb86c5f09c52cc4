"""Questions in SQL to the published lake."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Annotated, Any

import typer
from rich.markup import escape

from pipeline.cli.console import Json, err, out, print_json, print_table, say
from pipeline.config import settings


def query(
    sql: Annotated[str, typer.Argument(help="One statement that reads.", metavar="SQL")],
    json: Json = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV; cells that a spreadsheet would run are disarmed.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", help="Rows to print as a table.", min=1)] = 200,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="Ask the lake as it was: a time (2025-03-01T06:00:00Z) or a version of `incidents lake history`.",
            metavar="TIME|VERSION",
        ),
    ] = None,
) -> None:
    """Ask the published lake a question in SQL.

    Tables: articles, incident_reports, aggregate_claims, casualty_figures, responsibility_claims, quarantine, batches,
    quality_results, near_duplicates; views: evidence, stories, ledger, sources, source_ledger. `incidents query "SUMMARIZE incident_reports"` shows the columns.
    """
    from pipeline.lake.query import reading, run_query
    from pipeline.lake.views import database_as_of

    found = settings()
    shown = nullcontext(found.database) if as_of is None else database_as_of(found.lake, as_of)
    with shown as database, reading(database, found.lake) as connection:
        _print_result(run_query(connection, sql), as_json=json, as_csv=csv, limit=limit)


def _print_result(result: Any, *, as_json: bool, as_csv: bool, limit: int) -> None:
    if as_json:
        print_json(result.to_pylist())
        return
    rows = [list(row.values()) for row in result.slice(0, None if as_csv else limit).to_pylist()]
    if as_csv:
        import csv as csv_module

        writer = csv_module.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.column_names)
        writer.writerows([[_disarmed(cell) for cell in row] for row in rows])
        return
    print_table(result.column_names, rows)
    if result.num_rows > limit:
        out.print(f"{limit} of {result.num_rows} rows; --limit shows more.")


def _disarmed(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula, behind an apostrophe (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def sql() -> None:
    """Open a shell for SQL on the published lake: reading only; end a statement with `;`, leave with `.quit`."""
    from pipeline.errors import QueryError
    from pipeline.lake.query import reading, run_query

    found = settings()
    statement = ""
    with reading(found.database, found.lake) as connection:
        say(f"{found.database} - reading only. SHOW TABLES; lists what is there, .quit leaves.")
        while (line := _prompted("   ...> " if statement else "incidents> ")) is not None:
            if not statement and line.strip() in {".quit", ".exit", "exit", "quit"}:
                return
            statement = f"{statement}\n{line}" if statement else line
            if not statement.rstrip().endswith(";"):
                continue
            try:
                _print_result(run_query(connection, statement), as_json=False, as_csv=False, limit=200)
            except QueryError as error:
                err.print(f"[red]{escape(str(error))}[/red]")
            statement = ""


def _prompted(prompt: str) -> str | None:
    try:
        return input(prompt if sys.stdin.isatty() else "")
    except EOFError:
        return None
