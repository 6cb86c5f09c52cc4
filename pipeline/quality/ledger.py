"""The conservation ledger: whatever goes in comes out somewhere, and the counts say where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.errors import ContractError

IDENTITIES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "Items fetched = parsed + failed + gated",
        ("items_fetched",),
        ("items_parsed", "items_failed", "items_gated"),
    ),
    (
        "Items parsed = new + updated + duplicate + conflicting",
        ("items_parsed",),
        ("articles_new", "articles_updated", "articles_duplicate", "articles_conflicting"),
    ),
    (
        "Article versions to read = extracted + failed",
        ("articles_new", "articles_updated", "versions_replayed"),
        ("versions_extracted", "versions_failed"),
    ),
    (
        "Rows made = accepted + quarantined + retracted",
        ("rows_extracted",),
        ("rows_accepted", "rows_quarantined", "rows_retracted"),
    ),
)
"""Sentence, left columns, right columns: the sums of both sides are equal in every batch."""

COUNTS = tuple(dict.fromkeys(name for _, left, right in IDENTITIES for name in (*left, *right)))
SUMMED = (*COUNTS, "reports_accepted")
"""All counts of a batch: those of the identities, and the reports among the rows published."""


def filled(batch: Mapping[str, Any]) -> dict[str, Any]:
    """A row of ``batches`` with 0 for what was not counted yet when it was written: there was none of it then."""
    return {**batch, **{name: batch[name] or 0 for name in SUMMED}}


def balances(ledger: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Each identity with the sums of its two sides."""
    return [
        (text, sum(ledger[n] for n in left), sum(ledger[n] for n in right))
        for text, left, right in IDENTITIES
    ]


def check_conservation(ledger: Mapping[str, int]) -> None:
    """Raise :class:`ContractError` naming the identities that do not hold."""
    broken = [f"{text}: {left} is not {right}" for text, left, right in balances(ledger) if left != right]
    if broken:
        raise ContractError(
            f"The counts of the batch do not add up ({'; '.join(broken)}). Nothing was published."
        )
