"""Great Expectations on rows of one table: which expectations fail, and by which rows, all of them.

What is the same for every batch is made once a process: the context, the assets and the suites. Expectations are first
asked whether they hold at all; only those that do not are asked for their rows.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from functools import cache
from typing import Any

from pipeline.errors import ContractError
from pipeline.schema.expectations import suite
from pipeline.schema.tables import table

ROW_NUMBER = "row_number"
Results = dict[str, dict[str, Any]]
_HOLDS = {"result_format": "BOOLEAN_ONLY"}
_ROWS = {"result_format": "COMPLETE", "unexpected_index_column_names": [ROW_NUMBER]}


def prepare(table_names: Iterable[str]) -> None:
    """Make what is made once a process, seconds where the library is not imported yet, before others have to wait for it."""
    for name in table_names:
        _of_table(name)
        _definition(name)


def run_table_expectations(table_name: str, frame: Any) -> Results:
    """The result of each expectation of a table of the schema on a pandas frame; see :func:`run_expectations`."""
    return _run(table_name, _of_table(table_name), frame)


def run_expectations(name: str, configurations: list[dict[str, Any]], frame: Any) -> Results:
    """The result of each configuration on a pandas frame, by the expectation's name; a failed one names its rows.

    Raises:
        ContractError: an expectation cannot be checked.
    """
    return _run(name, _expectations(configurations), frame)


def _run(name: str, expectations: dict[str, Any], frame: Any) -> Results:
    batch = _definition(name).get_batch(batch_parameters={"dataframe": frame})
    asked = _ask(name, batch, list(expectations.values()), _HOLDS)
    failed = [expectation for name, expectation in expectations.items() if not asked[name].success]
    told = _ask(name, batch, failed, _ROWS) if failed else {}
    return {
        name: {"success": bool(found.success), "result": told[name].to_json_dict()["result"] if name in told else {}}
        for name, found in (asked | told).items()
    }  # fmt: skip


def _ask(name: str, batch: Any, expectations: list[Any], result_format: dict[str, Any]) -> dict[str, Any]:
    """Results by the names of the expectations: the library gives them in an order of its own."""
    import great_expectations as gx

    asked = gx.ExpectationSuite(name=name, expectations=expectations)
    found = batch.validate(asked, result_format=result_format).results
    results = {result.expectation_config.meta["expectation"]: result for result in found}
    for expectation, result in results.items():
        _check_ran(name, expectation, result)
    return results


def _check_ran(name: str, expectation: str, result: Any) -> None:
    """Great Expectations catches what goes wrong: one entry, or one a metric."""
    info = result.exception_info or {}
    entries = [info, *(entry for entry in info.values() if isinstance(entry, dict))]
    broken = "; ".join(str(e.get("exception_message")) for e in entries if e.get("raised_exception"))
    if broken:
        raise ContractError(f"Expectation {expectation} of {name} cannot be checked: {broken}")


@cache
def _of_table(table_name: str) -> dict[str, Any]:
    return _expectations(suite(table(table_name)))


def _expectations(configurations: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        config["meta"]["expectation"]: _kind(config["type"])(
            **config["kwargs"], severity=config["severity"], meta=config["meta"]
        )
        for config in configurations
    }


@cache
def _kind(name: str) -> Any:
    """A kind of the library's expectations, under a name of our own, that works its configuration out once an object.

    The library does so some 150 times an expectation and validation, which is most of what a small batch costs.
    """
    _source()
    from great_expectations.compatibility.pydantic import PrivateAttr
    from great_expectations.expectations.registry import get_expectation_impl

    stock = get_expectation_impl(name)

    def configuration(self: Any) -> Any:
        if self._configuration is None:
            self._configuration = stock.configuration.fget(self)
        return self._configuration

    body = {
        "__module__": __name__,
        "__doc__": stock.__doc__,
        "_configuration": PrivateAttr(default=None),
        "configuration": property(configuration),
    }
    return type(stock)(f"{stock.__name__}Once", (stock,), body)


@cache
def _source() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        # Great Expectations 1.24 imports modules that Python 3.12 deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context.data_sources.add_pandas(name="rows")


@cache
def _definition(name: str) -> Any:
    return _source().add_dataframe_asset(name=name).add_batch_definition_whole_dataframe("all")
