"""Questions in SQL to the published lake."""

from __future__ import annotations

import io
import math
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.markup import escape

from pipeline.cli.console import Json, clean_lines, clean_text, err, out, print_table, say
from pipeline.config import settings

if TYPE_CHECKING:
    from pipeline.lake.query import Answer, Sandbox

_SHELL_ROWS = 200
_COLUMN_WIDTH = 6
"""A table with less room a column than this is printed row by row instead."""
_LARGEST = 2**63
_COMMENT = re.compile(r"--[^\n]*\Z")
_LEAVE = {".quit", ".exit", "exit", "quit"}
_HELP = """End a statement with a semicolon; it may go over several lines. Ctrl-C stops a statement, .quit leaves.
.tables       what there is to ask, and what it is
.columns T    the columns of T, and what they mean
.help         this
The shell shows the lake as it was when it was opened; open it again to see later batches."""


def query(
    sql: Annotated[str, typer.Argument(help="One statement that reads.", metavar="SQL")],
    json: Json = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV; cells that a spreadsheet would run are disarmed.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Rows to print (default: 200 as a table, else all).", min=1)
    ] = None,
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

    Start with the views counted_reports, incident_candidates, v_acled, v_ucdp_ged, evidence, stories, v_ledger and v_quality; `incidents query "SHOW TABLES"`
    lists all, `incidents query "SUMMARIZE incident_reports"` shows columns. Worked questions: docs/queries.md.
    """
    from pipeline.lake.query import reading_lake

    if json and csv:
        raise typer.BadParameter("--json and --csv are two forms of output: give one.")
    found = settings()
    with reading_lake(found) if as_of is None else _reading_as_of(found.lake, as_of) as sandbox:
        answer = sandbox.ask(sql, limit=limit if limit or json or csv else _SHELL_ROWS)
        if json:
            _print_json(answer)
        elif csv:
            _print_csv(answer)
        else:
            _print_table(answer, "--limit shows more")


@contextmanager
def _reading_as_of(lake: Path, as_of: str) -> Iterator[Sandbox]:
    from pipeline.lake.query import reading
    from pipeline.lake.views import database_as_of

    with database_as_of(lake, as_of) as database, reading(database) as sandbox:
        yield sandbox


def _rows(answer: Answer) -> Iterator[list[Any]]:
    """Row by row; two columns of one name stay two."""
    for batch in answer:
        columns = ((_changed(cell, _number) for cell in _cells(column)) for column in batch.columns)
        yield from map(list, zip(*columns, strict=True))


def _cells(column: Any) -> list[Any]:
    try:
        cells: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):  # a time that Python has none for
        cells = [_cell(scalar) for scalar in column]
    return cells


def _cell(scalar: Any) -> Any:
    """A cell as Python's own value; a time outside of the years 1 to 9999 as DuckDB writes it."""
    import duckdb
    import pyarrow as pa

    if not scalar.is_valid:
        return None
    if isinstance(scalar, pa.StructScalar):
        return {name: _cell(inner) for name, inner in scalar.items()}
    if isinstance(scalar, pa.ListScalar):
        entries = [_cell(inner) for inner in scalar.values or ()]
        return [(e["key"], e["value"]) for e in entries] if isinstance(scalar, pa.MapScalar) else entries
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            time = connection.from_arrow(pa.table({"time": pa.array([scalar.value], scalar.type)}))
            return time.project("time::VARCHAR").fetchall()[0][0]


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """The value with each that it consists of changed."""
    if isinstance(value, list | tuple):
        return [_changed(inner, change) for inner in value]
    if isinstance(value, dict):
        return {name: _changed(inner, change) for name, inner in value.items()}
    return change(value)


def _number(value: Any) -> Any:
    """A sum, which is a decimal in DuckDB, as a number; as text where programs have no whole number so large."""
    if not isinstance(value, Decimal):
        return value
    is_whole = value == value.to_integral_value()
    return float(value) if not is_whole else int(value) if abs(value) < _LARGEST else str(value)


