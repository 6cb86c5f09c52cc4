"""Row checks of aggregate claims, casualty figures and responsibility claims."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pipeline.quality.related import Related
from pipeline.quality.spans import is_named, stands

Row = Mapping[str, Any]
_FIGURES = ("event_count", "killed", "injured", "killed_or_injured")
_WORDS_CHARACTERS = 200
_EARLIEST = 1900


def words_are_verbatim(row: Row, article: Row, batch: Related) -> bool:
    """The figure's words stand in the article's text at their offsets."""
    return stands(article["text"], row["start"], row["end"], row["words"])


def words_are_short(row: Row, article: Row, batch: Related) -> bool:
    """A number takes a few words."""
    return len(row["words"]) <= _WORDS_CHARACTERS


def figure_states_a_number(row: Row, article: Row, batch: Related) -> bool:
    """Exact words give a number."""
    numbers = (row["low"], row["best"], row["high"])
    return row["qualifier"] == "vague" or any(number is not None for number in numbers)


def qualifier_fits_bounds(row: Row, article: Row, batch: Related) -> bool:
    """Exact words give one number; "at least" leaves the high open; "at most" is no lower bound."""
    low, high = row["low"], row["high"]
    if row["qualifier"] == "exact":
        return bool(low == high)
    if row["qualifier"] == "at_least":
        return high is None
    return row["qualifier"] != "at_most" or low is None or low == 0


def owner_is_in_the_batch(row: Row, article: Row, batch: Related) -> bool:
    """The report or aggregate claim that a row names is there."""
    if row["report_id"] is not None and row["report_id"] not in batch.reports:
        return False
    return row.get("claim_id") is None or row["claim_id"] in batch.claim_ids


def figure_has_one_owner(row: Row, article: Row, batch: Related) -> bool:
    """A number is never a report's and an aggregate claim's at once."""
    return row["report_id"] is None or row["claim_id"] is None


def figure_fits_its_report(row: Row, article: Row, batch: Related) -> bool:
    """A number killed is not above the highest number of its report."""
    report = batch.reports.get(row["report_id"])
    if report is None or row["outcome"] != "killed" or report["fatalities_high"] is None:
        return True
    return bool((row["low"] or 0) <= report["fatalities_high"])


def speaker_is_in_the_article(row: Row, article: Row, batch: Related) -> bool:
    """Who said the number is named as the article names them."""
    return is_named(row["said_by"], article)


def claim_states_a_figure(row: Row, article: Row, batch: Related) -> bool:
    """A total has a number."""
    return any(row[name] is not None for name in _FIGURES)


def combined_count_is_the_largest(row: Row, article: Row, batch: Related) -> bool:
    """Killed or injured together are at least as many as either."""
    together = row["killed_or_injured"]
    return together is None or max(row["killed"] or 0, row["injured"] or 0) <= together


def period_has_both_ends(row: Row, article: Row, batch: Related) -> bool:
    """First and last day are given together."""
    return (row["period_start"] is None) == (row["period_end"] is None)


def period_starts_by_publication(row: Row, article: Row, batch: Related) -> bool:
    """A total of the past does not begin after its article, nor centuries before it."""
    start = row["period_start"]
    return start is None or (start.year >= _EARLIEST and start <= _day_after(article))


def claim_names_are_in_the_article(row: Row, article: Row, batch: Related) -> bool:
    """Area, actor and claimant are named as the article names them."""
    return all(is_named(row[name], article) for name in ("area", "actor", "claimant"))


def propaganda_has_a_party(row: Row, article: Row, batch: Related) -> bool:
    """Who counts its own deeds is told."""
    return not row["is_party_propaganda"] or row["claimant"] is not None or row["actor"] is not None


def group_is_in_the_article(row: Row, article: Row, batch: Related) -> bool:
    """The group is named as the article names it."""
    return is_named(row["group_name"], article)


def claimed_by_publication(row: Row, article: Row, batch: Related) -> bool:
    """A claim that an article tells of was made before it."""
    return row["claimed_on"] is None or bool(row["claimed_on"] <= _day_after(article))


def claimed_after_the_incident(row: Row, article: Row, batch: Related) -> bool:
    """Nobody claims an incident before it begins."""
    report = batch.reports.get(row["report_id"])
    if report is None or row["claimed_on"] is None or report["date_start"] is None:
        return True
    return bool(row["claimed_on"] >= report["date_start"])


def denial_is_no_claim(row: Row, article: Row, batch: Related) -> bool:
    """The group that denies an incident is not the one that its report calls the claimant."""
    report = batch.reports.get(row["report_id"])
    return row["stance"] != "denied" or report is None or report["claimed_by"] != row["group_name"]


def _day_after(article: Row) -> dt.date:
    published: dt.date = article["published_on"]
    return published + dt.timedelta(days=1)
