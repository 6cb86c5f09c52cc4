"""The handwritten views and macros, from ``schemas/views/*.sql``: a file a view (all macros in one), made in the order of
the file names. Their SQL must be read by every DuckDB from 1.0 on: list comprehensions, no lambdas."""

from __future__ import annotations

import re
from functools import cache

from pipeline.config import SCHEMAS_DIR


@cache
def view_statements() -> tuple[str, ...]:
    """The statements that make the views and say what they and their columns mean."""
    files = sorted((SCHEMAS_DIR / "views").glob("*.sql"))
    parts = (part for path in files for part in path.read_text(encoding="utf-8").split(";\n"))
    return tuple(part.strip() for part in parts if part.strip())


def described_views() -> list[tuple[str, str]]:
    """Each view with its comment."""
    return _comments(r"COMMENT ON VIEW main\.(\w+) IS '((?:[^']|'')*)'")


def described_macros() -> list[tuple[str, str]]:
    """Each macro as it is called, with its comment."""
    called = dict(re.findall(r"CREATE MACRO main\.(\w+)(\([^)]*\))", "\n".join(view_statements())))
    comments = _comments(r"COMMENT ON MACRO (?:TABLE )?main\.(\w+) IS '((?:[^']|'')*)'")
    return [(name + called[name], comment) for name, comment in comments]


def view_columns(view: str) -> list[tuple[str, str]]:
    """The columns of a view that have a comment of their own."""
    return _comments(rf"COMMENT ON COLUMN main\.{view}\.(\w+) IS '((?:[^']|'')*)'")


def _comments(pattern: str) -> list[tuple[str, str]]:
    found = re.findall(pattern, "\n".join(view_statements()))
    return [(name, comment.replace("''", "'")) for name, comment in found]
