"""What a person types for a field, checked against the schema before anything is written."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

import msgspec
import orjson

from pipeline.errors import ReviewError
from pipeline.schema.tables import Column, Table, table

Row = dict[str, Any]
_DERIVED = {
    "extractor",
    "extractor_version",
    "incident_year",
    "report_id",
    "claim_id",
    "article_id",
    "article_version",
}
_TYPES: dict[str, Any] = {
    "int32": Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)],
    "int64": Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    "float64": float,
    "bool": bool,
}
NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
"""What a form can send and no file in UTF-8 keeps."""
_MAY_BE_LEFT_OUT = {"actor_id", "actor_type"}
"""Parts of a struct; the others must be told."""
_WHAT = {
    "int32": "a whole number",
    "int64": "a whole number",
    "float64": "a number",
    "bool": "true or false",
    "date": "a day like 2025-03-05",
    "timestamp": "a time like 2025-03-05T12:00:00Z",
    "string": "text",
}


def correctable_columns(table_name: str) -> dict[str, Column]:
    """Columns of a table that a person may set: not its keys, nor what is worked out from others."""
    spec = table(table_name)
    fixed = {*spec.key, *_DERIVED}
    return {c.name: c for c in spec.columns if c.name not in fixed and not c.provenance}


def parse_corrections(table_name: str, settings: dict[str, str]) -> dict[str, Any]:
    """Field to value, from ``field=text``; ``null`` empties a field.

    Raises:
        ReviewError: a field is unknown, or a value of the wrong type, no code, or out of bounds.
    """
    columns = correctable_columns(table_name)
    found = {}
    for name, text in settings.items():
        if name not in columns:
            raise ReviewError(
                f"{table_name} has no field {name!r} that can be set. Fields: {', '.join(columns)}."
            )
        found[name] = _parse(table(table_name), columns[name], text)
    return found


def parse_settings(entries: list[str]) -> dict[str, str]:
    """``field=value`` entries; one without ``=``, or a field named twice, is an error."""
    found: dict[str, str] = {}
    for entry in entries:
        name, sign, text = entry.partition("=")
        if NO_CHARACTER.search(entry):
            raise ReviewError(f"{entry!r} holds what is no character. Write it anew.")
        if not sign or not name.strip() or name.strip() in found:
            raise ReviewError(f"{entry!r} is no correction of its own; write field=value, each field once.")
        found[name.strip()] = text.strip()
    if not found:
        raise ReviewError("No correction was given; write field=value.")
    return found


def _parse(spec: Table, column: Column, text: str) -> Any:
    if text == "null":
        if column.required:
            raise ReviewError(f"{column.name} of {spec.name} may not be empty.")
        return None
    if not text and not column.type.startswith("list<"):
        raise ReviewError(f"{column.name} cannot be empty text; null empties a field that may be empty.")
    try:
        value = _typed(column.type, text)
    except ValueError as error:  # what msgspec and orjson raise is one too
        what = _WHAT.get(column.type, f"JSON of the type {column.type}")
        empty = "" if column.required else ", or null"
        raise ReviewError(f"{column.name} cannot be {text!r}: it takes {what}{empty} ({error}).") from error
    _check(column, value, text)
    return value


def _typed(kind: str, text: str) -> Any:
    if kind == "string":
        return _nested(kind, text)
    if kind in ("int32", "int64"):
        return _nested(kind, _whole_number(text))
    if kind in ("float64", "bool"):
        return msgspec.json.decode(text.lower(), type=_TYPES[kind])
    if kind == "date":
        return dt.date.fromisoformat(text)
    if kind == "timestamp":
        moment = dt.datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or dt.UTC)
    if kind == "list<string>" and not text.startswith("["):
        return _nested(kind, [part.strip() for part in text.split(";") if part.strip()])
    return _nested(kind, orjson.loads(text))


def _whole_number(text: str) -> int:
    if not re.fullmatch("[+-]?[0-9]+", text):
        raise ValueError("write digits alone")  # int() takes 1_0 too, and the digits of any script
    return int(text)


def _nested(kind: str, value: Any) -> Any:
    """A value of the declared shape; nothing in it is null or empty but what may be left out."""
    if kind.startswith("list<"):
        return [_nested(kind[5:-1], entry) for entry in msgspec.convert(value, list[Any])]
    if kind.startswith("struct<"):
        fields = {n.strip(): k.strip() for n, k in (p.split(":", 1) for p in kind[7:-1].split(","))}
        given = msgspec.convert(value, dict[str, Any])
        if given.keys() - fields.keys():
            raise ValueError(f"it has no part {', '.join(sorted(given.keys() - fields.keys()))}")
        return {
            name: None
            if given.get(name) is None and name in _MAY_BE_LEFT_OUT
            else _nested(inner, given.get(name))
            for name, inner in fields.items()
        }
    if kind != "string":
        return msgspec.convert(value, _TYPES[kind])
    text = msgspec.convert(value, str)
    if not text.strip() or NO_CHARACTER.search(text):
        raise ValueError(f"{text!r} is empty or holds what is no character")
    return text


def _check(column: Column, value: Any, text: str) -> None:
    problem = None
    if column.values is not None and value not in column.values:
        problem = f"it takes one of {', '.join(map(str, column.values))}"
    elif column.pattern is not None and not re.search(column.pattern, str(value)):
        problem = f"it has the form {column.pattern}"
    elif column.min is not None and value < column.min:
        problem = f"it is at least {column.min}"
    elif column.max is not None and value > column.max:
        problem = f"it is at most {column.max}"
    if problem:
        raise ReviewError(f"{column.name} cannot be {text!r}: {problem}.")
