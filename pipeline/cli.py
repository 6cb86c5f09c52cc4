"""The ``incidents`` command: the whole flow and each part of it, without Airflow."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline import __version__
from pipeline.config import Settings, settings
from pipeline.errors import ConfigError, PipelineError

if TYPE_CHECKING:
    from pipeline.quality.freshness import Freshness

EXIT_FAILURE = 1
_WIDTH = None if sys.stdout.isatty() else 160
out = Console(highlight=False, soft_wrap=True, width=_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)

app = typer.Typer(
    name="incidents",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="News articles in, structured records of political violence out.\n\n"
    "Start with `incidents run FOLDER`, then ask: "
    '`incidents query "SELECT date_start, place_name, fatalities_best FROM incident_reports"`.\n\n'
    "All state lies under one folder, INCIDENTS_HOME (default ./data).",
)
quarantine_app = typer.Typer(no_args_is_help=True, help="Look at what was rejected, and try it again.")
app.add_typer(quarantine_app, name="quarantine")
duplicates_app = typer.Typer(no_args_is_help=True, help="Articles that are copies of others.")
app.add_typer(duplicates_app, name="duplicates")
gazetteer_app = typer.Typer(no_args_is_help=True, help="Teach the extractor more places.")
app.add_typer(gazetteer_app, name="gazetteer")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Paths = Annotated[
    list[Path],
    typer.Argument(
        help="Files or folders of articles; `incidents sources` lists the kinds.", metavar="PATH..."
    ),
]
ExtractorName = Annotated[str, typer.Option("--extractor", help="Extractor to use.")]


def _print_json(value: Any) -> None:
    sys.stdout.write(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode() + "\n")


def _say(line: str) -> None:
    err.print(escape(line))


def _quiet(_line: str) -> None:
    return


def clean_text(value: Any) -> str:
    """A cell for the terminal: control and direction characters, which could forge lines, made visible."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _table(columns: list[str], rows: list[list[Any]], title: str | None = None) -> None:
    table = Table(*columns, title=title, title_justify="left", header_style="bold")
    for row in rows:
        table.add_row(*(escape(clean_text(cell)) for cell in row))
    out.print(table)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    return


@app.command()
def run(paths: Paths, extractor: ExtractorName = "rules", json: Json = False) -> None:
    """Read articles, extract incidents, check and publish them, write the report. The same stages that the Dags run."""
    from pipeline import stages

    found = settings()
    batch_id = stages.run(paths, found, extractor=extractor, progress=_quiet if json else _say)
    show_batch(batch_id, found, as_json=json)


@app.command()
def fetch(
    names: Annotated[
        list[str],
        typer.Argument(help="Declared sources; `incidents sources` lists them.", metavar="SOURCE..."),
    ],
    extractor: ExtractorName = "rules",
    json: Json = False,
) -> None:
    """Read what declared sources have that is new, and publish it: the whole flow, a batch a source."""
    from pipeline import stages

    found = settings()
    for name in names:
        batch_id = stages.run_source(name, found, extractor=extractor, progress=_quiet if json else _say)
        if batch_id is not None:
            show_batch(batch_id, found, as_json=json)
        elif json:
            _print_json({"batch_id": None, "source": name})
        else:
            out.print(f"{name}: nothing new.")


@app.command()
def ingest(paths: Paths, json: Json = False) -> None:
    """Read articles and publish nothing: what is there, and what cannot be read and why."""
    from pipeline import stages
    from pipeline.batches.staging import StagedBatch

    found = settings()
    batch_id = stages.ingest(paths, found)
    staged = StagedBatch(found.staging, batch_id)
    if not staged.folder.exists():
        counts, failed = {"items_fetched": 0}, []
    else:
        note = staged.read_note("ingest")
        counts = {
            name: note[name]
            for name in (
                "items_fetched",
                "items_parsed",
                "items_failed",
                "items_gated",
                "duplicates",
                "conflicting",
            )
        }
        counts["to_extract"] = staged.read_arrow("ingest", "articles").num_rows
        failed = [
            [r["input_location"], r["reason_code"], r["reason"]]
            for r in staged.read_rows("ingest", "quarantine")
        ]
    if json:
        _print_json({"batch_id": batch_id, **counts, "rejected": failed})
        return
    out.print(
        f"Batch {batch_id}: "
        + ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())
    )
    if failed:
        _table(["where", "reason", "what happened and what to do"], failed)
    out.print(f"Go on with: incidents run {' '.join(map(str, paths))}", markup=False)


@app.command()
def extract(
    source: Annotated[
        str, typer.Argument(help="JSONL of articles, or - for standard input.", metavar="IN.jsonl")
    ] = "-",
    output: Annotated[
        str, typer.Option("-o", "--output", help="Where to write, or - for standard output.")
    ] = "-",
    extractor: ExtractorName = "rules",
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes to use.")] = 1,
) -> None:
    """Extract incidents from articles, nothing else: one line in, one line out, in order; no lake, no Airflow.

    A line that is no article, or whose article cannot be read, gives a line whose `error` says why.
    """
    from pipeline.batches.lines import extract_lines

    with _opened(source, "rb", sys.stdin.buffer) as lines, _opened(output, "wb", sys.stdout.buffer) as made:
        for line in extract_lines(lines, extractor=extractor, workers=workers):
            made.write(line + b"\n")


