"""Build the compact gazetteer from a Parquet table of places: ``python bench/gazetteer/build.py GAZETTEER.parquet``.

Input columns: name, alt_names[], kind, country_code, admin1_name, latitude, longitude, geonameid, population, source.
Output, in ``schemas/gazetteer/``: ``places.bin`` (blocks of lines sorted by loosened key, each block compressed) and
``places.idx`` (first key and offset of every block, admin1 names). See ``pipeline/extract/gazetteer.py`` for the reader.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import duckdb
import msgspec

from pipeline.config import SCHEMAS_DIR
from pipeline.extract.names import fold, loosen

BLOCK_LINES = 800
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
KINDS = {"ppl": "p", "adm1": "1", "adm2": "2", "adm3": "3", "landmark": "l"}


def read_places(parquet: Path) -> list[tuple[object, ...]]:
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


def lines_of(places: list[tuple[object, ...]], admin1: dict[str, int]) -> list[tuple[str, str]]:
    """(loosened key, line) of every name of every place."""
    lines = set()
    for name, alternatives, kind, country, division, latitude, longitude, geonames_id, population in places:
        rest = "\t".join(
            (KINDS[kind], country, str(admin1.setdefault(division, len(admin1))), f"{latitude:.2f}", f"{longitude:.2f}",
             str(geonames_id or ""), str(population or ""))
        )  # fmt: skip
        for spelling in {name, *(alternatives or [])}:
            key = loosen(fold(spelling))
            if 2 < len(key) <= 60:
                lines.add((key, f"{key}\t{name}\t{rest}"))
    return sorted(lines)


def write_blocks(lines: list[tuple[str, str]], admin1: dict[str, int], folder: Path) -> None:
    """Write the two files; a key never spans two blocks."""
    folder.mkdir(parents=True, exist_ok=True)
    keys: list[str] = []
    offsets = [0]
    with (folder / "places.bin").open("wb") as out:
        start = 0
        while start < len(lines):
            end = min(start + BLOCK_LINES, len(lines))
            while end < len(lines) and lines[end][0] == lines[end - 1][0]:
                end += 1
            out.write(zlib.compress("\n".join(line for _, line in lines[start:end]).encode(), 9))
            keys.append(lines[start][0])
            offsets.append(out.tell())
            start = end
    index = {"keys": keys, "offsets": offsets, "admin1": list(admin1)}
    (folder / "places.idx").write_bytes(zlib.compress(msgspec.msgpack.encode(index), 9))


def main() -> None:
    """Build from the table named on the command line."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    places = read_places(Path(sys.argv[1]))
    admin1: dict[str, int] = {}
    lines = lines_of(places, admin1)
    write_blocks(lines, admin1, SCHEMAS_DIR / "gazetteer")
    size = sum(path.stat().st_size for path in (SCHEMAS_DIR / "gazetteer").iterdir())
    print(f"{len(places):,} places under {len(lines):,} names, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
