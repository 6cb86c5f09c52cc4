"""Run the expectations of a table with Great Expectations; say which rows failed which of them, all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import ContractError
from pipeline.quality.checks import CHECKS
from pipeline.quality.engine import ROW_NUMBER, run_table_expectations
from pipeline.quality.related import Related
from pipeline.schema.expectations import CHECK_PREFIX, judged_columns, row_checks, suite
from pipeline.schema.tables import Table

Row = dict[str, Any]
NO_RELATED = Related()


@dataclass(frozen=True)
class ExpectationOutcome:
    """One expectation on one batch of rows."""

    table_name: str
    expectation: str
    sentence: str
    severity: str
    element_count: int
    unexpected_count: int
    is_passed: bool
    observed: str | None = None


@dataclass(frozen=True)
class TableValidation:
    """``failed`` maps a row's number to the sentences of the ``reject`` expectations it fails."""

    outcomes: list[ExpectationOutcome]
    failed: dict[int, list[str]] = field(default_factory=dict)


def validate_rows(
    spec: Table,
    rows: Sequence[Row],
    articles: Mapping[tuple[str, str], Row],
    batch: Related = NO_RELATED,
) -> TableValidation:
    """Check rows of one table; ``articles`` holds the article of each row by (article_id, version).

    Raises:
        ContractError: a row belongs to no article of the batch, or an expectation cannot be checked.
    """
    configurations = suite(spec)
    if not rows:
        return TableValidation(
            [_outcome(spec, config, {"success": True, "result": {}}, 0) for config in configurations]
        )
    results = run_table_expectations(spec.name, _frame(spec, configurations, rows, articles, batch))
    outcomes = []
    failed: dict[int, list[str]] = {}
    for config in configurations:
        result = results[config["meta"]["expectation"]]
        outcome = _outcome(spec, config, result, len(rows))
        outcomes.append(outcome)
        if outcome.severity == "reject":
            for number in _unexpected_rows(result):
                failed.setdefault(number, []).append(outcome.sentence)
    return TableValidation(outcomes, failed)


def _frame(
    spec: Table,
    configurations: list[dict[str, Any]],
    rows: Sequence[Row],
    articles: Mapping[tuple[str, str], Row],
    batch: Related,
) -> Any:
    """A pandas frame of the columns that anything is expected of, and of the outcomes of the row checks.

    Its values are plain objects: days and times are ISO 8601 text, which sorts as they do.
    """
    import pandas as pd

    judged = judged_columns(configurations)
    columns: dict[str, list[Any]] = {
        c.name: [_plain(row.get(c.name)) for row in rows] for c in spec.columns if c.name in judged
    }
    owners = [_article(spec, row, articles) for row in rows]
    for name in row_checks(spec):
        columns[f"{CHECK_PREFIX}{name}"] = [
            CHECKS[name](row, article, batch) for row, article in zip(rows, owners, strict=True)
        ]
    columns[ROW_NUMBER] = list(range(len(rows)))
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


_OF_THEMSELVES = {"quarantine", "revisions", "reprocessed_versions"}
"""Tables that name an article version and may tell of one that is not in the batch."""


def _article(spec: Table, row: Row, articles: Mapping[tuple[str, str], Row]) -> Row:
    """The article of an extracted row; other rows stand for themselves."""
    if "article_version" not in row or spec.name in _OF_THEMSELVES:
        return row
    version = (row["article_id"], row["article_version"])
    if version not in articles:
        raise ContractError(
            f"A row of {spec.name} belongs to version {version[1]} of article {version[0]}, which is not in the batch. "
            "Nothing was published."
        )
    return articles[version]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _outcome(spec: Table, config: Row, result: Row, rows: int) -> ExpectationOutcome:
    """Nothing of a row goes into an outcome: counts, and for whole tables the number of rows."""
    meta, numbers, is_passed = config["meta"], result["result"], bool(result["success"])
    observed = numbers.get("observed_value")
    return ExpectationOutcome(
        table_name=spec.name,
        expectation=meta["expectation"],
        sentence=meta["sentence"],
        severity=meta["severity"],
        element_count=rows,
        unexpected_count=0 if is_passed else int(numbers.get("unexpected_count", 1)),
        is_passed=is_passed,
        observed=str(observed) if isinstance(observed, int | float) else None,
    )


def failed_stops(outcomes: Iterable[ExpectationOutcome]) -> list[ExpectationOutcome]:
    """Failed expectations that must stop the batch."""
    return [outcome for outcome in outcomes if outcome.severity == "stop" and not outcome.is_passed]


def _unexpected_rows(result: dict[str, Any]) -> list[int]:
    return sorted({int(entry[ROW_NUMBER]) for entry in result["result"].get("unexpected_index_list") or []})
