"""Printing for people and programs: tables, JSON, lines of progress; nothing that an article says can forge a line."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

EXIT_FAILURE = 1
EXIT_UNREAD = 141
"""Nobody reads the output any more: what a shell says of a process that a closed pipe ends."""
for _name in ("stdout", "stderr"):
    if getattr(sys, _name) is None:  # it was closed by who started us
        setattr(sys, _name, Path(os.devnull).open("w"))  # noqa: SIM115


class _Console(Console):
    """A console that leaves a closed pipe to the entry point."""

    def on_broken_pipe(self) -> None:
        raise


_WIDTH = None if sys.stdout.isatty() else 160
out = _Console(highlight=False, soft_wrap=True, width=_WIDTH)
err = _Console(stderr=True, highlight=False, soft_wrap=True)


def _known_extractor(name: str) -> str:
    """The name, before anything is read or written: a batch that is published already asks for no extractor."""
    from pipeline.extract.protocol import get_extractor

    return get_extractor(name).name


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
ExtractorName = Annotated[
    str, typer.Option("--extractor", help="Extractor to use.", callback=_known_extractor)
]


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode() + "\n")


def tell_error(error: Exception, remedy: str = "") -> None:
    """An error on standard error; it may quote what an article says."""
    err.print(f"[red]{escape(type(error).__name__)}:[/red] {escape(clean_lines(error))}{remedy}")


def say(line: str) -> None:
    """A line of progress on standard error."""
    err.print(escape(line))


def quiet(_line: str) -> None:
    """No line of progress, where the output is for a program."""
    return


def clean_text(value: Any) -> str:
    """A cell for the terminal: control and direction characters, which could forge lines, made visible."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def clean_lines(value: Any) -> str:
    """The same of a text that has lines of its own."""
    return "\n".join(map(clean_text, str(value).splitlines()))


def print_table(columns: list[str], rows: list[list[Any]], title: str | None = None) -> None:
    """A table on standard output."""
    table = Table(*columns, title=title, title_justify="left", header_style="bold")
    for row in rows:
        table.add_row(*(escape(clean_text(cell)) for cell in row))
    out.print(table)
