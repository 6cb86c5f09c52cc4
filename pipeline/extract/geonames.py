"""A GeoNames dump made into the user's own gazetteer: read line by line, sorted on disk, so that memory stays flat."""

from __future__ import annotations

import datetime as dt
import heapq
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby, islice
from pathlib import Path
from typing import TypeVar

import pycountry

from pipeline.errors import ConfigError
from pipeline.extract.gazetteer import Gazetteer, own_folder, shipped_gazetteer
from pipeline.extract.gazetteer_files import place_entry, spelling_keys, write_gazetteer

_Parsed = TypeVar("_Parsed")
_COLUMNS = 19
_ALTERNATE_COLUMNS = 4
_KINDS = {"ADM1": "adm1", "ADM2": "adm2", "ADM3": "adm3", "CMPRF": "landmark"}
_HISTORICAL = "PPLH"
_NO_NAMES = {"link", "post", "wkdt", "iata", "icao", "faac", "tcid", "unlc", "phon", "abbr"}
_CODE = re.compile(r"[A-Z0-9]{1,4}")
_LINES_IN_MEMORY = 500_000
_LONGEST_LINE = 1 << 20
_EXAMPLES = 5
_LINES_BETWEEN_NEWS = 1_000_000


class _Broken(Exception):
    """A line that says nothing; the message says why."""


@dataclass
class Load:
    """What became of the lines of a dump."""

    folder: Path
    places: int = 0
    names: int = 0
    lines_read: int = 0
    lines_broken: int = 0
    examples: list[str] = field(default_factory=list)
    """The first broken lines: where, and why."""


@dataclass(frozen=True, slots=True)
class _Row:
    geonames_id: int
    name: str
    alternatives: str
    kind: str
    country: str
    division: str
    latitude: float
    longitude: float
    population: int


def load_geonames(
    dump: Path, alternate_names: Path | None, home: Path, progress: Callable[[str], None]
) -> Load:
    """Make the gazetteer of ``home`` from a dump; the one that was there is replaced when all is done, or stays.

    Raises:
        ConfigError: a file cannot be read or written, or the dump holds no place.
    """
    load = Load(own_folder(home))
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".gazetteer-", dir=home) as scratch:
            _build(dump, alternate_names, Path(scratch), load, progress)
            _put(Path(scratch), load.folder)
    except OSError as error:
        raise ConfigError(
            f"Cannot load {dump}: {error.strerror or error} ({error.filename or home}). The gazetteer is as it was."
        ) from error
    return load


