"""Expectations: exactly the failing rows are named, each rule judges what it says, and only what is odd is odd."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from pipeline.batches.stopping import check_own_rows
from pipeline.errors import StoppedError
from pipeline.quality.checks import CHECKS
from pipeline.quality.geography import is_in_country
from pipeline.quality.related import Related
from pipeline.quality.trends import Measure, check_trends, trend_name
from pipeline.quality.validation import validate_rows
from pipeline.schema.expectations import suite
from pipeline.schema.tables import table, tables

ARTICLE = {"title": "Clash", "text": "In 1998 fighters attacked Gao.", "published_on": dt.date(2025, 3, 5)}


def signature(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "article_id": f"a-{number}", "version": "v", "published_at": dt.datetime(2025, 3, 5, tzinfo=dt.UTC),
        "published_month": 202503, "shingle_count": 50, "band_keys": [1], "method": "m", "batch_id": "b",
    } | changes  # fmt: skip


def test_all_failing_rows_are_named_however_many_and_no_other() -> None:
    rows = [aggregate_claim(n, killed=1 if n % 2 else None) for n in range(2_000)]
    checked = validate_rows(table("aggregate_claims"), rows, {("a", "v"): ARTICLE})
    assert sorted(checked.failed) == list(range(0, 2_000, 2))


def aggregate_claim(number: int, **changes: Any) -> dict[str, Any]:
    return {column.name: None for column in table("aggregate_claims").columns} | {
        "claim_id": f"c-{number}", "article_id": "a", "article_version": "v", "killed": 1, "is_party_propaganda": False,
        "evidence": [{"field": "claim", "start": 0, "end": 7, "quote": "In 1998"}], "batch_id": "b",
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"claim_id": "c-0"}, {"unique:claim_id": 2}),
        ({"killed": -1}, {"bounds:killed": 1}),
        ({"batch_id": None}, {"required:batch_id": 1}),
        ({"killed": None}, {"check:claim_states_a_figure": 1}),
    ],
)
def test_a_failure_is_that_of_its_own_expectation(changes: dict[str, Any], failing: dict[str, int]) -> None:
    rows = [aggregate_claim(0), aggregate_claim(1, **changes)]
    checked = validate_rows(table("aggregate_claims"), rows, {("a", "v"): ARTICLE})
    failed = {o.expectation: o.unexpected_count for o in checked.outcomes if not o.is_passed}
    assert failed == failing


@pytest.mark.parametrize(
    ("check", "row", "holds"),
    [
        ("distant_year_is_told", {"date_start": dt.date(25, 3, 5)}, False),
        ("distant_year_is_told", {"date_start": dt.date(2014, 3, 5)}, False),
        ("distant_year_is_told", {"date_start": dt.date(1998, 3, 5)}, True),
        ("distant_year_is_told", {"date_start": dt.date(2024, 3, 5)}, True),
        ("days_fit_precision", {"date_start": dt.date(2025, 3, 1), "date_end": dt.date(2025, 3, 2), "date_precision": 1}, False),
        ("days_fit_precision", {"date_start": dt.date(2025, 3, 1), "date_end": dt.date(2025, 3, 1), "date_precision": 2}, True),
        ("country_code_is_assigned", {"country_code": "XXX"}, False),
        ("country_code_is_assigned", {"country_code": "XKX"}, True),
        ("nobody_dies_of_a_foiled_attack", {"status": "foiled", "fatalities_low": 3, "fatalities_militants": None}, False),
        ("nobody_dies_of_a_foiled_attack", {"status": "foiled", "fatalities_low": 2, "fatalities_militants": 2}, True),
        ("observed_is_a_short_value", {"observed": "<img src=x onerror=alert(1)>"}, False),
        ("observed_is_a_short_value", {"observed": "12"}, True),
        ("owner_is_in_the_batch", {"report_id": "r-1"}, False),
    ],
)  # fmt: skip
def test_a_check_judges_what_it_says(check: str, row: dict[str, Any], holds: bool) -> None:
    assert CHECKS[check](row, ARTICLE, Related()) is holds


def test_a_report_may_not_rest_on_the_words_of_a_total() -> None:
    row = {
        "article_id": "a",
        "article_version": "v",
        "evidence": [{"field": "fatalities", "start": 3, "end": 9}],
    }
    batch = Related(aggregate_spans=frozenset({(("a", "v"), 3, 9)}))
    assert not CHECKS["rests_on_no_aggregate"](row, ARTICLE, batch)
    assert CHECKS["rests_on_no_aggregate"](row, ARTICLE, Related())


@pytest.mark.parametrize(
    ("latitude", "longitude", "code", "inside"),
    [
        (35.77, 43.58, "IRQ", True), (48.85, 2.35, "IRQ", False), (16.27, -0.04, "MLI", True),
        (-16.27, 0.04, "MLI", False), (1.35, 103.82, "SGP", True), (42.66, 21.16, "XKX", True),
        (-18.1, 178.4, "FJI", True),
    ],
)  # fmt: skip
def test_a_point_is_found_in_its_country(latitude: float, longitude: float, code: str, inside: bool) -> None:
    assert is_in_country(latitude, longitude, code) is inside


def test_every_table_has_expectations_with_a_severity_and_a_sentence() -> None:
    for spec in tables().values():
        metas = [config["meta"] for config in suite(spec)]
        assert {meta["severity"] for meta in metas} <= {"reject", "stop", "warn"}
        assert all(meta["sentence"][0].isupper() and meta["sentence"].endswith(".") for meta in metas)
        names = [meta["expectation"] for meta in metas]
        assert len(names) == len(set(names))
        assert any(not name.startswith("required:") for name in names)
    meant = [m for spec in tables().values() for m in suite(spec) if not m["meta"]["expectation"].startswith("required:")]  # fmt: skip
    assert len(meant) >= 60


def test_a_broken_row_of_our_own_stops_the_batch_and_a_file_says_what_failed(tmp_path: Path) -> None:
    rows: dict[str, Any] = {
        "article_signatures": [signature(1, published_month=199901)],
        "quality_results": [],
    }
    with pytest.raises(StoppedError, match=r"month of publication.*b-1\.stopped\.json"):
        check_own_rows("b-1", rows, Related(), tmp_path)
    assert "check:month_fits_publication" in (tmp_path / "b-1.stopped.json").read_text(encoding="utf-8")
    rows = {"article_signatures": [signature(1)], "quality_results": []}
    check_own_rows("b-1", rows, Related(), tmp_path)
    assert not (tmp_path / "b-1.stopped.json").exists()


def test_a_toll_far_above_the_last_batches_warns_with_the_numbers_and_a_short_history_never_does() -> None:
    measure = Measure("killed", "killed", 500, slack=50)
    history = {trend_name("<b>Wire", "killed"): [20, 25, 15, 22, 18]}
    [odd] = check_trends("<b>Wire", [measure], history)
    assert (odd.is_passed, odd.severity, odd.observed) == (False, "warn", "500")
    assert "between 0 and 70" in odd.sentence
    assert "median 20" in odd.sentence
    assert "<" not in odd.sentence
    [new] = check_trends("<b>Wire", [measure], {})
    assert new.is_passed
