"""Near duplicates of a batch: signatures of its articles, and the pairs they make with each other and with the lake's.

All of it follows from the stored articles. What is missing, lost or made by another method is made from them again.
"""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from deltalake.exceptions import DeltaError

from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.ids import make_id
from pipeline.lake.catalog import (
    Catalog,
    Operation,
    forget_tables,
    read_catalog,
    write_catalog,
    writer_lock,
)
from pipeline.lake.checksums import sealed
from pipeline.lake.duplicates import PAIRS, SIGNATURES
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.store import (
    append,
    delta_table,
    open_table,
    roll_back_uncommitted,
    stored_table,
    table_files,
    table_path,
)
from pipeline.lake.views import check_catalog, refresh_database
from pipeline.schema.tables import arrow_table
from pipeline.text.near_duplicates import (
    MAX_NEIGHBOURS,
    METHOD,
    WINDOW_DAYS,
    Shingles,
    band_keys,
    likeness,
    shingles,
)

Row = dict[str, Any]
Rows = dict[str, list[Row]]

SIGNED_AT_ONCE = 10_000
_WINDOW = dt.timedelta(days=WINDOW_DAYS)
_UNSIGNED = (
    "SELECT article_id, version, text, published_at FROM articles "
    "ANTI JOIN article_signatures USING (article_id, version) ORDER BY published_at, article_id, version LIMIT ?"
)
_HELD = """
SELECT article_id, version, published_at, band_key
FROM (SELECT article_id, version, published_at, unnest(band_keys) AS band_key FROM article_signatures
      WHERE published_month BETWEEN ? AND ? AND published_at BETWEEN ? AND ?)
SEMI JOIN arriving USING (band_key)
"""
_CANDIDATES = """
SELECT article_id, version, text FROM articles
SEMI JOIN candidates USING (article_id, version) WHERE published_year BETWEEN ? AND ?
"""


@dataclass(frozen=True, order=True, slots=True)
class _Member:
    """An article version in the order of publication."""

    published_at: dt.datetime
    article_id: str
    version: str

    @property
    def key(self) -> tuple[str, str]:
        return self.article_id, self.version


def duplicate_rows(snapshot: Snapshot, articles: list[Row], *, batch_id: str) -> Rows:
    """Signatures of the articles, and the pairs they make; the lake holds the signatures of all others."""
    if not articles:
        return {SIGNATURES: [], PAIRS: []}
    arriving = [_Member(row["published_at"], row["article_id"], row["version"]) for row in articles]
    texts = {member.key: shingles(row["text"]) for member, row in zip(arriving, articles, strict=True)}
    keys = dict(zip(arriving, band_keys(list(texts.values())), strict=True))
    signatures = [
        {
            "article_id": member.article_id,
            "version": member.version,
            "published_at": member.published_at,
            "published_month": _month(member.published_at),
            "shingle_count": len(texts[member.key].grams),
            "band_keys": keys[member].tolist(),
            "method": METHOD,
            "batch_id": batch_id,
        }
        for member in arriving
    ]
    candidates = _candidates(snapshot, keys)
    texts |= _held_texts(snapshot, candidates, texts)
    pairs = [_pair_row(one, two, texts) for one, two in candidates]
    return {SIGNATURES: signatures, PAIRS: [row | {"batch_id": batch_id} for row in pairs if row is not None]}


def catch_up(lake: Path, catalog: Catalog, *, batch_id: str) -> Catalog:
    """Sign what the lake holds without a signature of today's method; returns the state to commit. Not visible yet.

    The caller holds the writer's lock and has rolled back what was uncommitted.
    """
    with Snapshot(lake, catalog) as snapshot:
        [row] = snapshot.rows("SELECT count(*) AS n FROM article_signatures WHERE method <> ?", [METHOD])
    if row["n"]:
        catalog = _without_signatures(lake, catalog)
    # Each has one row a version, so equal counts say that none is missing, without reading their keys.
    articles_held, signed = (stored_table(lake, name, catalog).rows for name in ("articles", SIGNATURES))
    if articles_held is not None and articles_held == signed:
        return catalog
    while True:
        with Snapshot(lake, catalog) as snapshot:
            articles = snapshot.rows(_UNSIGNED, [SIGNED_AT_ONCE])
            made = duplicate_rows(snapshot, articles, batch_id=batch_id)
        if not articles:
            return catalog
        written = {
            name: append(catalog.folder(lake), name, arrow_table(name, rows), batch_id=batch_id)
            for name, rows in made.items()
            if rows
        }
        catalog = msgspec.structs.replace(catalog, tables=catalog.tables | written)


