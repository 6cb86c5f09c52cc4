"""What a person types for a field becomes a value of its type, or is refused with the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.errors import ReviewError
from pipeline.quality.corrections import parse_corrections

_ARMY = {"name": "the army", "role": "perpetrator"}
_QUOTE = {"field": "place_name", "start": 0, "end": 4, "quote": "Bama"}


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("fatalities_best", "+12", 12),
        ("fatalities_best", "null", None),
        ("geonames_id", str(2**63 - 1), 2**63 - 1),
        ("latitude", "12", 12.0),
        ("targets", "", []),
        ("targets", "a; b;", ["a", "b"]),
        ("targets", '["a; b"]', ["a; b"]),
        ("actors", json.dumps([_ARMY]), [_ARMY | {"actor_id": None, "actor_type": None}]),
        ("evidence", json.dumps([_QUOTE]), [_QUOTE]),
    ],
)
def test_is_read(name: str, typed: str, value: Any) -> None:
    assert parse_corrections("incident_reports", {name: typed}) == {name: value}


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("fatalities_best", "1_0", "digits alone"),
        ("fatalities_best", "١٢", "digits alone"),
        ("fatalities_best", str(2**31), "<= 2147483647"),
        ("fatalities_best", "9" * 5000, "takes a whole number"),
        ("geonames_id", str(2**63), "<= 9223372036854775807"),
        ("geonames_id", str(10**22), "takes a whole number"),
        ("latitude", "1e400", "takes a number"),
        ("latitude", "NaN", "takes a number"),
        ("place_name", "", "null empties a field"),
        ("place_name", "a\0b", "no character"),
        ("place_name", "caf\udce9", "no character"),
        ("perpetrators", "[null]", "Expected `str`, got `null`"),
        ("perpetrators", '["a", " "]', "is empty"),
        ("perpetrators", '["a\\u0000"]', "no character"),
        ("perpetrators", "a; b\0", "no character"),
        ("evidence", "{}", "Expected `array`"),
        ("actors", "[{}]", "Expected `str`, got `null`"),
        ("actors", "[[]]", "Expected `object`"),
        ("actors", json.dumps([_ARMY | {"age": "7"}]), "no part age"),
        ("evidence", json.dumps([_QUOTE | {"start": 99_999_999_999}]), "<= 2147483647"),
        ("evidence", json.dumps([_QUOTE | {"start": 10**30}]), "Expected `int`"),
        ("evidence", json.dumps([_QUOTE | {"end": None}]), "Expected `int`, got `null`"),
        ("evidence", "[" * 5000, "depth limit"),
    ],
)
def test_is_refused(name: str, typed: str, told: str) -> None:
    with pytest.raises(ReviewError) as refused:
        parse_corrections("incident_reports", {name: typed})
    assert told in str(refused.value)
