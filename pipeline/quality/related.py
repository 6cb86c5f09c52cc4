"""What a row check may look at beside its own row: the reports and claims of the same batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
Version = tuple[str, str]
CORRECTED = "corrected_fields"
"""Key under which a row names the fields that a person has set: they rest on the decision, not on words of the text."""


@dataclass(frozen=True)
class Related:
    """Rows of one batch by their keys; empty where a table stands alone."""

    reports: dict[str, Row] = field(default_factory=dict)
    claim_ids: frozenset[str] = frozenset()
    claimed: frozenset[tuple[str | None, str]] = frozenset()
    """Report and group of every claim of responsibility (not of denials)."""
    aggregate_spans: frozenset[tuple[Version, int, int]] = frozenset()
    """Article version and offsets of the words that aggregate claims rest on."""
    decided_versions: frozenset[str] = frozenset()
    """Superseded article versions that people have decided about."""


def related(rows: Mapping[str, Iterable[Row]]) -> Related:
    """The lookups over the extracted rows of a batch, by table."""
    claims = list(rows.get("aggregate_claims", ()))
    return Related(
        reports={row["report_id"]: row for row in rows.get("incident_reports", ())},
        claim_ids=frozenset(row["claim_id"] for row in claims),
        claimed=frozenset(
            (row["report_id"], row["group_name"])
            for row in rows.get("responsibility_claims", ())
            if row["stance"] == "claimed"
        ),
        aggregate_spans=frozenset(
            ((row["article_id"], row["article_version"]), e["start"], e["end"])
            for row in claims
            for e in row["evidence"]
        ),
    )
