"""What the values of an answer are sent as: types that Arrow, Python and JSON have too; all others as DuckDB's text of them.

Days are text as well: DuckDB's reach beyond those of Python, and are written the same between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_KEPT = {
    "boolean", "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint", "hugeint",
    "float", "double", "decimal", "timestamp", "timestamp_s", "timestamp_ms", "timestamp with time zone",
}  # fmt: skip
_MAX_DEPTH = 20
"""What is nested deeper is text: Arrow's own limit is not far, and deep beyond it the process dies."""


def plain_columns(names: Sequence[str], types: Sequence[Any]) -> str | None:
    """The select list that gives the columns of an answer as plain types; ``None`` where they have them already."""
    plain = [_plain(kind) for kind in types]
    if plain == [str(kind) for kind in types]:
        return None
    return ", ".join(
        f"#{number}::{kind} AS {_quoted(name)}"
        for number, (name, kind) in enumerate(zip(names, plain, strict=True), 1)
    )


def _plain(kind: Any, depth: int = 0) -> str:
    if kind.id in _KEPT:
        return str(kind)
    if depth < _MAX_DEPTH and kind.id in {"list", "array"}:
        return f"{_plain(kind.children[0][1], depth + 1)}[]"
    if depth < _MAX_DEPTH and kind.id == "map":
        key, value = (_plain(inner, depth + 1) for _, inner in kind.children)
        return f"MAP({key}, {value})"
    if depth < _MAX_DEPTH and kind.id == "struct":
        parts = (f"{_quoted(name)} {_plain(inner, depth + 1)}" for name, inner in kind.children)
        return f"STRUCT({', '.join(parts)})"
    return "VARCHAR"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
