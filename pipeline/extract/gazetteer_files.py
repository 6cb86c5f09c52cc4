"""Writing a gazetteer: lines sorted by loosened name, in compressed blocks (``places.bin``), and where each begins (``places.idx``)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from pipeline.extract.names import fold, loosen

BLOCK_LINES = 800
KIND_LETTERS = {"ppl": "p", "adm1": "1", "adm2": "2", "adm3": "3", "landmark": "l"}


def place_entry(name: str, kind: str, country: str, division: int, latitude: float, longitude: float,
                geonames_id: int | None, population: int | None) -> str:  # fmt: skip
    """What a line says of a place, behind its key; ``division`` is an index into the names of the first-order divisions."""
    return "\t".join(
        (name, KIND_LETTERS[kind], country, str(division), f"{latitude:.2f}", f"{longitude:.2f}",
         str(geonames_id or ""), str(population or ""))
    )  # fmt: skip


def spelling_keys(spellings: Iterable[str]) -> set[str]:
    """The keys under which spellings are found; very short and very long ones are left out."""
    keys = {loosen(fold(spelling)) for spelling in spellings}
    return {key for key in keys if 2 < len(key) <= 60}


def write_gazetteer(lines: Iterable[str], divisions: Sequence[str], folder: Path) -> int:
    """Write sorted lines (key, tab, entry), each once; a key never spans two blocks. How many lines there are."""
    folder.mkdir(parents=True, exist_ok=True)
    keys: list[str] = []
    offsets = [0]
    count = 0
    with (folder / "places.bin").open("wb") as out:
        for block in _blocks(lines):
            out.write(zlib.compress("\n".join(block).encode(), 9))
            keys.append(_key(block[0]))
            offsets.append(out.tell())
            count += len(block)
    index = {"keys": keys, "offsets": offsets, "admin1": list(divisions)}
    (folder / "places.idx").write_bytes(zlib.compress(msgspec.msgpack.encode(index), 9))
    return count


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in lines:
        if block and line == block[-1]:
            continue
        if len(block) >= BLOCK_LINES and _key(line) != _key(block[-1]):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _key(line: str) -> str:
    return line.partition("\t")[0]