def _opened(name: str, mode: str, standard: Any) -> Any:
    from contextlib import nullcontext

    if name == "-":
        return nullcontext(standard)
    try:
        return Path(name).open(mode)
    except OSError as error:
        raise ConfigError(f"Cannot open {name}: {error.strerror}.") from error


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One statement that reads.", metavar="SQL")],
    json: Json = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV; cells that a spreadsheet would run are disarmed.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", help="Rows to print as a table.", min=1)] = 200,
) -> None:
    """Ask the published lake a question in SQL.

    Tables: articles, incident_reports, aggregate_claims, casualty_figures, responsibility_claims, quarantine, batches,
    quality_results, near_duplicates; views: evidence, stories, ledger, sources, source_ledger. `incidents query "SUMMARIZE incident_reports"` shows the columns.
    """
    from pipeline.lake.query import reading, run_query

    found = settings()
    with reading(found.database, found.lake) as connection:
        _print_result(run_query(connection, sql), as_json=json, as_csv=csv, limit=limit)


def _print_result(result: Any, *, as_json: bool, as_csv: bool, limit: int) -> None:
    if as_json:
        _print_json(result.to_pylist())
        return
    rows = [list(row.values()) for row in result.slice(0, None if as_csv else limit).to_pylist()]
    if as_csv:
        import csv as csv_module

        writer = csv_module.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.column_names)
        writer.writerows([[_disarmed(cell) for cell in row] for row in rows])
        return
    _table(result.column_names, rows)
    if result.num_rows > limit:
        out.print(f"{limit} of {result.num_rows} rows; --limit shows more.")


