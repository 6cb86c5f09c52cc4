"""The ``incidents`` command: the whole flow and each part of it, without Airflow. A module a group of commands."""

from __future__ import annotations

import gc
import io
import os
import select
import sys
from typing import Annotated, Any, NoReturn

import typer
import typer.core

from pipeline import __version__
from pipeline.cli import ask, duplicates, flow, gazetteer, health, lake, quarantine, review, sources
from pipeline.cli.batch import show_batch
from pipeline.cli.console import EXIT_FAILURE, EXIT_UNREAD, err, out, tell_error
from pipeline.errors import ConfigError, PipelineError

__all__ = ["app", "main", "show_batch"]


class _Incidents(typer.core.TyperGroup):
    """The commands, none of which is given text that is none: what is kept of an argument is kept in UTF-8."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse what is no text, before a command reads it."""
        for argument in args:
            shown = argument.encode("utf-8", errors="backslashreplace").decode("utf-8")
            if shown != argument:
                raise ConfigError(
                    f"The argument '{shown}' is no text in UTF-8. Write it anew in a terminal that is set to UTF-8; "
                    "a file with such a name is read by naming its folder."
                )
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="incidents",
    cls=_Incidents,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="News articles in, structured records of political violence out.\n\n"
    "Start with `incidents run FOLDER`, then ask: "
    '`incidents query "SELECT date_start, place_name, fatalities_best FROM incident_reports"`.\n\n'
    "All state lies under one folder, INCIDENTS_HOME (default ./data).",
)


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


for command in (
    flow.run,
    flow.fetch,
    flow.ingest,
    flow.extract,
    ask.query,
    ask.sql,
    flow.report,
    review.correct,
    review.retract,
    review.reprocess,
    sources.sources,
    health.doctor,
):
    app.command()(command)
for name, group in (
    ("quarantine", quarantine.app),
    ("duplicates", duplicates.app),
    ("lake", lake.app),
    ("gazetteer", gazetteer.app),
):
    app.add_typer(group, name=name)

_INTERRUPTED = 130


def _fail(error: OSError) -> NoReturn:
    """End with an error of the system: nothing is told where it is that nobody reads the output any more."""
    hung_up = select.poll()
    hung_up.register(sys.stdout.fileno(), 0)
    is_unread = isinstance(error, BrokenPipeError) and bool(hung_up.poll(0))
    # What could not be printed is let go of: the interpreter would try again at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if is_unread:
        sys.exit(EXIT_UNREAD)
    tell_error(error, ". Nothing half-done is visible: mend what the system says, and run the same again.")
    sys.exit(EXIT_FAILURE)


_NEW_OBJECTS = 100_000
"""Before the collector looks for cycles: with Python's 700 a small command spends itself on looking through what it imported."""


def main() -> None:
    """Entry point: errors on standard error, exit code 1; an interrupt exits with 130, output that nobody reads with 141."""
    gc.set_threshold(_NEW_OBJECTS)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a terminal need not have all characters of an article
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except PipelineError as error:
        tell_error(error)
        sys.exit(EXIT_FAILURE)
    except OSError as error:
        _fail(error)
    except SystemExit as stopped:
        if isinstance(stopped.__context__, BrokenPipeError):
            _fail(stopped.__context__)
        if stopped.code == _INTERRUPTED:
            err.print("Interrupted. Nothing half-done is visible; the same command goes on.")
        raise
