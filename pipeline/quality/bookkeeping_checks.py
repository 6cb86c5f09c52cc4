"""Row checks of the pipeline's own tables: the ledger, quarantine, quality results and near duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.quality.ledger import balances
from pipeline.quality.related import Related
from pipeline.schema.tables import tables

Row = Mapping[str, Any]
_ROW_CHARACTERS = 65_536
_OBSERVED_CHARACTERS = 200
_LONG_BATCH_SECONDS = 86_400
_FEW_SHINGLES = 20


def counts_balance(row: Row, article: Row, batch: Related) -> bool:
    """Every identity of the conservation ledger holds."""
    return all(left == right for _, left, right in balances(row))


def reports_are_among_the_rows(row: Row, article: Row, batch: Related) -> bool:
    """There are no more reports than rows."""
    return bool(row["reports_accepted"] <= row["rows_accepted"])


def batch_took_less_than_a_day(row: Row, article: Row, batch: Related) -> bool:
    """A batch that took longer lay about."""
    return bool(row["seconds"] <= _LONG_BATCH_SECONDS)


def inputs_are_named(row: Row, article: Row, batch: Related) -> bool:
    """Items come from somewhere."""
    return not row["items_fetched"] or bool(row["inputs"])


def no_decision_lapses(row: Row, article: Row, batch: Related) -> bool:
    """What people decided about a version does not reach the one that takes its place: its words may be others."""
    return row["version"] not in batch.decided_versions


def reason_is_a_sentence(row: Row, article: Row, batch: Related) -> bool:
    """A person can act on it."""
    return bool(row["reason"].strip().endswith((".", ")", "\u2026")))


def failed_expectations_are_listed(row: Row, article: Row, batch: Related) -> bool:
    """An extracted row that failed an expectation says which."""
    is_extracted_row = row["reason_code"] == "failed_expectation" and row["table_name"] != "articles"
    return not is_extracted_row or bool(row["failed_expectations"])


def rejected_table_exists(row: Row, article: Row, batch: Related) -> bool:
    """The table that the row was meant for is one of the schema."""
    return row["table_name"] is None or row["table_name"] in tables()


def rejected_row_is_of_bounded_size(row: Row, article: Row, batch: Related) -> bool:
    """At most 64 KiB characters of what was rejected are kept."""
    return row["row_json"] is None or len(row["row_json"]) <= _ROW_CHARACTERS


def rejected_row_has_its_article(row: Row, article: Row, batch: Related) -> bool:
    """What was extracted came from an article."""
    return row["stage"] == "ingest" or (row["article_id"] is not None and row["article_version"] is not None)


def no_more_fail_than_there_are(row: Row, article: Row, batch: Related) -> bool:
    """Failing rows are some of those looked at."""
    return bool(0 <= row["unexpected_count"] <= max(1, row["element_count"]))


def passing_means_none_failed(row: Row, article: Row, batch: Related) -> bool:
    """Passed, and no row failed; or the other way round."""
    return bool(row["is_passed"] == (row["unexpected_count"] == 0))


def observed_is_a_short_value(row: Row, article: Row, batch: Related) -> bool:
    """What was observed is a number or a code, never a piece of an article."""
    observed = row["observed"] or ""
    return len(observed) <= _OBSERVED_CHARACTERS and not set(observed) & set("<>&\"'`\n\r")


def pair_is_ordered(row: Row, article: Row, batch: Related) -> bool:
    """A pair stands once, the smaller id first."""
    return bool(row["article_id"] < row["other_article_id"])


def rule_fits_likeness(row: Row, article: Row, batch: Related) -> bool:
    """Texts that are similar share at least half of their word 5-grams."""
    return bool(row["rule"] != "similar" or row["jaccard"] >= 0.5)


def month_fits_publication(row: Row, article: Row, batch: Related) -> bool:
    """The partition's month is that of the publication."""
    published = row["published_at"]
    return bool(row["published_month"] == published.year * 100 + published.month)


def long_text_has_bands(row: Row, article: Row, batch: Related) -> bool:
    """A text of some length can be compared."""
    return row["shingle_count"] < _FEW_SHINGLES or bool(row["band_keys"])
