"""The handwritten views, from ``schemas/views/*.sql``: a file a view, made in the order of the file names."""

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


def view_columns(view: str) -> list[tuple[str, str]]:
    """The columns of a view that have a comment of their own."""
    return _comments(rf"COMMENT ON COLUMN main\.{view}\.(\w+) IS '((?:[^']|'')*)'")


def _comments(pattern: str) -> list[tuple[str, str]]:
    found = re.findall(pattern, "\n".join(view_statements()))
    return [(name, comment.replace("''", "'")) for name, comment in found]
