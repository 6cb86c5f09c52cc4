"""Place names to coordinates: a compact gazetteer on disk, read a block at a time, so that starting costs nothing.

The user's own one, made by ``incidents gazetteer load``, is asked before the shipped one; what only that knows is still found.
"""

from __future__ import annotations

import hashlib
import mmap
import unicodedata
import zlib
from bisect import bisect_right
from functools import cache, lru_cache
from pathlib import Path

import msgspec
import pycountry

from pipeline.config import SCHEMAS_DIR, settings
from pipeline.errors import ConfigError
from pipeline.extract.mentions import Place
from pipeline.extract.names import fold, loosen
from pipeline.schema.declarations import read_declaration

_KINDS = {"p": "ppl", "1": "adm1", "2": "adm2", "3": "adm3", "l": "landmark"}
_SAME_DEGREES = 0.05


class Gazetteer:
    """Lookup by folded name in the files that ``pipeline/extract/gazetteer_files.py`` writes, then in ``behind``."""

    def __init__(self, folder: Path, behind: Gazetteer | None = None) -> None:
        self._behind = behind
        packed_index = (folder / "places.idx").read_bytes()
        self.mark = "" if behind is None else f"+gazetteer.{hashlib.sha256(packed_index).hexdigest()[:8]}"
        """What the extractor's version says of a gazetteer of the user's own."""
        index = msgspec.msgpack.decode(zlib.decompress(packed_index))
        self._keys: list[str] = index["keys"]
        self._offsets: list[int] = index["offsets"]
        self._admin1: list[str] = index["admin1"]
        with (folder / "places.bin").open("rb") as packed:
            self._packed = mmap.mmap(packed.fileno(), 0, access=mmap.ACCESS_READ)
        self._block = lru_cache(maxsize=256)(self._read_block)

    def _read_block(self, number: int) -> bytes:
        return zlib.decompress(self._packed[self._offsets[number] : self._offsets[number + 1]])

    def _lines(self, key: str) -> list[str]:
        """What follows the key in its lines, which stand together in one block."""
        number = bisect_right(self._keys, key) - 1
        if number < 0:
            return []
        block, wanted = self._block(number), key.encode() + b"\t"
        start = 0 if block.startswith(wanted) else block.find(b"\n" + wanted) + 1
        found = []
        while block.startswith(wanted, start):
            end = block.find(b"\n", start)
            found.append(block[start + len(wanted) : end if end >= 0 else None].decode())
            if end < 0:
                break
            start = end + 1
        return found

    def lookup(self, name: str, *, country_code: str | None = None) -> list[Place]:
        """All places whose name is spelt so or meets it in transliteration, the most populous first."""
        folded = fold(name)
        key = loosen(folded)
        places = [self._place(rest) for rest in self._lines(key)]
        if self._behind is not None:
            places = _merged(places, self._behind.lookup(name))
        if country_code is not None:
            places = [place for place in places if place.country_code == country_code]
        return sorted(
            places, key=lambda p: (-p.population, p.kind != "ppl", p.country_code, p.latitude or 0.0)
        )

    def _place(self, rest: str) -> Place:
        name, kind, country, admin1, latitude, longitude, geonames_id, population = rest.split("\t")
        return Place(
            name=name,
            kind=_KINDS[kind],
            country_code=country,
            country_name=country_name(country),
            admin1_name=admin1_label(self._admin1[int(admin1)], country),
            latitude=float(latitude),
            longitude=float(longitude),
            geonames_id=int(geonames_id) if geonames_id else None,
            population=int(population) if population else 0,
        )


@cache
def _admin1_labels() -> dict[tuple[str, str], str]:
    loaded: dict[str, dict[str, list[str]]] = read_declaration("lexicons/admin1")
    return {
        (country, fold(spelling)): label
        for country, labels in loaded.items()
        for label, spellings in labels.items()
        for spelling in spellings
    }


@cache
def admin1_label(name: str, country_code: str) -> str | None:
    """The division's English name, else its own in plain Latin letters."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    plain = plain.replace("’", "'").replace("‘", "'")
    return _admin1_labels().get((country_code, fold(plain)), plain) or None


def _merged(own: list[Place], shipped: list[Place]) -> list[Place]:
    """Places of both, each once, the own entry before the shipped one.

    Hamlets that only the own one knows stay out beside others of their name: every name has some in half the countries
    of the world, and the article's country would be guessed from them.
    """
    news = [p for p in own if p.population or p.kind != "ppl" or any(_is_same(p, s) for s in shipped)]
    others = [s for s in shipped if not any(_is_same(s, p) for p in news)]
    return [*news, *others] or own


def _is_same(a: Place, b: Place) -> bool:
    """One place of two gazetteers: the same id, or the same kind of place in one spot."""
    if a.geonames_id is not None and b.geonames_id is not None:
        return a.geonames_id == b.geonames_id
    if (a.kind, a.country_code) != (b.kind, b.country_code):
        return False
    return all(
        x is not None and y is not None and abs(x - y) < _SAME_DEGREES
        for x, y in ((a.latitude, b.latitude), (a.longitude, b.longitude))
    )


def own_folder(home: Path) -> Path:
    """Where the user's gazetteer lies, if there is one."""
    return home / "gazetteer"


@cache
def shipped_gazetteer() -> Gazetteer:
    """The gazetteer shipped in ``schemas/gazetteer/``, opened once a process."""
    return Gazetteer(SCHEMAS_DIR / "gazetteer")


@cache
def default_gazetteer() -> Gazetteer:
    """The gazetteer that places are looked up in, opened once a process: the user's before the shipped one.

    Raises:
        ConfigError: the user's files cannot be read.
    """
    own = own_folder(settings().home)
    if not own.exists():
        return shipped_gazetteer()
    try:
        return Gazetteer(own, behind=shipped_gazetteer())
    except (OSError, ValueError, KeyError, zlib.error, msgspec.MsgspecError) as error:
        raise ConfigError(
            f"The gazetteer in {own} cannot be read ({error}). Load it again with `incidents gazetteer load`, "
            "or remove the folder to use the shipped one."
        ) from error


@cache
def _country_lexicon() -> dict[str, dict[str, list[str]]]:
    loaded: dict[str, dict[str, list[str]]] = read_declaration("lexicons/countries")
    return loaded


@cache
def country_name(code: str) -> str:
    """The plain English name of an alpha-3 code, as news writes it."""
    declared = _country_lexicon().get(code, {}).get("names")
    if declared:
        return declared[0]
    country = pycountry.countries.get(alpha_3=code)
    return str(getattr(country, "common_name", country.name)) if country else code


@cache
def countries_by_name() -> dict[str, str]:
    """Folded country name or alias to alpha-3 code."""
    found = {}
    for country in pycountry.countries:
        for name in (
            country.name,
            getattr(country, "common_name", None),
            getattr(country, "official_name", None),
        ):
            if name:
                found[fold(name)] = country.alpha_3
    for code, entry in _country_lexicon().items():
        found |= {fold(name): code for name in entry.get("names", [])}
    return found


@cache
def country_names() -> frozenset[str]:
    """Every name of every country and territory as text spells it, with ISO's own of those that are not told otherwise."""
    declared = {name for entry in _country_lexicon().values() for name in entry["names"]}
    return frozenset(declared | {country_name(country.alpha_3) for country in pycountry.countries})


@cache
def countries_by_demonym() -> dict[str, str]:
    """Lower-case demonym ("somali") to alpha-3 code."""
    return {
        d.casefold(): code for code, entry in _country_lexicon().items() for d in entry.get("demonyms", [])
    }
