"""History: the states the lake was in, newest last, and which of them was visible at a time."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from pipeline.errors import LakeError
from pipeline.lake.catalog import (
    Catalog,
    catalog_path,
    copied_versions,
    history_path,
    is_number,
    read_catalog,
    read_copy,
)

_AHEAD = dt.timedelta(days=1)
AHEAD_REMEDY = (
    "Set the clock right, if it is not. States from that one on have this time at least: ask them by their number "
    "(`incidents lake history`), since a time before it names a state of before."
)


def ahead_of_clock(catalog: Catalog, now: dt.datetime) -> str | None:
    """What is wrong with the time of a state that lies more than a day ahead of the clock; ``None`` where it does not."""
    moment = catalog.committed_at
    if moment is None or moment - now <= _AHEAD:
        return None
    told = f"the state {catalog.version} was committed at {moment.isoformat()}, and the clock says {now.isoformat()}"
    return (
        f"{told}: it was wrong by more than a day when that or an earlier state was committed, or is so now"
    )


def kept_versions(lake: Path) -> list[int]:
    """Versions of the states that can be asked, oldest first; the visible one is the last."""
    visible = read_catalog(lake).version
    # A state past the visible one was never committed.
    kept = {version for version in copied_versions(lake) if version <= visible}
    return sorted(kept | {visible} if visible else kept)


def damaged_copies(lake: Path) -> dict[Path, str]:
    """What in the history does not hold the state that it is named after, with what is wrong."""
    folder = history_path(lake, 0).parent
    if folder.exists() and not folder.is_dir():
        return {folder: "it is no folder: no earlier state can be asked, and no batch published"}
    found = {}
    for version in kept_versions(lake):
        try:
            read_copy(lake, version)
        except LakeError as error:
            found[history_path(lake, version)] = str(error)
    return found


def last_version(lake: Path, catalog: Catalog) -> int:
    """The version that the lake was last at, as far as the history tells: one copy past the catalog may be of a writer that died, two are not."""
    later = [version for version in copied_versions(lake) if version > catalog.version]
    return later[-1] if len(later) > 1 else catalog.version


def check_not_set_back(lake: Path, catalog: Catalog, shown: Catalog | None = None) -> None:
    """Refuse a catalog that is not the last one that was committed: an older copy was put back, or it was edited.

    ``shown`` is the state that the database shows, which is made after a commit.

    Raises:
        LakeError: the catalog is older than the lake, or says something else than its own copy.
    """
    last = last_version(lake, catalog)
    if shown is not None and shown.version > last and is_kept(lake, shown):
        last = shown.version
    if last > catalog.version:
        raise LakeError(
            f"The catalog {catalog_path(lake)} is at state {catalog.version}, but the lake was at {last}: an older copy of it was put "
            f"back. Replace it by the newest whole file of {history_path(lake, 0).parent}, or run "
            "`incidents lake rebuild`. Nothing was written."
        )
    own = history_path(lake, catalog.version)
    kept = None
    with suppress(LakeError):
        kept = read_copy(lake, catalog.version)
    if kept is not None and _is_edited(catalog, kept):
        raise LakeError(
            f"The catalog {catalog_path(lake)} does not say what its copy {own} says: it was edited. Replace it by the copy. "
            "Nothing was written."
        )


def _is_edited(catalog: Catalog, kept: Catalog) -> bool:
    """True where the catalog differs from its copy, which may have forgotten tables that are made anew."""
    own = {name: catalog.tables.get(name) for name in kept.tables}
    blank: dict[str, Any] = {"tables": {}, "rows": {}, "sources": {}}
    said, copied = (msgspec.structs.replace(one, **blank) for one in (catalog, kept))
    return own != kept.tables or said != copied


def is_kept(lake: Path, shown: Catalog) -> bool:
    """True where the history has the very state: it is one of this lake, and was committed."""
    try:
        kept = read_copy(lake, shown.version)
    except LakeError:
        return False
    return kept is not None and kept.without_sources() == shown.without_sources()


def readable_states(lake: Path) -> Iterator[Catalog]:
    """The states of the history that can be read, oldest first, whatever the catalog says; the last may never have been visible."""
    for version in copied_versions(lake):
        with suppress(LakeError):
            if (found := read_copy(lake, version)) is not None:
                yield found


def newest_kept(lake: Path) -> Catalog:
    """The newest of these; an empty one where there is none."""
    return max(readable_states(lake), key=lambda found: found.version, default=Catalog())


def state(lake: Path, version: int) -> Catalog:
    """The state of one version.

    Raises:
        LakeError: it is not kept, or there never was one.
    """
    visible = read_catalog(lake)
    if version == visible.version:
        return visible
    found = read_copy(lake, version) if 0 < version < visible.version else None
    if found is None:
        raise LakeError(f"The lake {lake} has no state {version}. {_what_is_kept(lake)}")
    return found


def state_as_of(lake: Path, asked: str) -> Catalog:
    """The state that was visible: ``asked`` is a catalog version, or a day or time in ISO 8601 (UTC where it names no zone).

    A day means its first moment.

    Raises:
        LakeError: ``asked`` is neither, or the state is older than what is kept.
    """
    if is_number(asked) and len(asked) != len("20250131"):
        return state(lake, int(asked))
    moment = _moment(asked)
    kept = kept_versions(lake)
    place = bisect_right(kept, moment, key=lambda version: _committed_at(state(lake, version)))
    found = state(lake, kept[place - 1]) if place else None
    if found is None or found.committed_at is None:
        raise LakeError(f"No state of {moment.isoformat()} is kept in the lake {lake}. {_what_is_kept(lake)}")
    return found


def _moment(asked: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(asked)
    except ValueError as error:
        raise LakeError(
            f"{asked!r} is no time and no version. Give one like 2025-03-01, 2025-03-01T06:00:00Z or 17."
        ) from error
    return moment.replace(tzinfo=moment.tzinfo or dt.UTC)


def _committed_at(kept: Catalog) -> dt.datetime:
    """When a state became visible; one of unknown time came before all that are known."""
    return kept.committed_at or dt.datetime.min.replace(tzinfo=dt.UTC)


def _what_is_kept(lake: Path) -> str:
    kept = kept_versions(lake)
    if not kept:
        return "Nothing is published yet."
    first, last = (state(lake, version) for version in (kept[0], kept[-1]))
    since = f", committed {first.committed_at.isoformat()}" if first.committed_at else ""
    return f"Kept are the states {first.version}{since} to {last.version}; see: incidents lake history."
