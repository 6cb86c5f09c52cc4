"""Any text comes back from the lake as it was written down, or is rejected with a reason; nothing is altered in silence."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.batches.intake import article_row
from pipeline.lake.catalog import Catalog
from pipeline.lake.snapshot import rows_select
from pipeline.lake.store import append, stored_table
from pipeline.schema.tables import arrow_table, table
from pipeline.sources.items import FailedItem, ParsedArticle
from pipeline.sources.jsonl import read_jsonl
from pipeline.sources.raw import RawObject

NOW = dt.datetime(2025, 3, 5, tzinfo=dt.UTC)
TEXTS = st.lists(st.text(st.characters(codec=None, categories=None), max_size=60), min_size=1, max_size=8)
"""Any code points, halves of surrogate pairs included."""
HARD = ["nul\x00byte", "\ud800", "a\udcffb", "\ud83d\ude00", "שלום\u202eabc", "😀𐍈", "\ufeff", "\u2028\x85\r\n", "e\u0301", "\\u0000", "'; DROP", " x "]  # fmt: skip


def _line(text: str, *, is_escaped: bool) -> bytes:
    """The record as JSON, its text escaped to ASCII or as raw bytes (of lone surrogates invalid UTF-8)."""
    record = {"id": None, "title": text, "text": text, "published_at": "2025-03-05"}
    return json.dumps(record, ensure_ascii=is_escaped).encode("utf-8", "surrogatepass")


def _returned(folder: Path, items: list[ParsedArticle]) -> list[tuple[str | None, str]]:
    """Title and text of the articles as DuckDB reads them from the lake, in the order given."""
    rows = [article_row(item, NOW) | {"batch_id": f"{n:04}"} for n, item in enumerate(items)]
    version = append(folder, "articles", arrow_table("articles", rows), batch_id="b")
    stored = stored_table(folder, "articles", Catalog(1, {"articles": version}))
    select = rows_select(table("articles"), stored)
    return duckdb.sql(f"SELECT title, text FROM ({select}) ORDER BY batch_id").fetchall()


def _comes_back_or_is_rejected(texts: list[str]) -> None:
    lines = [_line(text, is_escaped=escaped) for text in texts for escaped in (True, False)]
    written = [text for text in texts for _ in (True, False)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        content = b"\n".join(lines)
        (folder / "raw").write_bytes(content)
        raw = RawObject(folder / "raw", hashlib.sha256(content).hexdigest(), "x.jsonl", "x.jsonl")
        items = list(read_jsonl(raw))
        assert len(items) == len(lines)
        accepted = [item for item in items if isinstance(item, ParsedArticle)]
        for text, item in zip(written, items, strict=True):
            if isinstance(item, FailedItem):
                assert item.reason_code
                is_whole = not any("\ud800" <= c <= "\udfff" for c in text)
                assert not (is_whole and any(c.isalnum() for c in text)), (text, item)
            else:
                assert (item.text, item.title) == (_paired(text), _paired(text) or None)
        if accepted:
            assert _returned(folder / "lake", accepted) == [(item.title, item.text) for item in accepted]


def _paired(text: str) -> str:
    """Two halves of a pair side by side are one character in JSON."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
@example(HARD)
def test_any_text_comes_back_or_is_rejected(texts: list[str]) -> None:
    _comes_back_or_is_rejected(texts)


@pytest.mark.drill
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_any_of_many_texts_comes_back_or_is_rejected(texts: list[str]) -> None:
    _comes_back_or_is_rejected(texts)