def _build(
    dump: Path, alternate_names: Path | None, scratch: Path, load: Load, progress: Callable[[str], None]
) -> None:
    divisions = _Divisions(shipped_gazetteer())
    records = _place_records(dump, divisions, load, progress)
    by_id = _sorted_on_disk(records, scratch / "places")
    others: Iterator[str] = iter(())
    if alternate_names is not None:
        others = _sorted_on_disk(_alternate_records(alternate_names, load, progress), scratch / "alternates")
    lines = _sorted_on_disk(_name_lines(heapq.merge(by_id, others), load), scratch / "lines")
    load.names = write_gazetteer(lines, divisions, scratch / "made")
    if not load.places:
        raise ConfigError(
            f"{dump} holds no place in {load.lines_read:,} lines. Give a GeoNames dump: allCountries.txt or the file "
            f"of a country, 19 columns parted by tabs.{''.join(f' {example}.' for example in load.examples[:1])}"
        )
    described = {"file": dump.name, "places": load.places, "names": load.names, "lines_broken": load.lines_broken,
                 "loaded_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}  # fmt: skip
    (scratch / "made" / "source.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")


def _put(scratch: Path, folder: Path) -> None:
    """Set the new gazetteer in the old one's place; who has the old one open goes on with it."""
    for path in (scratch / "made").iterdir():
        with path.open("rb") as written:
            os.fsync(written.fileno())
    if folder.exists():
        folder.rename(scratch / "old")
    (scratch / "made").rename(folder)
    shutil.rmtree(scratch / "old", ignore_errors=True)


class _Divisions(list[str]):
    """Names of first-order divisions by number. A division that the shipped gazetteer knows is called as it is there."""

    def __init__(self, shipped: Gazetteer) -> None:
        super().__init__([""])
        self._shipped = shipped
        self._numbers: dict[tuple[str, str], int] = {}

    def number(self, country: str, code: str) -> int:
        """The number of a division; its name may come later."""
        if code in {"", "00"}:
            return 0
        number = self._numbers.setdefault((country, code), len(self))
        if number == len(self):
            self.append("")
        return number

    def name(self, row: _Row) -> None:
        """Take the name from the division's own row."""
        known = self._shipped.lookup(row.name, country_code=row.country)
        same = [p.name for p in known if p.kind == "adm1" and p.geonames_id == row.geonames_id]
        self[self.number(row.country, row.division)] = same[0] if same else row.name


def _place_records(
    dump: Path, divisions: _Divisions, load: Load, progress: Callable[[str], None]
) -> Iterator[str]:
    for row in _read(dump, _parse_place, load, progress):
        if row.kind == "adm1":
            divisions.name(row)
        # A division lies in none, as in the shipped gazetteer.
        number = 0 if row.kind == "adm1" else divisions.number(row.country, row.division)
        entry = place_entry(row.name, row.kind, row.country, number, row.latitude, row.longitude, row.geonames_id, row.population)  # fmt: skip
        yield f"{row.geonames_id:012d}\t0\t{row.alternatives}\t{entry}"


def _alternate_records(path: Path, load: Load, progress: Callable[[str], None]) -> Iterator[str]:
    for geonames_id, name in _read(path, _parse_alternate, load, progress):
        yield f"{geonames_id:012d}\t1\t{name}"


def _name_lines(records: Iterable[str], load: Load) -> Iterator[str]:
    """A line for every name of every place, from records sorted by id: of one id first the place, then its other names."""
    for _, group in groupby(records, key=lambda record: record[:12]):
        first, *others = (record.split("\t", 3) for record in group)
        if first[1] != "0":
            continue
        alternatives, entry = first[2], first[3]
        spellings = {
            entry.partition("\t")[0],
            *(s for s in alternatives.split(",") if not _CODE.fullmatch(s)),
        }
        spellings |= {other[2] for other in others if other[1] == "1"}
        load.places += 1
        yield from (f"{key}\t{entry}" for key in spelling_keys(spellings))


def _read(
    path: Path, parse: Callable[[list[str]], _Parsed | None], load: Load, progress: Callable[[str], None]
) -> Iterator[_Parsed]:
    """What ``parse`` makes of the lines; broken ones are counted."""
    with path.open("rb") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE), b""), 1):
            load.lines_read += 1
            try:
                found = parse(line.decode().rstrip("\r\n").split("\t"))
            except (_Broken, UnicodeDecodeError) as error:
                load.lines_broken += 1
                if len(load.examples) < _EXAMPLES:
                    why = "it is no UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
                    load.examples.append(f"{path.name}, line {number}: {why}")
                continue
            if found is not None:
                yield found
            if number % _LINES_BETWEEN_NEWS == 0:
                progress(f"{path.name}: {number:,} lines")


def _parse_place(columns: list[str]) -> _Row | None:
    if len(columns) != _COLUMNS:
        raise _Broken(f"{len(columns)} columns instead of {_COLUMNS}")
    feature_class, code = columns[6], columns[7]
    kind = "ppl" if feature_class == "P" and code != _HISTORICAL else _KINDS.get(code)
    if kind is None:
        return None
    if not columns[1].strip():
        raise _Broken("the name is empty")
    return _Row(
        geonames_id=int(_number(columns[0], "geonameid", 1, 10**12 - 1)),
        name=columns[1].strip(),
        alternatives=columns[3],
        kind=kind,
        country=_alpha3(columns[8]),
        division=columns[10],
        latitude=_number(columns[4], "latitude", -90, 90),
        longitude=_number(columns[5], "longitude", -180, 180),
        population=int(_number(columns[14] or "0", "population", 0, 10**11)),
    )


def _parse_alternate(columns: list[str]) -> tuple[int, str] | None:
    if len(columns) < _ALTERNATE_COLUMNS:
        raise _Broken(f"{len(columns)} columns instead of {_ALTERNATE_COLUMNS} or more")
    geonames_id = int(_number(columns[1], "geonameid", 1, 10**12 - 1))
    return None if columns[2] in _NO_NAMES else (geonames_id, columns[3])


def _number(stated: str, what: str, low: float, high: float) -> float:
    try:
        value = float(stated)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise _Broken(f"{what} is {stated[:40]!r}")
    return value


@cache
def _alpha3(alpha2: str) -> str:
    if alpha2 == "XK":
        return "XKX"
    country = pycountry.countries.get(alpha_2=alpha2) if alpha2 else None
    if country is None:
        raise _Broken(f"country is {alpha2[:40]!r}")
    return str(country.alpha_3)


def _sorted_on_disk(lines: Iterable[str], folder: Path) -> Iterator[str]:
    """The lines in order: sorted runs in files of the folder, merged."""
    folder.mkdir()
    remaining = iter(lines)
    runs: list[Path] = []
    while run := sorted(islice(remaining, _LINES_IN_MEMORY)):
        runs.append(folder / str(len(runs)))
        runs[-1].write_text("".join(f"{line}\n" for line in run), encoding="utf-8", newline="\n")
    return heapq.merge(*(_lines_of(path) for path in runs))


def _lines_of(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield line.removesuffix("\n")
