"""Quarantine rows: what was rejected, whole, with a reason that says what happened and what to do."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import orjson

from pipeline.ids import make_id, sha256_text
from pipeline.schema.tables import quarantine_reasons, table

Row = dict[str, Any]
ROW_CHARACTERS = 65_536


def reason_sentence(code: str, value: str) -> str:
    """The sentence of a reason code (``schemas/reasons.yaml``), with its value and remedy."""
    entry = quarantine_reasons()[code]
    return f"{entry['what'].replace('{value}', value)} {entry['do']}"


def quarantined_input(
    *,
    code: str,
    value: str,
    content: str | None,
    identity: str,
    location: str,
    raw_sha256: str | None,
    seen_at: dt.datetime,
) -> Row:
    """A row for an input that never became an article."""
    return _row("ingest", code, value, identity, location, seen_at, raw_sha256=raw_sha256, row_json=content)


def quarantined_article(article: Row, *, stage: str, code: str, value: str, seen_at: dt.datetime) -> Row:
    """A row for an article version, rejected by ``stage``."""
    return _row(
        stage,
        code,
        value,
        sha256_text(article["article_id"], article["version"]),
        article["input_location"],
        seen_at,
        table_name="articles",
        article_id=article["article_id"],
        article_version=article["version"],
        raw_sha256=article["raw_sha256"],
        row_json=_json({name: article[name] for name in table("articles").content_columns}),
    )


def quarantined_row(
    table_name: str,
    key: str,
    row: Row,
    article: Row,
    failed: Sequence[str],
    seen_at: dt.datetime,
    *,
    code: str = "failed_expectation",
) -> Row:
    """A row of an extracted table that fails expectations, or follows its report into quarantine.

    Where it says something else than it did, it is another quarantine row: what is shown is what would be published.
    """
    said = {name: row[name] for name in table(table_name).content_columns if name != "extractor_version"}
    return _row(
        "validate",
        code,
        " ".join(failed),
        sha256_text(key, _json(said)),
        article["input_location"],
        seen_at,
        table_name=table_name,
        article_id=article["article_id"],
        article_version=article["version"],
        raw_sha256=article["raw_sha256"],
        row_json=_json(row),
        failed=failed if code == "failed_expectation" else [],
    )


def entity_key(table_name: str, row_json: str | None) -> str | None:
    """Key of the rejected row of an extracted table; found also where the row was cut off."""
    [key] = table(table_name).key
    found = re.search(rf'"{key}":"([a-z]-[0-9a-f]+)"', row_json or "")
    return found[1] if found else None


def _json(row: Row) -> str:
    return orjson.dumps(row, default=str).decode("utf-8")[:ROW_CHARACTERS]


def _row(
    stage: str,
    code: str,
    value: str,
    identity: str,
    location: str,
    seen_at: dt.datetime,
    *,
    table_name: str | None = None,
    article_id: str | None = None,
    article_version: str | None = None,
    raw_sha256: str | None = None,
    row_json: str | None = None,
    failed: Sequence[str] = (),
) -> Row:
    return {
        "quarantine_id": make_id("q", stage, table_name, code, identity, value),
        "stage": stage,
        "table_name": table_name,
        "article_id": article_id,
        "article_version": article_version,
        "reason_code": code,
        "reason": reason_sentence(code, value),
        "failed_expectations": list(failed),
        "row_json": row_json,
        "input_location": location,
        "raw_sha256": raw_sha256,
        "first_seen_at": seen_at,
        "replayed_at": None,
    }
