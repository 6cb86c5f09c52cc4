"""Row checks that no stock expectation covers. Each looks at one row and its article; ``None`` values never fail a check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from pipeline.schema.tables import sub_event_types

Row = Mapping[str, Any]
Check = Callable[[Row, Row], bool]

CORRECTED = "corrected_fields"
"""Key under which a row names the fields that a person has set: they rest on the decision, not on words of the text."""
_CLASSES = ("civilians", "security_forces", "militants", "unknown")
_NEEDS_EVIDENCE = {
    "date_start": ("date_start", "date_text"),
    "place_name": ("place_name",),
    "fatalities_best": ("fatalities", "fatalities_best", "fatalities_low", "fatalities_high"),
    "fatalities_low": ("fatalities", "fatalities_best", "fatalities_low", "fatalities_high"),
    "injured_low": ("injured", "injured_best", "injured_low", "injured_high"),
    "abducted": ("abducted",),
    "claimed_by": ("claimed_by",),
    "perpetrators": ("perpetrators",),
    "targets": ("targets",),
    "weapons": ("weapons",),
    "event_type": ("event_type",),
}


def killed_classes_fit_total(row: Row, article: Row) -> bool:
    """Killed by class do not exceed the highest total the text supports."""
    known = [row[f"fatalities_{name}"] for name in _CLASSES if row[f"fatalities_{name}"] is not None]
    totals = [
        row[f"fatalities_{bound}"]
        for bound in ("low", "best", "high")
        if row[f"fatalities_{bound}"] is not None
    ]
    return not known or (bool(totals) and sum(known) <= max(totals))


def sub_event_type_fits_event_type(row: Row, article: Row) -> bool:
    """ACLED's codebook puts the sub-event type under the event type."""
    return row["sub_event_type"] in sub_event_types().get(row["event_type"], ())


def starts_by_publication(row: Row, article: Row) -> bool:
    """A report of the past is not dated after its article (one day is allowed for time zones)."""
    if row["date_start"] is None or row["status"] == "threatened":
        return True
    latest: dt.date = article["published_on"] + dt.timedelta(days=1)
    return bool(row["date_start"] <= latest)


def date_precision_fits(row: Row, article: Row) -> bool:
    """Dates and their precision are given together."""
    return (row["date_start"] is None) == (row["date_precision"] is None) == (row["date_end"] is None)


def coordinates_in_pairs(row: Row, article: Row) -> bool:
    """Latitude, longitude and geo precision belong together."""
    if (row["latitude"] is None) != (row["longitude"] is None):
        return False
    return row["latitude"] is None or row["geo_precision"] is not None


def evidence_is_verbatim(row: Row, article: Row) -> bool:
    """There is a quote, and each stands in the article's text at its offsets, in code points."""
    text = article["text"]
    return bool(row["evidence"]) and all(
        _stands(text, e["start"], e["end"], e["quote"]) for e in row["evidence"]
    )


def words_are_verbatim(row: Row, article: Row) -> bool:
    """The figure's words stand in the article's text at their offsets."""
    return _stands(article["text"], row["start"], row["end"], row["words"])


def _stands(text: str, start: int, end: int, quote: str) -> bool:
    return bool(quote) and 0 <= start < end <= len(text) and text[start:end] == quote


def fields_have_evidence(row: Row, article: Row) -> bool:
    """Every figure, date, place and party that is filled in has a quote, unless a person has set it."""
    quoted = {e["field"] for e in row["evidence"]}
    set_by_person = set(row.get(CORRECTED, ()))
    return all(
        quoted & set(fields) or name in set_by_person
        for name, fields in _NEEDS_EVIDENCE.items()
        if row[name] not in (None, [])
    )


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        killed_classes_fit_total,
        sub_event_type_fits_event_type,
        starts_by_publication,
        date_precision_fits,
        coordinates_in_pairs,
        evidence_is_verbatim,
        words_are_verbatim,
        fields_have_evidence,
    )
}
"""Row checks by the name that ``schemas/tables/*.yaml`` calls them."""
