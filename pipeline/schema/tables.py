"""Table specifications read from ``schemas/tables/*.yaml``, and their Arrow schemas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa

from pipeline.config import SCHEMAS_DIR
from pipeline.errors import ConfigError
from pipeline.schema.declarations import read_declaration

_SCALARS: dict[str, Any] = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
_LIST = re.compile(r"^list<(.+)>$")
_STRUCT = re.compile(r"^struct<(.+)>$")


@dataclass(frozen=True)
class Column:
    """One column; the bounds and lists are turned into expectations by ``pipeline.schema.expectations``."""

    name: str
    type: str
    description: str
    required: bool = False
    provenance: bool = False
    """True where the value tells how a row came in, not what it says: two equal lakes may differ in it."""
    values: tuple[Any, ...] | None = None
    pattern: str | None = None
    min: Any = None
    max: Any = None
    min_length: int | None = None
    sentence: str | None = None
    """What is expected of its codes, form or bounds, in plain words."""

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type of the column."""
        return _arrow_type(self.type)


@dataclass(frozen=True)
class Table:
    """One table of the lake as its schema file declares it."""

    name: str
    description: str
    key: tuple[str, ...]
    partition_by: tuple[str, ...]
    columns: tuple[Column, ...]
    expectations: tuple[dict[str, Any], ...]
    severity: str = "reject"
    """What a failure of an expectation does that names no severity: those of the columns."""
    view_columns: tuple[Column, ...] = ()
    """Columns that the view of the main schema adds: worked out from many rows, so never stored with one."""
    sort_by: tuple[str, ...] = ()
    """The order in which the rows of a write are stored."""

    @property
    def arrow_schema(self) -> pa.Schema:
        """Arrow schema; all fields nullable, so that missing values reach the expectations that name them."""
        return pa.schema([pa.field(c.name, c.arrow_type) for c in self.columns])

    @property
    def content_columns(self) -> tuple[str, ...]:
        """Columns that say something about the world, without provenance."""
        return tuple(c.name for c in self.columns if not c.provenance)


def _arrow_type(text: str) -> pa.DataType:
    text = text.strip()
    if text in _SCALARS:
        scalar: pa.DataType = _SCALARS[text]
        return scalar
    if match := _LIST.match(text):
        return pa.list_(_arrow_type(match[1]))
    if match := _STRUCT.match(text):
        fields = (part.split(":", 1) for part in match[1].split(","))
        return pa.struct([pa.field(name.strip(), _arrow_type(kind)) for name, kind in fields])
    raise ConfigError(
        f"Unknown column type {text!r} in schemas/tables; known: {', '.join(_SCALARS)}, list<>, struct<>."
    )


@cache
def codebook() -> dict[str, Any]:
    """The codebook (``schemas/codebook.yaml``): event types, precision codes, actor types, statuses."""
    loaded: dict[str, Any] = read_declaration("codebook")
    return loaded


@cache
def quarantine_reasons() -> dict[str, dict[str, str]]:
    """Reason code to its sentence (``what``) and remedy (``do``), from ``schemas/reasons.yaml``."""
    loaded: dict[str, dict[str, str]] = read_declaration("reasons")
    return loaded


def _codes(entry: Any) -> tuple[Any, ...]:
    return tuple(entry)


@cache
def sub_event_types() -> dict[str, tuple[str, ...]]:
    """ACLED event type to its sub-event types."""
    return {name: tuple(entry["sub_event_types"]) for name, entry in codebook()["event_types"].items()}


def _values(declared: Any) -> tuple[Any, ...] | None:
    if declared is None or isinstance(declared, list):
        return tuple(declared) if declared else None
    if declared == "reasons":
        return tuple(quarantine_reasons())
    if declared == "codebook.sub_event_types":
        return tuple(sub for subs in sub_event_types().values() for sub in subs)
    return _codes(codebook()[declared.removeprefix("codebook.")])


def _column(name: str, declared: dict[str, Any]) -> Column:
    return Column(
        name=name,
        values=_values(declared.get("values")),
        **{k: v for k, v in declared.items() if k != "values"},
    )


@cache
def tables() -> dict[str, Table]:
    """All tables by name, in the order of their file names."""
    found = {}
    for path in sorted((SCHEMAS_DIR / "tables").glob("*.yaml")):
        declared = read_declaration(f"tables/{path.stem}")
        found[declared["table"]] = Table(
            name=declared["table"],
            description=declared["description"],
            key=tuple(declared["key"]),
            partition_by=tuple(declared["partition_by"]),
            columns=tuple(_column(name, spec) for name, spec in declared["columns"].items()),
            expectations=tuple(declared["expectations"]),
            sort_by=tuple(declared.get("sort_by", ())),
            severity=declared.get("severity", "reject"),
            view_columns=tuple(
                _column(name, spec) for name, spec in declared.get("view_columns", {}).items()
            ),
        )
    return found


def table(name: str) -> Table:
    """The table called ``name``; raises :class:`ConfigError` for an unknown one."""
    if name not in tables():
        raise ConfigError(f"No table is called {name!r}; known: {', '.join(tables())}.")
    return tables()[name]


def arrow_table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as an Arrow table of the declared schema; a key that is no column is an error."""
    schema = table(name).arrow_schema
    for row in rows:
        if unknown := row.keys() - set(schema.names):
            raise ConfigError(
                f"Table {name} has no column {sorted(unknown)}; declare it in schemas/tables/{name}.yaml."
            )
    return pa.Table.from_pylist(rows, schema=schema)
