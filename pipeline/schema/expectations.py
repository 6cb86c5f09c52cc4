"""Great Expectations suites, built from the schema files: one list of configurations a table.

Each expectation carries a severity (``reject`` the row, ``stop`` the batch, ``warn``) and a sentence that a person
who does not program understands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.schema.tables import Column, Table

CHECK_PREFIX = "check_"
"""Prefix of the boolean columns that hold the outcome of a row check (``pipeline.quality.checks``)."""
_GX_SEVERITY = {"reject": "critical", "stop": "critical", "warn": "warning"}
_TEXTUAL_BOUND = {"date", "timestamp"}


def _config(
    kind: str, kwargs: dict[str, Any], *, name: str, sentence: str, severity: str = "reject"
) -> dict[str, Any]:
    return {
        "type": kind,
        "kwargs": kwargs,
        "severity": _GX_SEVERITY[severity],
        "meta": {"expectation": name, "sentence": sentence, "severity": severity},
    }


def _column_expectations(column: Column) -> Iterator[dict[str, Any]]:
    name = column.name
    if column.required:
        yield _config(
            "expect_column_values_to_not_be_null",
            {"column": name},
            name=f"required:{name}",
            sentence=f"{name} is filled in.",
        )
    if column.values is not None:
        listed = (
            ", ".join(map(str, column.values)) if len(column.values) <= 8 else f"{len(column.values)} codes"
        )
        yield _config(
            "expect_column_values_to_be_in_set",
            {"column": name, "value_set": list(column.values)},
            name=f"listed:{name}",
            sentence=f"{name} is a code of the codebook ({listed}).",
        )
    if column.pattern is not None:
        yield _config(
            "expect_column_values_to_match_regex",
            {"column": name, "regex": column.pattern},
            name=f"pattern:{name}",
            sentence=f"{name} has the form {column.pattern}.",
        )
    if column.min_length is not None:
        yield _config(
            "expect_column_value_lengths_to_be_between",
            {"column": name, "min_value": column.min_length},
            name=f"length:{name}",
            sentence=f"{name} has at least {column.min_length} character(s).",
        )
    if column.min is not None or column.max is not None:
        yield _bounds(column)


def _bounds(column: Column) -> dict[str, Any]:
    parts = [
        f"at least {column.min}" if column.min is not None else "",
        f"at most {column.max}" if column.max is not None else "",
    ]
    sentence = f"{column.name} is {' and '.join(part for part in parts if part)}."
    kwargs = {"column": column.name, "min_value": column.min, "max_value": column.max}
    return _config(
        "expect_column_values_to_be_between",
        {key: value for key, value in kwargs.items() if value is not None},
        name=f"bounds:{column.name}",
        sentence=sentence,
    )


def _table_expectation(declared: dict[str, Any]) -> dict[str, Any]:
    kind, sentence, severity = declared["expect"], declared["sentence"], declared.get("severity", "reject")
    if kind == "unique":
        columns = declared["columns"]
        name = f"unique:{'+'.join(columns)}"
        if len(columns) == 1:
            kwargs: dict[str, Any] = {"column": columns[0]}
            return _config(
                "expect_column_values_to_be_unique", kwargs, name=name, sentence=sentence, severity=severity
            )
        kwargs = {"column_list": columns}
        return _config(
            "expect_compound_columns_to_be_unique", kwargs, name=name, sentence=sentence, severity=severity
        )
    if kind == "row_count":
        kwargs = {"min_value": declared["min"], "max_value": declared["max"]}
        name = "row_count"
        return _config(
            "expect_table_row_count_to_be_between", kwargs, name=name, sentence=sentence, severity=severity
        )
    if kind == "ordered":
        lower, upper = declared["lower"], declared["upper"]
        kwargs = {
            "column_A": upper,
            "column_B": lower,
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
        }
        name = f"ordered:{lower}<={upper}"
        return _config(
            "expect_column_pair_values_a_to_be_greater_than_b",
            kwargs,
            name=name,
            sentence=sentence,
            severity=severity,
        )
    kwargs = {"column": f"{CHECK_PREFIX}{declared['check']}", "value_set": [True]}
    name = f"check:{declared['check']}"
    return _config(
        "expect_column_values_to_be_in_set", kwargs, name=name, sentence=sentence, severity=severity
    )


def suite(table: Table) -> list[dict[str, Any]]:
    """The expectation configurations of one table, columns first."""
    from_columns = [config for column in table.columns for config in _column_expectations(column)]
    return from_columns + [_table_expectation(declared) for declared in table.expectations]


def expectation_names(table: Table) -> dict[str, str]:
    """Sentence to short name, of the expectations that reject a row."""
    return {
        config["meta"]["sentence"]: config["meta"]["expectation"]
        for config in suite(table)
        if config["meta"]["severity"] == "reject"
    }


def row_checks(table: Table) -> list[str]:
    """Names of the row checks that the table's expectations need."""
    return [declared["check"] for declared in table.expectations if declared["expect"] == "check"]
