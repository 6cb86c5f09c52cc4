"""History: the states the lake was in, newest last, and which of them was visible at a time."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from contextlib import suppress
from pathlib import Path

from pipeline.errors import LakeError
from pipeline.lake.catalog import Catalog, decode_catalog, history_path, read_catalog


def kept_versions(lake: Path) -> list[int]:
    """Versions of the states that can be asked, oldest first; the visible one is the last."""
    visible = read_catalog(lake).version
    names = (path.stem for path in history_path(lake, 0).parent.glob("*.json"))
    # A state past the visible one was never committed.
    kept = {int(name) for name in names if name.isdigit() and int(name) <= visible}
    return sorted(kept | {visible} if visible else kept)


def newest_kept(lake: Path) -> Catalog:
    """The newest state of the history that can be read, whatever the catalog says; an empty one where there is none."""
    for path in sorted(history_path(lake, 0).parent.glob("*.json"), reverse=True):
        with suppress(LakeError):
            return decode_catalog(path) or Catalog()
    return Catalog()


def state(lake: Path, version: int) -> Catalog:
    """The state of one version.

    Raises:
        LakeError: it is not kept, or there never was one.
    """
    visible = read_catalog(lake)
    if version == visible.version:
        return visible
    found = decode_catalog(history_path(lake, version)) if 0 < version < visible.version else None
    if found is None:
        raise LakeError(f"The lake {lake} has no state {version}. {_what_is_kept(lake)}")
    return found


def state_as_of(lake: Path, asked: str) -> Catalog:
    """The state that was visible: ``asked`` is a catalog version, or a day or time in ISO 8601 (UTC where it names no zone).

    A day means its first moment.

    Raises:
        LakeError: ``asked`` is neither, or the state is older than what is kept.
    """
    if asked.isdigit() and len(asked) != len("20250131"):
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