def rebuild(settings: Settings) -> int:
    """Make all signatures and pairs again from the stored articles, in one commit. Returns the number of pairs."""
    lake = settings.lake
    with writer_lock(lake):
        catalog = read_catalog(lake)
        check_catalog(settings.database, lake, catalog)
        stripped = _without_signatures(lake, catalog)
        batch_id = make_id("b", "signatures", METHOD, str(catalog.version))
        made = catch_up(lake, stripped, batch_id=batch_id)
        made = msgspec.structs.replace(made, version=catalog.version + 1, operation=Operation.DUPLICATES)
        write_catalog(lake, sealed(lake, stripped, made))
        refresh_database(settings.database, lake)
    with Snapshot(lake) as snapshot:
        return int(snapshot.rows("SELECT count(*) AS n FROM near_duplicates")[0]["n"])


def _without_signatures(lake: Path, catalog: Catalog) -> Catalog:
    """The state without signatures and pairs: their tables emptied, or removed where they are damaged.

    A table that is made anew counts its versions from the first again, so kept states forget those of the old one.
    """
    folder = catalog.folder(lake)
    for name in (SIGNATURES, PAIRS):
        path = table_path(folder, name)
        try:
            if name in catalog.tables:
                table_files(path, open_table(folder, name, catalog.tables[name]))
            table_files(path, delta_table(path))
        except (LakeError, DeltaError, OSError):
            if name in catalog.tables:
                forget_tables(lake, catalog.generation, (SIGNATURES, PAIRS))
            shutil.rmtree(path, ignore_errors=True)
    kept = {name: version for name, version in catalog.tables.items() if name not in (SIGNATURES, PAIRS)}
    stripped = msgspec.structs.replace(catalog, tables=kept)
    return roll_back_uncommitted(lake, stripped)


def _month(moment: dt.datetime) -> int:
    return moment.year * 100 + moment.month


def _candidates(
    snapshot: Snapshot, keys: dict[_Member, npt.NDArray[np.int64]]
) -> list[tuple[_Member, _Member]]:
    """Pairs to compare: neighbours in a band, one of them arriving, of two articles, within the window."""
    first, last = min(keys).published_at - _WINDOW, max(keys).published_at + _WINDOW
    flat = np.concatenate(list(keys.values()))
    snapshot.connection.register("arriving", pa.table({"band_key": pa.array(np.unique(flat))}))
    held = snapshot.rows(_HELD, [_month(first), _month(last), first, last])
    snapshot.connection.unregister("arriving")
    owners = [_Member(row["published_at"], row["article_id"], row["version"]) for row in held]
    members = sorted({*keys, *owners})
    number = {member: n for n, member in enumerate(members)}
    owner_numbers = [number[owner] for owner in owners]
    arriving_numbers = np.repeat([number[m] for m in keys], [len(found) for found in keys.values()])
    all_keys = np.concatenate([flat, np.array([row["band_key"] for row in held], dtype=np.int64)])
    all_numbers = np.concatenate([arriving_numbers, np.array(owner_numbers, dtype=np.int64)])
    is_arriving = np.array([member in keys for member in members])
    return [
        (members[one], members[two])
        for one, two in _neighbours(all_keys, all_numbers, len(members))
        if (is_arriving[one] or is_arriving[two])
        and members[one].article_id != members[two].article_id
        and members[two].published_at - members[one].published_at <= _WINDOW
    ]


def _neighbours(
    keys: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64], count: int
) -> list[tuple[int, int]]:
    """Pairs of members at most so many places apart in the bucket of one band."""
    order = np.lexsort((numbers, keys))
    keys, numbers = keys[order], numbers[order]
    found = [np.empty(0, dtype=np.int64)]
    for distance in range(1, MAX_NEIGHBOURS + 1):
        is_shared = keys[distance:] == keys[:-distance]
        if not is_shared.any():
            break
        found.append(numbers[:-distance][is_shared] * count + numbers[distance:][is_shared])
    pairs = np.unique(np.concatenate(found))
    return list(zip((pairs // count).tolist(), (pairs % count).tolist(), strict=True))


def _held_texts(
    snapshot: Snapshot, candidates: list[tuple[_Member, _Member]], known: dict[tuple[str, str], Shingles]
) -> dict[tuple[str, str], Shingles]:
    """Texts of the lake that are to be compared."""
    wanted = sorted({member for pair in candidates for member in pair if member.key not in known})
    if not wanted:
        return {}
    columns = {"article_id": [m.article_id for m in wanted], "version": [m.version for m in wanted]}
    snapshot.connection.register("candidates", pa.table(columns))
    years = [wanted[0].published_at.year, wanted[-1].published_at.year]
    found = snapshot.rows(_CANDIDATES, years)
    snapshot.connection.unregister("candidates")
    return {(row["article_id"], row["version"]): shingles(row["text"]) for row in found}


def _pair_row(one: _Member, two: _Member, texts: dict[tuple[str, str], Shingles]) -> Row | None:
    found = likeness(texts[one.key], texts[two.key])
    if found is None:
        return None
    smaller, larger = sorted((one, two), key=lambda member: member.key)
    return {
        "article_id": smaller.article_id,
        "version": smaller.version,
        "other_article_id": larger.article_id,
        "other_version": larger.version,
        "jaccard": found.jaccard,
        "rule": found.rule.value,
    }
