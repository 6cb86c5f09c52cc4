"""Build the compact gazetteer from a Parquet table of places: ``python bench/gazetteer/build.py GAZETTEER.parquet``.

Input columns: name, alt_names[], kind, country_code, admin1_name, latitude, longitude, geonameid, population, source.
Output, in ``schemas/gazetteer/``: ``places.bin`` (blocks of lines sorted by loosened key, each block compressed) and
``places.idx`` (first key and offset of every block, admin1 names). See ``pipeline/extract/gazetteer.py`` for the reader
and ``pipeline/extract/gazetteer_files.py`` for the writer.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb

from pipeline.config import SCHEMAS_DIR
from pipeline.extract.gazetteer_files import place_entry, spelling_keys, write_gazetteer

# Countries whose smaller villages appear in conflict news; of the others only places with a known population stay.
DEEP = [
    "AFG",
    "BDI",
    "BFA",
    "CAF",
    "CIV",
    "CMR",
    "COD",
    "DJI",
    "ERI",
    "ETH",
    "HTI",
    "IRQ",
    "ISR",
    "JOR",
    "KEN",
    "LBN",
    "LBY",
    "MLI",
    "MMR",
    "MOZ",
    "NER",
    "NGA",
    "PSE",
    "RWA",
    "SDN",
    "SOM",
    "SSD",
    "SYR",
    "TCD",
    "TGO",
    "UGA",
    "YEM",
]


def read_places(parquet: Path) -> list[tuple[Any, ...]]:
    """The places that are kept, one row a place."""
    query = """
      SELECT name, alt_names, kind, country_code,
             -- Iraqi Kurdistan's governorates are what reports and other data call its first-order divisions.
             coalesce(if(country_code = 'IRQ' AND admin1_name ILIKE '%k_rdist_n%', admin2_name, admin1_name), ''),
             latitude, longitude, geonameid, coalesce(population, 0)
      FROM read_parquet(?)
      WHERE latitude IS NOT NULL AND kind <> 'landmark' AND source <> 'geonames_postal'
        AND (population > 0 OR kind <> 'ppl' OR source LIKE 'ucdp%' OR source LIKE 'geonames_cities500%' OR list_contains(?, country_code))
    """
    return duckdb.connect().execute(query, [str(parquet), DEEP]).fetchall()


def lines_of(places: list[tuple[Any, ...]], divisions: dict[str, int]) -> list[str]:
    """A line for every name of every place; new divisions are numbered as they come."""
    lines = set()
    for name, alternatives, kind, country, division, *rest in places:
        entry = place_entry(name, kind, country, divisions.setdefault(division, len(divisions)), *rest)
        lines.update(f"{key}\t{entry}" for key in spelling_keys({name, *(alternatives or [])}))
    return sorted(lines)


def main() -> None:
    """Build from the table named on the command line."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    places = read_places(Path(sys.argv[1]))
    divisions: dict[str, int] = {}
    lines = lines_of(places, divisions)
    write_gazetteer(lines, list(divisions), SCHEMAS_DIR / "gazetteer")
    size = sum(path.stat().st_size for path in (SCHEMAS_DIR / "gazetteer").iterdir())
    print(f"{len(places):,} places under {len(lines):,} names, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
