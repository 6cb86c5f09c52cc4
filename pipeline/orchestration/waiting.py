"""When what waits at a source is worth a run: many together, or a few that have waited long enough."""

from __future__ import annotations

from dataclasses import dataclass

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
