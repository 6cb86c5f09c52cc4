"""Run the expectations of a table with Great Expectations; say which rows failed which of them, all of them."""

from __future__ import annotations

import datetime as dt
import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import ContractError
from pipeline.quality.checks import CHECKS
from pipeline.schema.expectations import CHECK_PREFIX, row_checks, suite
from pipeline.schema.tables import Table

Row = dict[str, Any]
_ROW_NUMBER = "row_number"


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

    @property
    def stopping(self) -> list[ExpectationOutcome]:
        """Failed expectations that must stop the batch."""
        return [outcome for outcome in self.outcomes if outcome.severity == "stop" and not outcome.is_passed]


def validate_rows(
    spec: Table, rows: Sequence[Row], articles: Mapping[tuple[str, str], Row]
) -> TableValidation:
    """Check rows of one table; ``articles`` holds the article of each row by (article_id, version)."""
    configurations = suite(spec)
    if not rows or not configurations:
        return TableValidation([_not_run(spec, config) for config in configurations])
    results = _run_suite(spec, configurations, _frame(spec, rows, articles))
    outcomes = []
    failed: dict[int, list[str]] = {}
    for result in results:
        outcome = _outcome(spec, result)
        outcomes.append(outcome)
        if outcome.severity == "reject":
            for number in _unexpected_rows(result):
                failed.setdefault(number, []).append(outcome.sentence)
    return TableValidation(outcomes, failed)


def _not_run(spec: Table, config: dict[str, Any]) -> ExpectationOutcome:
    meta = config["meta"]
    return ExpectationOutcome(spec.name, meta["expectation"], meta["sentence"], meta["severity"], 0, 0, True)


def _frame(spec: Table, rows: Sequence[Row], articles: Mapping[tuple[str, str], Row]) -> Any:
    """A pandas frame of plain objects: days and times as ISO 8601 text, which sorts as they do."""
    import pandas as pd

    columns: dict[str, list[Any]] = {c.name: [_plain(row.get(c.name)) for row in rows] for c in spec.columns}
    for name in row_checks(spec):
        columns[f"{CHECK_PREFIX}{name}"] = [CHECKS[name](row, _article(spec, row, articles)) for row in rows]
    columns[_ROW_NUMBER] = list(range(len(rows)))
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


def _article(spec: Table, row: Row, articles: Mapping[tuple[str, str], Row]) -> Row:
    return row if spec.name == "articles" else articles[(row["article_id"], row["article_version"])]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _run_suite(spec: Table, configurations: list[dict[str, Any]], frame: Any) -> list[dict[str, Any]]:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        # Great Expectations 1.24 imports modules that Python 3.12 deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx
        from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = context.data_sources.add_pandas(name="rows").add_dataframe_asset(name=spec.name)
    definition = batch.add_batch_definition_whole_dataframe("all").get_batch(
        batch_parameters={"dataframe": frame}
    )
    expectations = gx.ExpectationSuite(name=spec.name)
    for config in configurations:
        expectations.add_expectation_configuration(ExpectationConfiguration(**config))
    result_format = {"result_format": "COMPLETE", "unexpected_index_column_names": [_ROW_NUMBER]}
    result = definition.validate(expectations, result_format=result_format)
    found: list[dict[str, Any]] = result.to_json_dict()["results"]
    return found


def _outcome(spec: Table, result: dict[str, Any]) -> ExpectationOutcome:
    meta, numbers = result["expectation_config"]["meta"], result["result"]
    if broken := _exceptions(result.get("exception_info") or {}):
        raise ContractError(f"Expectation {meta['expectation']} of {spec.name} cannot be checked: {broken}")
    observed = numbers.get("observed_value")
    return ExpectationOutcome(
        table_name=spec.name,
        expectation=meta["expectation"],
        sentence=meta["sentence"],
        severity=meta["severity"],
        element_count=int(numbers.get("element_count", observed if isinstance(observed, int) else 0)),
        unexpected_count=int(numbers.get("unexpected_count", 0 if result["success"] else 1)),
        is_passed=bool(result["success"]),
        observed=None if observed is None else str(observed),
    )


def _exceptions(info: dict[str, Any]) -> str:
    """What Great Expectations caught instead of checking: one entry, or one a metric."""
    entries = [info, *(entry for entry in info.values() if isinstance(entry, dict))]
    return "; ".join(str(e.get("exception_message")) for e in entries if e.get("raised_exception"))


def _unexpected_rows(result: dict[str, Any]) -> list[int]:
    return sorted({int(entry[_ROW_NUMBER]) for entry in result["result"].get("unexpected_index_list") or []})
