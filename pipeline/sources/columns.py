"""Tables of articles: which column holds which field of a record, and a rejected row as a failed item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.ids import sha256_text
from pipeline.records import ArticleRecord
from pipeline.sources.items import EXCERPT_CHARACTERS, FailedItem, RejectedInput
from pipeline.sources.raw import RawObject

REQUIRED = ("text", "published_at")


def field_columns(names: Sequence[str]) -> dict[str, int]:
    """The place of each field's column; letter case and blanks do not matter, other columns are ignored.

    Raises:
        RejectedInput: a column that every article needs is absent, or a field has two columns.
    """
    cleaned = [name.strip("\ufeff \t\r\n").lower() for name in names]
    counts = Counter(cleaned)
    if twice := [name for name in ArticleRecord.__struct_fields__ if counts[name] > 1]:
        raise RejectedInput("missing_columns", f"{', '.join(twice)} is there twice")
    if missing := [name for name in REQUIRED if name not in counts]:
        held = ", ".join(cleaned)[:200]
        raise RejectedInput("missing_columns", f"{', '.join(missing)}; it has {held}")
    return {name: cleaned.index(name) for name in ArticleRecord.__struct_fields__ if name in counts}


def rejected_row(rejected: RejectedInput, content: str, location: str, raw: RawObject) -> FailedItem:
    """The failed item of one row; ``content`` is the row, whole."""
    shown = content[:EXCERPT_CHARACTERS].encode("utf-8", errors="replace").decode("utf-8")
    return FailedItem(
        reason_code=rejected.reason_code,
        value=rejected.value,
        content=shown,
        content_sha256=sha256_text(repr(content.strip())),
        input_location=location,
        raw_sha256=raw.sha256,
    )
