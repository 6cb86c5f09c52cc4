"""Entries of a feed that change: when a page is worth another fetch, and how often it gets one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

import msgspec

MAX_UPDATES = 5
"""Fetches of an entry after the first; one that changes with each poll (a counter, an advertisement) ends there."""
SECONDS_BETWEEN_UPDATES = 3_600.0


class Shown(Protocol):
    """What a feed shows of an entry."""

    @property
    def updated(self) -> str | None:
        """When it was updated, ISO 8601 in UTC."""

    @property
    def digest(self) -> str:
        """Hash of its title and content."""


class Revision(msgspec.Struct, omit_defaults=True):
    """An entry as it was when its page was last asked for, and what the page's server gave to ask for changes with."""

    digest: str
    updated: str | None = None
    asked_at: float = 0.0
    updates: int = 0
    etag: str | None = None
    last_modified: str | None = None

    @classmethod
    def of(cls, shown: Shown, now: float) -> Revision:
        """An entry that is seen for the first time."""
        return cls(digest=shown.digest, updated=shown.updated, asked_at=now)

    def is_behind(self, shown: Shown) -> bool:
        """True where the entry has changed and may be fetched again, now or later."""
        return self.updates < MAX_UPDATES and (self._is_later(shown) or shown.digest != self.digest)

    def is_rested(self, now: float) -> bool:
        """True where the last fetch is long enough ago."""
        return now - self.asked_at >= SECONDS_BETWEEN_UPDATES

    def advance(self, shown: Shown, now: float) -> str:
        """Take over the change. Returns when it was made: as the feed says, else now."""
        noticed = dt.datetime.fromtimestamp(now, dt.UTC).isoformat(timespec="seconds")
        changed_at = shown.updated if shown.updated and self._is_later(shown) else noticed
        self.digest, self.updated = (
            shown.digest,
            max(filter(None, (self.updated, shown.updated)), default=None),
        )
        self.asked_at, self.updates = now, self.updates + 1
        return changed_at

    def conditions(self) -> Mapping[str, str]:
        """Headers by which the server sends the page only where it has changed."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value}

    def _is_later(self, shown: Shown) -> bool:
        return bool(shown.updated and self.updated and shown.updated > self.updated)