def _named(value: Any) -> Any:
    """A number that JSON has none for (``inf``, ``nan``) as text, and not as null."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _json(value: Any, option: int = 0) -> str:
    return orjson.dumps(_changed(value, _named), default=str, option=option).decode()


def _written(cell: Any) -> Any:
    """A cell of a table or of CSV: a list and what else has parts as JSON."""
    return _json(cell) if isinstance(cell, list | dict) else cell


def _print_table(answer: Answer, more: str) -> None:
    rows = [[_written(cell) for cell in row] for row in _rows(answer)]
    names = [escape(clean_text(name)) for name in answer.schema.names]
    if len(names) * _COLUMN_WIDTH <= out.width:
        print_table(names, rows)
    else:
        for number, row in enumerate(rows, 1):
            pairs = [list(pair) for pair in zip(answer.schema.names, row, strict=True)]
            print_table([f"row {number}", "value"], pairs)
    if answer.is_cut:
        out.print(f"The first {len(rows)} rows; {more}.")


def _keys(names: list[str]) -> list[str]:
    """Keys of an object: of columns of one name, the later ones get a number behind."""
    keys: list[str] = []
    for name in names:
        key, number = name, 1
        while key in keys or (number > 1 and key in names):
            key, number = f"{name}_{number}", number + 1
        keys.append(key)
    return keys


def _print_json(answer: Answer) -> None:
    """One JSON array, written as the rows come."""
    separator, keys = "[\n", _keys(answer.schema.names)
    for row in _rows(answer):
        cells = dict(zip(keys, row, strict=True))
        sys.stdout.write(separator + _json(cells, orjson.OPT_INDENT_2))
        separator = ",\n"
    sys.stdout.write("[]\n" if separator == "[\n" else "\n]\n")


class _Lines:
    """Standard output for a CSV writer that ends its lines as RFC 4180 says, and so quotes each CR and LF in a cell."""

    @staticmethod
    def write(line: str) -> None:
        """Write one line of the table, ended as other commands end theirs."""
        sys.stdout.write(line.removesuffix("\r\n") + "\n")


def _print_csv(answer: Answer) -> None:
    import csv as csv_module

    writer = csv_module.writer(_Lines(), lineterminator="\r\n")
    writer.writerow([_disarmed(name) for name in answer.schema.names])
    for row in _rows(answer):
        writer.writerow([_disarmed(_written(cell)) for cell in row])


def _disarmed(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula, behind an apostrophe (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def sql() -> None:
    """Open a shell for SQL on the published lake: reading only; end a statement with `;`, leave with `.quit`."""
    from pipeline.lake.query import reading_lake

    found = settings()
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(
            errors="surrogateescape"
        )  # a statement that is no text is told, and the next one read
    with reading_lake(found) as sandbox, _history(found.home / ".sql_history"):
        say(f"{found.database} - reading only. .tables lists what is there, .help tells more, .quit leaves.")
        statement = ""
        while True:
            try:
                line = _prompted("   ...> " if statement else "incidents> ")
                if line is None or line.strip() in ({".quit", ".exit"} if statement else _LEAVE):
                    if statement.strip():
                        say(f"Not run, for no semicolon ends it: {clean_text(statement.strip())}")
                    return
                statement = f"{statement}\n{line}" if statement else line
                if statement.startswith(".") or _is_whole(statement):
                    asked, statement = statement.strip(), ""
                    _shell_answer(sandbox, asked)
            except KeyboardInterrupt:
                statement = ""
                err.print("Stopped.")


def _is_whole(statement: str) -> bool:
    """True where a semicolon ends the statement, and not a line of a text in it."""
    import duckdb

    if not _COMMENT.sub("", statement).rstrip().endswith(";"):
        return False
    try:
        duckdb.extract_statements(statement)
    except duckdb.ParserException as error:
        return "unterminated" not in str(error)
    except TypeError:
        return True  # it is no text; the sandbox says so
    return True


def _shell_answer(sandbox: Sandbox, statement: str) -> None:
    """Print what a statement or a command with a dot gives; an error does not end the shell."""
    from pipeline.errors import QueryError

    if statement.startswith("."):
        command, _, name = statement.rstrip(";").partition(" ")
        if command == ".tables":
            statement = "SELECT name, description FROM dictionary WHERE column_name IS NULL ORDER BY name"
        elif command == ".columns" and name.strip().isidentifier():
            if not _is_known(sandbox, name.strip()):
                return err.print(f"There is no {escape(name.strip())}; .tables lists what there is.")
            statement = f"SELECT column_name, data_type, description FROM dictionary WHERE name = '{name.strip()}' AND column_name IS NOT NULL"
        else:
            return out.print(_HELP, markup=False)
    try:
        _print_table(sandbox.ask(statement, limit=_SHELL_ROWS), "ask with LIMIT and OFFSET for others")
    except QueryError as error:
        err.print(f"[red]{escape(clean_lines(error))}[/red]")


def _is_known(sandbox: Sandbox, name: str) -> bool:
    answer = sandbox.ask(f"SELECT 1 FROM dictionary WHERE name = '{name}'", limit=1)
    return sum(batch.num_rows for batch in answer) > 0


@contextmanager
def _history(path: Path) -> Iterator[None]:
    """Line editing and the lines of earlier shells, where there is a terminal."""
    if not sys.stdin.isatty():
        yield
        return
    import readline

    with suppress(OSError):
        readline.read_history_file(path)
    readline.set_history_length(1000)
    try:
        yield
    finally:
        with suppress(OSError):
            readline.write_history_file(path)


def _prompted(prompt: str) -> str | None:
    try:
        return input(prompt if sys.stdin.isatty() else "")
    except EOFError:
        return None
