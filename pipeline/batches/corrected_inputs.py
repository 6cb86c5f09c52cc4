"""A rejected input that a person has corrected: a raw object of its own, read like any other input."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

import orjson

from pipeline.errors import ReviewError
from pipeline.quality.quarantine import reason_sentence
from pipeline.records import ArticleRecord
from pipeline.sources.fields import parse_published
from pipeline.sources.items import FailedItem, RejectedInput
from pipeline.sources.jsonl import read_jsonl
from pipeline.sources.locations import file_of
from pipeline.sources.raw import RawObject, keep_raw, raw_path, whole
from pipeline.sources.registry import source_of

Row = dict[str, Any]
_CORRECTED = ".corrected.jsonl"
_FIELDS = ArticleRecord.__struct_fields__
_DATELESS = {"missing_published_at", "bad_published_at"}


def corrected_input(row: Row, corrections: dict[str, str], store: Path, folder: Path) -> RawObject:
    """The corrected input of a quarantine row.

    A record becomes a file of one line; of a page or text without a usable date the kept bytes are read under a name
    that ends with the date, which is where such files may tell it.

    Raises:
        ReviewError: the input cannot be corrected this way; the message says what to do.
        LakeError: the kept bytes are gone or damaged.
    """
    name = file_of(row["input_location"]).name
    source = source_of(name)
    if source is not None and source.name in {"jsonl", "csv", "parquet", "kafka"}:
        return _corrected_record(row, corrections, store, folder)
    if source is not None and source.name in {"html", "text"} and row["reason_code"] in _DATELESS:
        return _dated_file(row, corrections, store, name)
    raise ReviewError(
        f"{row['quarantine_id']} is no record whose fields could be set ({name}, {row['reason_code']}). {row['reason']}"
    )


def corrected_id(location: str) -> str | None:
    """The quarantine row that a corrected input is of, by the file's location; ``None`` where it is none."""
    found = re.fullmatch(rf"(q-[0-9a-f]+)({re.escape(_CORRECTED)}|/[^/]+)", location)
    return found[1] if found else None


def _corrected_record(row: Row, corrections: dict[str, str], store: Path, folder: Path) -> RawObject:
    if unknown := sorted(corrections.keys() - set(_FIELDS)):
        raise ReviewError(f"A record has no field {', '.join(unknown)}. Fields: {', '.join(_FIELDS)}.")
    record = _record(row)
    record |= {name: None if text == "null" else text for name, text in corrections.items()}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{row['quarantine_id']}{_CORRECTED}"
    path.write_bytes(orjson.dumps(record, option=orjson.OPT_SORT_KEYS) + b"\n")
    [item] = read_jsonl(RawObject(path=path, sha256="", name=path.name, location=path.name))
    if isinstance(item, FailedItem):
        told = reason_sentence(item.reason_code, item.value)
        raise ReviewError(f"The corrected record would be rejected again, so nothing was changed. {told}")
    kept = keep_raw(path, store)
    return RawObject(path=kept.path, sha256=kept.sha256, name=path.name, location=path.name)


def _record(row: Row) -> Row:
    """The record as it was read; of an article that it became the fields it had; of a row of CSV the cells, whose columns must be told apart by a header that is gone."""
    try:
        record = orjson.loads(row["row_json"] or "")
    except orjson.JSONDecodeError as error:
        cells = next(csv.reader(io.StringIO(row["row_json"] or "")), [])
        raise ReviewError(
            f"The record of {row['quarantine_id']} cannot be read as JSON ({error}; it holds {len(cells)} cells or a broken "
            "line), so single fields cannot be set. Correct the file and put it in again."
        ) from error
    if not isinstance(record, dict):
        raise ReviewError(
            f"The record of {row['quarantine_id']} is no object. Correct the file and put it in again."
        )
    if row["table_name"] == "articles":
        record |= {
            "id": record["source_article_id"],
            "source": record["source_name"],
            "published_at": _published_at(record),
        }
    return {name: record.get(name) for name in _FIELDS if name in record}


def _published_at(article: Row) -> str:
    """When an article row was published, as a record tells it: the same instant, the same calendar day, as exact."""
    day = article["published_on"]
    if article["published_at_certainty"] == "day":
        return str(day)
    moment = dt.datetime.fromisoformat(article["published_at"])
    offsets = sorted(range(-14, 15), key=abs)
    told = (moment.astimezone(dt.timezone(dt.timedelta(hours=hours))).isoformat() for hours in offsets)
    return next((text for text in told if text.startswith(day)), moment.isoformat())


def _dated_file(row: Row, corrections: dict[str, str], store: Path, name: str) -> RawObject:
    if set(corrections) != {"published_at"}:
        raise ReviewError("Of a page or text file only published_at can be set.")
    try:
        _, day = parse_published(corrections["published_at"])
    except RejectedInput as error:
        raise ReviewError(f"published_at cannot be {corrections['published_at']!r}: {error}.") from error
    dated = f"{Path(name).stem}_{day.isoformat()}{Path(name).suffix}"
    kept, sha256 = raw_path(store, row["raw_sha256"]), row["raw_sha256"]
    return whole(RawObject(path=kept, sha256=sha256, name=dated, location=f"{row['quarantine_id']}/{dated}"))
