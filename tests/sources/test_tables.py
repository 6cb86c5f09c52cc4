"""CSV and Parquet files: each good row is an article, each bad one is in quarantine with its reason."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline import stages
from pipeline.batches.publication import published_ledger
from pipeline.config import Settings
from pipeline.lake.snapshot import Snapshot
from pipeline.sources.items import FailedItem, ParsedArticle
from pipeline.sources.raw import keep_raw
from pipeline.sources.registry import read_items
from tests.articles import record

FIELDS = list(record())


def read(path: Path) -> tuple[list[ParsedArticle], list[FailedItem]]:
    items = list(read_items([keep_raw(path, path.parent / "raw")], workers=1))
    return (
        [item for item in items if isinstance(item, ParsedArticle)],
        [item for item in items if isinstance(item, FailedItem)],
    )


def csv_text(*records: dict[str, Any], delimiter: str = ",", columns: list[str] = FIELDS) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue()


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def reasons(failed: list[FailedItem]) -> list[str]:
    return [item.reason_code for item in failed]


@pytest.fixture(scope="module")
def as_jsonl(tmp_path_factory: pytest.TempPathFactory) -> ParsedArticle:
    path = tmp_path_factory.mktemp("same") / "a.jsonl"
    path.write_text(json.dumps(record(1)) + "\n")
    [[article], _] = read(path)
    return article


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_row_is_the_article_its_jsonl_line_is(
    tmp_path: Path, as_jsonl: ParsedArticle, delimiter: str
) -> None:
    ending = "tsv" if delimiter == "\t" else "csv"
    [[article], failed] = read(write(tmp_path / f"a.{ending}", csv_text(record(1), delimiter=delimiter)))
    assert failed == []
    assert (article.article_id, article.text_sha256) == (as_jsonl.article_id, as_jsonl.text_sha256)
    assert (article.content_type, article.input_location) == ("csv", f"{tmp_path}/a.{ending}:2")


def test_a_parquet_row_is_the_article_its_jsonl_line_is(tmp_path: Path, as_jsonl: ParsedArticle) -> None:
    pq.write_table(pa.Table.from_pylist([record(1)]), tmp_path / "a.parquet")
    [[article], failed] = read(tmp_path / "a.parquet")
    assert failed == []
    assert (article.article_id, article.text_sha256) == (as_jsonl.article_id, as_jsonl.text_sha256)
    assert (article.content_type, article.input_location) == ("parquet", f"{tmp_path}/a.parquet:1")


def test_bad_csv_rows_are_rejected_one_by_one(tmp_path: Path) -> None:
    lines = csv_text(record(1), record(2), record(3, published_at="soon"), record(4, text=" ")).splitlines()
    bad = ["only,three,cells", '"t-7","quote"inside,x,2025-01-01,s,u,en', "../x,a,b,2025-01-01,s,u,en"]
    [good, failed] = read(write(tmp_path / "a.csv", "\r\n".join([*lines[:2], *bad, "", *lines[2:]]) + "\r\n"))
    assert [article.source_article_id for article in good] == ["t-1", "t-2"]
    assert reasons(failed) == ["broken_row", "broken_row", "id_unsafe", "bad_published_at", "missing_text"]
    assert failed[0].content == "only,three,cells\r\n"
    assert [item.input_location.rpartition(":")[2] for item in failed] == ["3", "4", "5", "8", "9"]


def test_a_cell_may_span_lines(tmp_path: Path) -> None:
    text = 'Two men were shot.\nPolice said: "We are looking, still."'
    [[first, second], failed] = read(write(tmp_path / "a.csv", csv_text(record(1, text=text), record(2))))
    assert (first.text, failed) == (text, [])
    assert second.input_location.endswith(":4")


def test_columns_come_in_any_order_and_case_and_unknown_ones_are_ignored(tmp_path: Path) -> None:
    [[article], failed] = read(
        write(tmp_path / "a.csv", "\ufeffTEXT, Published_At ,rating\nA man was shot in Basra.,2025-03-05,9\n")
    )
    assert (article.text, article.source_name, failed) == ("A man was shot in Basra.", "unknown", [])


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("id,body,published_at", "text; it has id, body, published_at"),
        ("id,text", "published_at; it has id, text"),
        ("text,text,published_at", "text is there twice"),
    ],
)
def test_a_table_without_its_columns_is_rejected_whole(tmp_path: Path, header: str, value: str) -> None:
    [good, failed] = read(write(tmp_path / "a.csv", f"{header}\na,b,c\nd,e,f\n"))
    assert (good, reasons(failed), failed[0].value) == ([], ["missing_columns"], value)
    if "twice" not in value:
        pq.write_table(pa.table({name: ["a"] for name in header.split(",")}), tmp_path / "a.parquet")
        [good, failed] = read(tmp_path / "a.parquet")
        assert (good, reasons(failed), failed[0].value) == ([], ["missing_columns"], value)


def test_a_row_with_broken_characters_is_rejected_alone(tmp_path: Path) -> None:
    lines = csv_text(record(1, title="Orléans é"), record(2, title="XX"), record(3)).encode()
    [good, failed] = read(write(tmp_path / "a.csv", lines.replace(b"XX", b"Orl\xe9ans")))
    assert ([a.source_article_id for a in good], reasons(failed)) == (["t-1", "t-3"], ["undecodable_text"])


@pytest.mark.parametrize("charset", ["utf-16", "utf-8-sig", "cp1252"])
def test_a_table_in_another_charset_is_read(tmp_path: Path, charset: str) -> None:
    title = "Café attacked in Orléans, préfet says"
    [[article], failed] = read(write(tmp_path / "a.csv", csv_text(record(1, title=title)).encode(charset)))
    assert (article.title, failed) == (title, [])


def test_a_table_cut_inside_a_utf_16_character_keeps_what_came_before(tmp_path: Path) -> None:
    content = csv_text(record(1), record(2)).encode("utf-16")[:-5]
    [good, failed] = read(write(tmp_path / "a.csv", content))
    assert ([a.source_article_id for a in good], reasons(failed)) == (["t-1"], ["undecodable_text"])


def test_an_endless_row_is_cut_off_and_reading_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 2000
    monkeypatch.setattr("pipeline.sources.csv_file.MAX_ROW_CHARACTERS", limit)
    row = csv_text(record(2)).splitlines()[1]
    content = csv_text(record(1)) + '"' + "x\n" * (limit // 2 + 10) + row + "\n"
    [good, failed] = read(write(tmp_path / "a.csv", content))
    assert {a.source_article_id for a in good} == {"t-1", "t-2"}
    assert reasons(failed)[0] == "line_too_long"
    content = csv_text(record(1)) + "y" * (limit * 3) + "\n" + row + "\n"
    [good, failed] = read(write(tmp_path / "b.csv", content))
    assert ({a.source_article_id for a in good}, reasons(failed)) == ({"t-1", "t-2"}, ["line_too_long"])


def test_a_table_with_nothing_but_its_header_holds_no_item(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.csv", csv_text())) == ([], [])


@pytest.mark.parametrize("content", [b"\n\n", b"\x00\x01\x02\x03" * 50])
def test_a_csv_file_that_is_no_table_is_rejected(tmp_path: Path, content: bytes) -> None:
    [good, failed] = read(write(tmp_path / "a.csv", content))
    assert (good, len(failed)) == ([], 1)


@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_stop_the_csv_reader(tmp_path: Path, content: bytes, has_header: bool) -> None:
    header = b"id,text,published_at\n" if has_header else b""
    good, failed = read(write(tmp_path / "a.csv", header + content))
    assert all(item.reason_code for item in failed)
    assert all(article.text for article in good)


def test_typed_parquet_columns_are_read(tmp_path: Path) -> None:
    moment = dt.datetime(2025, 3, 5, 23, 30, tzinfo=dt.UTC)
    zone = pa.timestamp("ns", tz="Asia/Baghdad")
    table = pa.table(
        {
            "id": pa.array([7], pa.int32()),
            "text": pa.array(["A man was shot in Basra."]).dictionary_encode(),
            "published_at": pa.array([moment], pa.timestamp("us", tz="UTC")).cast(zone),
            "title": pa.array([b"Shot in Basra"], pa.binary()),
            "extra": pa.array([[1, 2]]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    [[article], failed] = read(tmp_path / "a.parquet")
    assert failed == []
    assert (article.source_article_id, article.title) == ("7", "Shot in Basra")
    assert (article.published_at, article.published_on) == (moment, dt.date(2025, 3, 6))


def test_bad_parquet_rows_are_rejected_one_by_one(tmp_path: Path) -> None:
    rows = [record(1), record(2, text=None), record(3, published_at=None), record(4, id="a\0b"), record(5)]
    table = pa.Table.from_pylist(rows)
    broken = pa.array([b"a", b"b", b"c", b"d", b"e"], pa.binary())
    titles = pa.StringArray.from_buffers(
        5, broken.buffers()[1], pa.py_buffer(b"abcd\xff")
    )  # string column with bytes that are no UTF-8
    table = table.set_column(table.column_names.index("title"), "title", titles)
    pq.write_table(table, tmp_path / "a.parquet")
    [good, failed] = read(tmp_path / "a.parquet")
    assert [article.source_article_id for article in good] == ["t-1"]
    assert reasons(failed) == ["missing_text", "missing_published_at", "id_unsafe", "undecodable_text"]
    assert json.loads(failed[0].content or "")["id"] == "t-2"
    assert [item.input_location.rpartition(":")[2] for item in failed] == ["2", "3", "4", "5"]


def test_a_column_of_the_wrong_type_rejects_its_rows(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"text": [["a"], ["b"]], "published_at": ["2025-01-01"] * 2}), tmp_path / "a.parquet"
    )
    [good, failed] = read(tmp_path / "a.parquet")
    assert (good, reasons(failed)) == ([], ["wrong_type", "wrong_type"])


def test_a_damaged_row_group_costs_only_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.Table.from_pylist([record(n) for n in range(4)]), path, row_group_size=2, compression="zstd"
    )
    file = pq.ParquetFile(path)
    text = file.metadata.row_group(0).column(FIELDS.index("text"))
    start = text.dictionary_page_offset or text.data_page_offset
    content = bytearray(path.read_bytes())
    content[start + 20 : start + 60] = b"\xff" * 40
    path.write_bytes(content)
    [good, failed] = read(path)
    assert [article.source_article_id for article in good] == ["t-2", "t-3"]
    assert reasons(failed) == ["broken_parquet"]


@pytest.mark.parametrize("damage", ["cut", "noise", "not parquet"])
def test_a_broken_parquet_file_is_rejected_whole(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist([record(1)]), path)
    content = path.read_bytes()
    changed = {
        "cut": content[:-20],
        "noise": content[:-60] + b"\x7f" * 52 + content[-8:],
        "not parquet": b"x" * 50,
    }
    [good, failed] = read(write(path, changed[damage]))
    assert (good, reasons(failed)) == ([], ["broken_parquet"])


def test_a_parquet_bomb_is_contained(tmp_path: Path) -> None:
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 120, pa.int32()), pa.array(["word " * 1_000_000]))
    table = pa.table({"text": text, "published_at": ["2025-01-01"] * 120})
    pq.write_table(table, tmp_path / "a.parquet", compression="zstd")
    assert (tmp_path / "a.parquet").stat().st_size < 100_000
    [good, failed] = read(tmp_path / "a.parquet")
    assert (good, reasons(failed)) == ([], ["broken_parquet"])


def test_tables_flow_to_the_lake_and_the_ledger_holds(home: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "a.csv", csv_text(record(1), record(2), record(3, published_at="")))
    pq.write_table(pa.Table.from_pylist([record(2), record(4)]), folder / "b.parquet")
    ledger = published_ledger(stages.run([folder], home), home.lake)
    assert ledger is not None
    assert (ledger["items_fetched"], ledger["items_failed"]) == (5, 1)
    assert ledger["articles_new"] + ledger["articles_updated"] + ledger["articles_duplicate"] == 4
    with Snapshot(home.lake) as snapshot:
        types = Counter(row["content_type"] for row in snapshot.rows("SELECT content_type FROM articles"))
    assert set(types) == {"csv", "parquet"}
