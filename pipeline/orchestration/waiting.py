"""When what waits is worth a run: many messages together or a few that have waited enough, and any claimed file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

RUN_SECONDS = 300.0
"""A run that has published nothing for so long is taken for lost, and another is asked for."""


@dataclass
class Waiting:
    """Coalesces arrivals. Asked again and again with the moment's figures, it says when a run is due.

    ``messages`` waiting make a run due at once, fewer when the first of them was seen ``seconds`` ago. While a run is
    under way none is asked for: it takes what has arrived meanwhile, and its commit raises the revision.
    """

    messages: int
    seconds: float
    _since: float | None = None
    _asked_at: float | None = None
    _asked_revision: int = -1

    def is_due(self, waiting: int, revision: int, now: float) -> bool:
        """True once for each run that should begin; ``now`` is any clock that never goes back."""
        if self._asked_at is not None and (
            revision != self._asked_revision or now - self._asked_at >= RUN_SECONDS
        ):
            self._asked_at = None
        if not waiting:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        is_due = waiting >= self.messages or now - self._since >= self.seconds
        if not is_due or self._asked_at is not None:
            return False
        self._since, self._asked_at, self._asked_revision = None, now, revision
        return True


@dataclass
class Claims:
    """Coalesces claimed files. A run takes all that are claimed while it lasts, so none is asked for meanwhile."""

    _asked: set[Path] = field(default_factory=set)
    _asked_at: float = 0.0

    def is_due(self, claimed: Collection[Path], now: float) -> bool:
        """True when files wait and no run is on its way to them: those it was asked for are gone, or it was lost."""
        is_under_way = now - self._asked_at < RUN_SECONDS and not self._asked.isdisjoint(claimed)
        if not claimed or is_under_way:
            return False
        self._asked, self._asked_at = set(claimed), now
        return True
