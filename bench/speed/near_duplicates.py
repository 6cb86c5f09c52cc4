"""Speed of finding near duplicates beside bare signing: ``python -m bench.speed.near_duplicates [--articles N] [--rounds N]``.

The same articles go through the step that publishing takes (shingles, signatures, candidates, exact comparison, rows; an empty lake and
then one that holds as many), and through rensa alone, which is given shingles that are hashed already and makes 128 permutations of
them. A ratio is taken within each round. ``crowd`` is one story carried by all outlets, the dearest case. Reported, never a gate.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import rensa

from bench.eval.copies import TOWNS, edited, specimens
from pipeline.batches.duplicates import duplicate_rows
from pipeline.lake.catalog import Catalog
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.store import append
from pipeline.schema.tables import arrow_table, table
from pipeline.text.near_duplicates import PERMUTATIONS, SEED, shingles

Row = dict[str, Any]
_START = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)
_SPREAD_MINUTES = 10 * 24 * 60


def _row(number: int, text: str, chance: random.Random) -> Row:
    moment = _START + dt.timedelta(minutes=chance.randrange(_SPREAD_MINUTES))
    blank = dict.fromkeys(column.name for column in table("articles").columns)
    return blank | {
        "article_id": f"a-{number:08}", "version": f"v-{number:08}", "text": text, "published_at": moment,
        "published_year": moment.year,
    }  # fmt: skip


def stream(count: int, *, start: int) -> list[Row]:
    """Invented stories with their copies and look-alikes."""
    chance = random.Random(start)
    found = specimens(count // 4, seed=start)
    while len(found) < count:
        found += specimens(count // 4, seed=start + len(found))
    return [_row(start + n, one.text, chance) for n, one in enumerate(found[:count])]


def crowd(count: int) -> list[Row]:
    """One story carried by so many outlets, edited a little by each."""
    chance = random.Random(3)
    story = next(one.text for one in specimens(5) if one.kind == "original").split()
    return [
        _row(n, f"{chance.choice(TOWNS)} – " + " ".join(edited(story, 0.05, chance, longest=6)), chance)
        for n in range(count)
    ]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def held(lake: Path, articles: list[Row]) -> Catalog:
    """A lake that holds the articles with their signatures."""
    with Snapshot(lake, Catalog()) as snapshot:
        rows = {"articles": articles} | duplicate_rows(snapshot, articles, batch_id="b-held")
    tables = {name: append(lake, name, arrow_table(name, found), batch_id="b-held") for name, found in rows.items() if found}  # fmt: skip
    return Catalog(1, tables)


def rounds(name: str, articles: list[Row], lake: Path, catalog: Catalog, times: int) -> str:
    """One line of the result."""
    grams = [shingles(row["text"]).grams for row in articles]
    flat, offsets = np.concatenate(grams), np.cumsum([0, *map(len, grams)]).astype(np.uint64)

    def sign() -> object:
        return rensa.RMinHash.digest_matrix_from_flat_token_hashes(flat, offsets, PERMUTATIONS, SEED)

    with Snapshot(lake, catalog) as snapshot:
        pairs = len(duplicate_rows(snapshot, articles, batch_id="b-new")["near_duplicates"])
        measured = [
            (_seconds(lambda: duplicate_rows(snapshot, articles, batch_id="b-new")), _seconds(sign)) for _ in range(times)
        ]  # fmt: skip
    step, bare = (len(articles) / median(column) for column in zip(*measured, strict=True))
    ratio = median(whole / alone for whole, alone in measured)
    return f"{name:32} {step:12,.0f} {bare:18,.0f} {ratio:8.1f} {pairs:10,}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    articles = stream(given.articles, start=0)
    words = sum(len(row["text"].split()) for row in articles) / len(articles)
    print(f"{len(articles)} articles of {words:.0f} words on average, median of {given.rounds} rounds")
    print(f"{'':32} {'articles/s':>12} {'bare signing /s':>18} {'times':>8} {'pairs':>10}")
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder)
        print(rounds("empty lake", articles, lake, Catalog(), given.rounds))
        catalog = held(lake, stream(given.articles, start=given.articles))
        print(rounds(f"lake of {given.articles}", articles, lake, catalog, given.rounds))
    with tempfile.TemporaryDirectory() as folder:
        print(rounds("crowd", crowd(given.articles), Path(folder), Catalog(), given.rounds))


if __name__ == "__main__":
    main()
