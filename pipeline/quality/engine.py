"""Great Expectations on rows of one table: which expectations fail, and by which rows, all of them.

What is the same for every batch is made once a process: the context, the assets and the suites. Expectations are first
asked whether they hold at all; only those that do not are asked for their rows.
"""

from __future__ import annotations

import logging
import os
import warnings
from functools import cache
from typing import Any

from pipeline.errors import ContractError

ROW_NUMBER = "row_number"
_ROWS = {"result_format": "COMPLETE", "unexpected_index_column_names": [ROW_NUMBER]}


def run_expectations(name: str, configurations: list[dict[str, Any]], frame: Any) -> list[dict[str, Any]]:
    """The result of each configuration on a pandas frame, in order; a failed one names its rows.

    Raises:
        ContractError: an expectation cannot be checked.
    """
    gx, expectation_of = _library()
    batch = _definition(name).get_batch(batch_parameters={"dataframe": frame})
    results = []
    suite = gx.ExpectationSuite(name=name, expectations=[expectation_of(**c) for c in configurations])
    # The library does not give the results in the order of the suite.
    answers = {
        answer.expectation_config.meta["expectation"]: answer
        for answer in batch.validate(suite, result_format="BOOLEAN_ONLY").results
    }
    for config in configurations:
        asked = answers[config["meta"]["expectation"]]
        _check_ran(name, config, asked)
        if asked.success:
            results.append({"success": True, "result": {}})
            continue
        told = batch.validate(expectation_of(**config), result_format=_ROWS)
        _check_ran(name, config, told)
        results.append({"success": bool(told.success), "result": told.to_json_dict()["result"]})
    return results


def _check_ran(name: str, config: dict[str, Any], result: Any) -> None:
    """Great Expectations catches what goes wrong: one entry, or one a metric."""
    info = result.exception_info or {}
    entries = [info, *(entry for entry in info.values() if isinstance(entry, dict))]
    broken = "; ".join(str(e.get("exception_message")) for e in entries if e.get("raised_exception"))
    if broken:
        raise ContractError(
            f"Expectation {config['meta']['expectation']} of {name} cannot be checked: {broken}"
        )


@cache
def _library() -> tuple[Any, Any]:
    """The library, and what makes an expectation of a configuration."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        # Great Expectations 1.24 imports modules that Python 3.12 deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx
        from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
        from great_expectations.expectations.registry import get_expectation_impl
    logging.getLogger("great_expectations").setLevel(logging.ERROR)

    @cache
    def settle(kind: str) -> None:
        _settled(get_expectation_impl(kind))

    def expectation_of(**config: Any) -> Any:
        settle(config["type"])
        return ExpectationConfiguration(**config).to_domain_obj()

    return gx, expectation_of


def _settled(kind: Any) -> None:
    """Register, under its name, a class of expectation that works its configuration out once an object.

    The library does so some 150 times an expectation and validation, which is most of what a small batch costs.
    """

    def configuration(self: Any) -> Any:
        held = self.__dict__.get("_settled")
        if held is None:
            held = self.__dict__["_settled"] = kind.configuration.fget(self)
        return held

    type(kind)(
        kind.__name__,
        (kind,),
        {"__module__": __name__, "__doc__": kind.__doc__, "configuration": property(configuration)},
    )


@cache
def _source() -> Any:
    gx, _ = _library()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context.data_sources.add_pandas(name="rows")


@cache
def _definition(name: str) -> Any:
    return _source().add_dataframe_asset(name=name).add_batch_definition_whole_dataframe("all")
