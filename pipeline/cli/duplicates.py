"""``incidents duplicates``: articles that are copies of others."""

from __future__ import annotations

import typer

from pipeline.cli.console import Json, out, print_json
from pipeline.config import settings

app = typer.Typer(no_args_is_help=True, help="Articles that are copies of others.")


@app.callback()
def _group() -> None:
    return


@app.command("rebuild")
def duplicates_rebuild(json: Json = False) -> None:
    """Find all near duplicates again from the stored articles, where their tables were lost or damaged.

    The answer is the same as before.
    """
    from pipeline.batches.duplicates import rebuild

    pairs = rebuild(settings())
    print_json({"pairs": pairs}) if json else out.print(f"{pairs:,} pairs of near duplicates.")
