"""``incidents gazetteer``: more places for the extractor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import Json, clean_text, out, print_json, quiet, say
from pipeline.config import settings

app = typer.Typer(no_args_is_help=True, help="Teach the extractor more places.")


@app.callback()
def _group() -> None:
    return


@app.command("load")
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

    load = load_geonames(dump, alternate_names, settings().home, quiet if json else say)
    if json:
        print_json({"folder": load.folder, "places": load.places, "names": load.names, "lines_read": load.lines_read,
                     "lines_broken": load.lines_broken, "examples": load.examples})  # fmt: skip
        return
    out.print(f"{load.places:,} places under {load.names:,} names are in {load.folder}.", markup=False)
    if load.lines_broken:
        out.print(f"{load.lines_broken:,} of {load.lines_read:,} lines are broken and were left out:")
        for example in load.examples:
            out.print(f"  {escape(clean_text(example))}")
