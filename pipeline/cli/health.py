"""``incidents doctor``: is the installation well."""

from __future__ import annotations

import typer
from rich.markup import escape

from pipeline.cli.console import EXIT_FAILURE, Json, out, print_json
from pipeline.config import settings


def doctor(json: Json = False) -> None:
    """Check the installation and say what is wrong; exit code 1 where something is."""
    from pipeline.doctor import examine

    findings = examine(settings())
    if json:
        print_json([{"check": f.check, "is_well": f.is_well, "finding": f.finding} for f in findings])
    else:
        for finding in findings:
            mark = "[green]well[/green]" if finding.is_well else "[red]WRONG[/red]"
            out.print(f"{mark}  {escape(finding.check)}: {escape(finding.finding)}")
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(EXIT_FAILURE)
