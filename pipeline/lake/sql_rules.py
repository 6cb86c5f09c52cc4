"""What users' SQL may name: views, tables and macros of the catalog, and functions that only compute.

The statement is read from DuckDB's own parse tree (``json_serialize_sql``), so no spelling of a file name or a function
escapes; what the tree holds that is not known here is refused.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.errors import QueryError

READING = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.RELATION}
_EXPLAIN = re.compile(r"\s*(EXPLAIN\b\s*(?:ANALYZE\b)?)", re.IGNORECASE)
_TABLE_FUNCTIONS = {"range", "generate_series", "unnest"}
_SHOWN = {"tables", "__show_tables_expanded"}
_SOURCES = {
    "BASE_TABLE", "TABLE_FUNCTION", "SUBQUERY", "JOIN", "EMPTY", "EMPTY_FROM", "EXPRESSION_LIST", "PIVOT", "SHOW_REF",
}  # fmt: skip
_CLOCK_AND_CHANCE = {
    "now", "today", "current_date", "current_time", "current_timestamp", "get_current_time", "get_current_timestamp",
    "transaction_timestamp", "random", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "error",
}  # fmt: skip
_LOOKS_AROUND = re.compile(r"__|json_(de)?serialize|.*log_message|cast_to_type|create_sort_key|index_key")
_COMPUTING_MACROS = re.compile(
    r"(list|array|map|json_group|md5_number)_|(date_add|days_in_month|fdiv|fmod|geomean|geometric_mean|if|ago|json|nullif"
    r"|split_part|wavg|weighted_avg|regexp_split_to_table|generate_subscripts)$"
)


@dataclass(frozen=True)
class Names:
    """What a statement may name."""

    relations: frozenset[tuple[str, str]]
    table_macros: frozenset[str]
    functions: frozenset[str]

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection) -> Names:
        """The names of the opened catalog and the functions of this DuckDB."""
        relations = connection.execute(
            "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal "
            "UNION ALL SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal"
        ).fetchall()
        functions = connection.execute(
            "SELECT DISTINCT function_name, function_type, stability, internal FROM duckdb_functions()"
        ).fetchall()
        own = [(name, kind) for name, kind, _, is_internal in functions if not is_internal]
        computing = {
            name
            for name, kind, stability, is_internal in functions
            if is_internal
            and (
                (stability == "CONSISTENT" and not _LOOKS_AROUND.match(name))
                or (kind == "macro" and _COMPUTING_MACROS.match(name))
            )
        }
        return cls(
            frozenset((schema.lower(), name.lower()) for schema, name in relations),
            frozenset(name for name, kind in own if kind == "table_macro"),
            frozenset(computing | _CLOCK_AND_CHANCE | {"unnest"} | {n for n, k in own if k == "macro"}),
        )


def checked(connection: duckdb.DuckDBPyConnection, names: Names, sql: str) -> duckdb.Statement:
    """The one statement of ``sql``.

    Raises:
        QueryError: it cannot be read, is more than one statement, writes, or names what it may not.
    """
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(f"The SQL cannot be read: {error}") from error
    if len(statements) != 1 or statements[0].type not in READING:
        raise QueryError(
            "Only one statement that reads is allowed: SELECT, WITH, FROM, DESCRIBE, SUMMARIZE, SHOW TABLES, EXPLAIN."
        )
    text = statements[0].query
    explaining = _EXPLAIN.match(text) if statements[0].type == duckdb.StatementType.EXPLAIN else None
    _check_tree(_tree(connection, text[explaining.end() :] if explaining else text), names)
    return statements[0]


def _tree(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    [(serialized,)] = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    tree: dict[str, Any] = json.loads(serialized)
    if tree["error"] or len(tree["statements"]) != 1:
        raise QueryError(
            "The statement cannot be checked, so it is not run. Write it as a plain SELECT "
            "(SELECT ... FROM t PIVOT (...) instead of PIVOT t)."
        )
    return tree


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def _check_tree(tree: dict[str, Any], names: Names) -> None:
    nodes = list(_nodes(tree))
    defined = {
        entry["key"].lower() for node in nodes if "cte_map" in node for entry in node["cte_map"]["map"]
    }
    for name in defined:
        if not re.fullmatch(r"\w+", name):
            raise QueryError(f"WITH may not define {name!r}: use letters, digits and underscores.")
    for node in nodes:
        if "function_name" in node:
            _check_function(node, names)
        elif "sample" in node and "alias" in node and "class" not in node:
            _check_source(node, names, defined)


def _check_function(node: dict[str, Any], names: Names) -> None:
    allowed = names.functions | names.table_macros | _TABLE_FUNCTIONS
    if node["function_name"].lower() not in allowed or node.get("schema", "") not in {"", "main"}:
        raise QueryError(
            f"The function {node['function_name']} may not be used here, only those that compute."
        )


def _check_source(node: dict[str, Any], names: Names, defined: set[str]) -> None:
    kind = node["type"]
    if kind not in _SOURCES:
        raise QueryError(f"A statement may not read from {kind} here.")
    if kind == "BASE_TABLE":
        schema, name = node["schema_name"].lower(), node["table_name"].lower()
        if not schema and name in defined and not node["catalog_name"]:
            return
        if (schema or "main", name) not in names.relations:
            known = sorted(
                name if schema == "main" else f"{schema}.{name}" for schema, name in names.relations
            )
            close = difflib.get_close_matches(name, known, n=3)
            raise QueryError(
                f"There is no table or view {node['table_name']!r}. "
                + (f"Similar: {', '.join(close)}." if close else "SHOW TABLES lists what there is.")
            )
    elif kind == "TABLE_FUNCTION":
        name = node["function"].get("function_name", "").lower()
        if name not in names.table_macros | _TABLE_FUNCTIONS:
            raise QueryError(
                f"The table function {name} may not be used here: no files and no settings are read."
            )
    elif kind == "SHOW_REF" and node["query"] is None and not _is_shown(node["table_name"], names):
        raise QueryError(f"SHOW {node['table_name']} may not be used here. SHOW TABLES lists what there is.")


def _is_shown(name: str, names: Names) -> bool:
    plain = name.strip('"').lower()
    return plain in _SHOWN or ("main", plain) in names.relations
