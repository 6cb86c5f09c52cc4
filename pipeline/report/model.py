"""What the data-quality page shows of one batch."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class ReportData:
    """One published batch. Rows carry the columns of the tables they are named after."""

    batch: Row
    balances: list[tuple[str, int, int]]
    """The identities of the conservation ledger: sentence, left sum, right sum."""
    expectations: list[Row]
    """Rows of ``quality_results``."""
    quarantined: list[Row]
    """Rows of ``quarantine``; at most :data:`SHOWN_ROWS` are shown."""
    incidents: list[Row]
    """Rows of ``incident_reports`` with ``source_name``, ``title``, ``url``, ``published_at`` and ``text`` of the article."""
    aggregate_claims: list[Row] = field(default_factory=list)
    sources: list[Row] = field(default_factory=list)
    """The declared sources as of the commit: ``source``, ``state`` (ok, dry, flood or broken), ``articles``, ``sentence``."""

    @property
    def committed_at(self) -> dt.datetime:
        """When the batch became visible."""
        moment: dt.datetime = self.batch["committed_at"]
        return moment

    @property
    def failed_expectations(self) -> list[Row]:
        """Expectations that some row failed, the gravest first."""
        order = {"stop": 0, "reject": 1, "warn": 2}
        failed = [row for row in self.expectations if not row["is_passed"]]
        return sorted(failed, key=lambda row: (order[row["severity"]], row["table_name"], row["expectation"]))

    @property
    def is_conserved(self) -> bool:
        """True where nothing is missing from the ledger."""
        return all(left == right for _, left, right in self.balances)


SHOWN_ROWS = 500
EXCERPT_CHARACTERS = 400
CONTEXT_CHARACTERS = 120
