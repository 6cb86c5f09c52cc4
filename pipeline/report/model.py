"""What the data-quality page shows of one batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

IMPORTANT_COLUMNS = {
    "date_start": "day of the incident",
    "country_code": "country",
    "place_name": "named place",
    "latitude": "coordinates",
    "perpetrators": "who did it",
    "targets": "to whom",
    "fatalities_best": "number of killed",
    "injured_best": "number of injured",
}
"""Columns of incident reports whose missing values tell something, with their names for readers."""


@dataclass(frozen=True)
class FunnelStep:
    """One step of the ledger: what was there, and what left before the next step, with where it went."""

    name: str
    count: int
    of: int
    """The largest count of the same unit, which the bar is drawn against."""
    left: list[tuple[str, int]]


def funnel(ledger: Row) -> list[FunnelStep]:
    """The conservation ledger of one batch, or of several summed up, as steps."""
    items = ledger["items_fetched"]
    to_read = ledger["articles_new"] + ledger["articles_updated"]
    rows = ledger["rows_extracted"]
    most = max(items, to_read + ledger["versions_replayed"])
    return [
        FunnelStep(
            "items fetched", items, most, [("not readable: quarantine", ledger["items_failed"]), ("gated: no word of conflict", ledger["items_gated"])]
        ),
        FunnelStep(
            "articles parsed",
            ledger["items_parsed"],
            most,
            [("known already", ledger["articles_duplicate"]), ("conflicting: quarantine", ledger["articles_conflicting"])],
        ),
        FunnelStep(
            "articles new or updated" + (f", and {ledger['versions_replayed']:,} replayed" if ledger["versions_replayed"] else ""),
            to_read + ledger["versions_replayed"],
            most,
            [("not extracted: quarantine", ledger["versions_failed"])],
        ),
        FunnelStep("rows made of them", rows, rows, [("failed expectations: quarantine", ledger["rows_quarantined"]), ("taken back by a person", ledger["rows_retracted"])]),
        FunnelStep("rows published", ledger["rows_accepted"], rows, []),
    ]  # fmt: skip


def null_counts(incidents: Sequence[Row]) -> list[tuple[str, int, int]]:
    """Name of each important column, how many reports do not state it, and how many there are."""
    return [
        (name, sum(row[column] is None or row[column] == [] for row in incidents), len(incidents))
        for column, name in IMPORTANT_COLUMNS.items()
    ]


UNREAD = "unsupported_language"
"""Why an article is kept and not read: there is nothing to do about it, so it was not rejected."""
MOST = 0.5
"""Where more than this share was rejected, or not read, what is left is no fair picture of the whole."""


@dataclass(frozen=True)
class Intake:
    """What came in, and what of it came no further."""

    came: int
    """Items that were fetched, and article versions that were read again."""
    rejected: int
    articles: int
    """New articles and new versions."""
    unread: int
    """Those in a language that is not read."""

    @property
    def is_mostly_rejected(self) -> bool:
        """True where what is left is no fair picture of what came."""
        return self.rejected > MOST * self.came

    @property
    def is_mostly_unread(self) -> bool:
        """True where little is known of what the articles tell."""
        return self.unread > MOST * self.articles


def intake(ledger: Row, failed: int, unread: int) -> Intake:
    """Of a batch, of which ``failed`` versions could not be read for any other reason than their language."""
    return Intake(
        came=ledger["items_fetched"] + ledger["versions_replayed"],
        rejected=ledger["items_failed"] + ledger["articles_conflicting"] + failed,
        articles=ledger["articles_new"] + ledger["articles_updated"],
        unread=unread,
    )


@dataclass(frozen=True)
class Trend:
    """A number of one source's batch that is far from those of its earlier batches."""

    source: str
    measure: str
    """Short name: articles, reports, killed, injured, or a share."""
    words: str
    observed: str
    usual: str
    """What would not have warned, and what it follows from."""


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
    """The declared sources as of the commit, and others that are silent: ``source``, ``state`` (ok, dry, flood, broken or silent),
    ``articles``, ``sentence``, ``since``."""
    by_source: list[Row] = field(default_factory=list)
    """``source``, ``day`` of publication, ``articles``, ``reports`` and ``quarantined`` rows."""
    trends: list[Trend] = field(default_factory=list)
    """Those of the failed expectations that are trends."""
    accuracy: Row | None = None
    """What is known of the extractor version's accuracy (``schemas/accuracy.json``); ``None`` where nothing is."""

    @property
    def committed_at(self) -> dt.datetime:
        """When the batch became visible."""
        moment: dt.datetime = self.batch["committed_at"]
        return moment

    @property
    def intake(self) -> Intake:
        """What came in; a version that could not be read before, and still cannot, is in quarantine since, and nothing new."""
        unread = sum(row["reason_code"] == UNREAD for row in self.quarantined)
        return intake(self.batch, sum(row["stage"] == "extract" for row in self.quarantined) - unread, unread)

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
SHOWN_EXAMPLES = 5
SHOWN_VALUES = 15
EXCERPT_CHARACTERS = 400
CONTEXT_CHARACTERS = 120