def _disarmed(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula, behind an apostrophe (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


@app.command()
def sql() -> None:
    """Open a shell for SQL on the published lake: reading only; end a statement with `;`, leave with `.quit`."""
    from pipeline.errors import QueryError
    from pipeline.lake.query import reading, run_query

    found = settings()
    statement = ""
    with reading(found.database, found.lake) as connection:
        _say(f"{found.database} - reading only. SHOW TABLES; lists what is there, .quit leaves.")
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


@app.command()
def report(
    batch: Annotated[
        str | None, typer.Option("--batch", help="Batch to report on; the latest if left out.")
    ] = None,
    json: Json = False,
) -> None:
    """Write the data-quality report of a batch again and print its path."""
    from pipeline import stages
    from pipeline.lake.snapshot import Snapshot

    found = settings()
    with Snapshot(found.lake) as snapshot:
        known = [
            row["batch_id"]
            for row in snapshot.rows("SELECT batch_id FROM batches ORDER BY committed_at DESC")
        ]
    chosen = batch or (known[0] if known else None)
    if chosen is None or chosen not in known:
        raise ConfigError(f'No batch {chosen or ""} is published. See: incidents query "FROM ledger".')
    path = stages.write_batch_report(chosen, found)
    _print_json({"batch_id": chosen, "report": path}) if json else out.print(path)


@quarantine_app.command("list")
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
        _print_json(rows)
        return
    if not rows:
        out.print("Nothing is in quarantine.")
        return
    _table(["id", "stage", "reason", "where", "what happened and what to do"],
           [[r["quarantine_id"], r["stage"], r["reason_code"], r["input_location"], r["reason"]] for r in rows])  # fmt: skip


@quarantine_app.command("replay")
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
    progress = _quiet if json else _say
    progress("ingest: reading the kept originals")
    batch_id = stages.finish(
        stages.ingest_quarantined(ids or [], found), found, extractor=extractor, progress=progress
    )
    show_batch(batch_id, found, as_json=json)


@duplicates_app.command("rebuild")
def duplicates_rebuild(json: Json = False) -> None:
    """Find all near duplicates again from the stored articles, where their tables were lost or damaged.

    The answer is the same as before.
    """
    from pipeline.batches.duplicates import rebuild

    pairs = rebuild(settings())
    _print_json({"pairs": pairs}) if json else out.print(f"{pairs:,} pairs of near duplicates.")


@app.command()
def sources(json: Json = False) -> None:
    """The kinds of files that can be read, the kinds of sources that can be declared, and those that are.

    The state of a declared source is ok, dry or flood: whether it brings what the bounds of its declaration expect.
    """
    from pipeline.batches.source_states import source_states
    from pipeline.sources.declaration import read_declarations
    from pipeline.sources.registry import SOURCES
    from pipeline.sources.streams import STREAMS

    found = settings()
    declared = read_declarations(found.sources).values()
    states = {state.source: state for state in source_states(found, now=dt.datetime.now(dt.UTC))}
    if json:
        _print_json(
            {
                "files": [
                    {"name": s.name, "endings": s.endings, "description": s.description} for s in SOURCES
                ],
                "kinds": [{"kind": s.kind, "description": s.description} for s in STREAMS],
                "declared": [msgspec.to_builtins(d) | _state_fields(states[d.name]) for d in declared],
            }
        )
        return
    _table(["files", "file names", "what"], [[s.name, " ".join(s.endings), s.description] for s in SOURCES])
    _table(["kind of source", "what"], [[s.kind, s.description] for s in STREAMS])
    _table(
        ["declared source", "kind", "schedule", "state", "licence", "what"],
        [[d.name, d.kind, d.schedule, states[d.name].state, d.licence, d.description] for d in declared],
        title=str(found.sources),
    )
    for state in states.values():
        if state.is_alarm:
            out.print(f"  {state.state}: {escape(clean_text(state.sentence))}")


def _state_fields(state: Freshness) -> dict[str, Any]:
    return {"state": state.state, "articles_in_window": state.articles, "finding": state.sentence}


@gazetteer_app.command("load")
def gazetteer_load(
    dump: Annotated[Path, typer.Argument(help="allCountries.txt of GeoNames, or the file of a country.")],
    alternate_names: Annotated[
        Path | None, typer.Argument(help="alternateNamesV2.txt of GeoNames, for more spellings.")
    ] = None,
    json: Json = False,
) -> None:
    """Load a GeoNames dump; places are then looked up in it before the shipped gazetteer.

    Broken lines are counted, shown and left out. Remove the folder `gazetteer` of INCIDENTS_HOME to undo it.
    """
    from pipeline.extract.geonames import load_geonames

    load = load_geonames(dump, alternate_names, settings().home, _quiet if json else _say)
    if json:
        _print_json({"folder": load.folder, "places": load.places, "names": load.names, "lines_read": load.lines_read,
                     "lines_broken": load.lines_broken, "examples": load.examples})  # fmt: skip
        return
    out.print(f"{load.places:,} places under {load.names:,} names are in {load.folder}.", markup=False)
    if load.lines_broken:
        out.print(f"{load.lines_broken:,} of {load.lines_read:,} lines are broken and were left out:")
        for example in load.examples:
            out.print(f"  {escape(clean_text(example))}")


@app.command()
def doctor(json: Json = False) -> None:
    """Check the installation and say what is wrong; exit code 1 where something is."""
    from pipeline.doctor import examine

    findings = examine(settings())
    if json:
        _print_json([{"check": f.check, "is_well": f.is_well, "finding": f.finding} for f in findings])
    else:
        for finding in findings:
            mark = "[green]well[/green]" if finding.is_well else "[red]WRONG[/red]"
            out.print(f"{mark}  {escape(finding.check)}: {escape(finding.finding)}")
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(EXIT_FAILURE)


def show_batch(batch_id: str, found: Settings, *, as_json: bool, limit: int = 40) -> None:
    """Print what a batch brought: incidents, the ledger, the report and the SQL to go on with."""
    from pipeline.batches.summary import summarize_batch

    summary = summarize_batch(batch_id, found)
    if as_json:
        _print_json(summary)
        return
    rows = summary["incidents"]
    if rows:
        shown = [[r["date_start"], r["country_name"], r["place_name"], r["sub_event_type"], ", ".join(r["perpetrators"]), r["killed"], r["injured"], r["source_name"]] for r in rows[:limit]]  # fmt: skip
        title = f"{len(rows)} incident reports in batch {batch_id}" + (
            f", the first {limit}" if len(rows) > limit else ""
        )
        _table(["date", "country", "place", "what", "by", "killed", "injured", "source"], shown, title)
    else:
        out.print(f"No new incident reports in batch {batch_id}.")
    _table(
        ["ledger", "count"], [[name.replace("_", " "), count] for name, count in summary["ledger"].items()]
    )
    for sentence, left, right in summary["balances"]:
        out.print(f"  {'holds' if left == right else 'BROKEN'}: {sentence} ({left} = {right})")
    rejected = summary["quarantined"]
    for line in rejected[:limit]:
        out.print(f"  quarantined: {escape(clean_text(line))}")
    if len(rejected) > limit:
        out.print(f"  and {len(rejected) - limit} more: incidents quarantine list")
    out.print(f"\nReport: {summary['report']}\nLake:   {found.database}", markup=False)
    out.print(f"Ask:    {summary['suggestion']}", markup=False)


_INTERRUPTED = 130


def main() -> None:
    """Entry point: expected errors as one line on standard error, exit code 1; an interrupt exits with 130."""
    try:
        app()
    except PipelineError as error:
        err.print(f"[red]{escape(type(error).__name__)}:[/red] {escape(str(error))}")
        sys.exit(EXIT_FAILURE)
    except SystemExit as stopped:
        if stopped.code == _INTERRUPTED:
            err.print("Interrupted. Nothing half-done is visible; the same command goes on.")
        raise


if __name__ == "__main__":
    main()
