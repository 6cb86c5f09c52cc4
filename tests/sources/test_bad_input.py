"""Bad input never stops a batch and never disappears: each case is quarantined with its reason, the good rest goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import stages
from pipeline.batches.publication import published_ledger
from pipeline.batches.staging import StagedBatch
from pipeline.config import Settings
from pipeline.errors import SourceError
from pipeline.lake.snapshot import Snapshot
from pipeline.sources.registry import find_files, keep_files
from tests.articles import record


def line(**changes: object) -> bytes:
    return json.dumps(record(9, **changes)).encode() + b"\n"


def without(field: str) -> bytes:
    return json.dumps({name: value for name, value in record(9).items() if name != field}).encode() + b"\n"


CASES: dict[str, tuple[str, bytes, str]] = {
    "broken JSON": ("a.jsonl", b'{"id": "a", "text": \n', "broken_json"),
    "JSON too deep": ("a.jsonl", b'{"a":' * 100_000, "broken_json"),
    "JSON that is no object": ("a.jsonl", b"[1, 2]\n", "wrong_type"),
    "a field of the wrong type": ("a.jsonl", line(text=["a", "b"]), "wrong_type"),
    "a lone surrogate": (
        "a.jsonl",
        b'{"id": "a", "text": "\\ud800", "published_at": "2025-01-01"}\n',
        "broken_json",
    ),
    "an empty file": ("a_2025-01-01.txt", b"", "empty_file"),
    "a file of blanks": ("a_2025-01-01.txt", b" \n\n", "empty_file"),
    "a binary file": ("a_2025-01-01.txt", bytes(range(256)), "binary_file"),
    "text cut inside a character": (
        "a_2025-01-01.txt",
        "Zoë was hurt in Orléans, é".encode()[:-1],
        "undecodable_text",
    ),
    "a 50 MB line": ("a.jsonl", b'{"id": "a", "text": "' + b"x" * 50_000_000 + b'"}\n', "line_too_long"),
    "a text of 11 MB": ("a_2025-01-01.txt", b"word " * 2_200_000, "file_too_large"),
    "no date": ("a.jsonl", without("published_at"), "missing_published_at"),
    "an empty date": ("a.jsonl", line(published_at=" "), "missing_published_at"),
    "a date that is none": ("a.jsonl", line(published_at="yesterday"), "bad_published_at"),
    "a date in the future": ("a.jsonl", line(published_at="2190-01-01"), "bad_published_at"),
    "the year 25": ("a.jsonl", line(published_at="0025-01-01"), "bad_published_at"),
    "no text": ("a.jsonl", without("text"), "missing_text"),
    "a text of dots": ("a.jsonl", line(text="..."), "missing_text"),
    "an unknown extension": ("a.docx", b"words", "unknown_extension"),
    "no extension": ("README", b"words", "unknown_extension"),
    "a 300-character id": ("a.jsonl", line(id="x" * 300), "id_too_long"),
    "an id with a path step": ("a.jsonl", line(id="../../evil"), "id_unsafe"),
    "an id with a NUL": ("a.jsonl", line(id="a\x00b"), "id_unsafe"),
    "a page without an article": (
        "a_2025-01-01.html",
        b"<html><body><nav>Home</nav></body></html>",
        "no_main_text",
    ),
    "a page with 100,000 nested tags": ("a_2025-01-01.html", b"<div>" * 100_000, "parse_failed"),
    "a text without a date in its name": (
        "a.txt",
        b"Title\nGunmen killed two people.\n",
        "missing_published_at",
    ),
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """All cases and a good article in one batch; quarantine rows by the folder of their case."""
    root = tmp_path_factory.mktemp("bad")
    home = Settings(home=root / "home", lake=root / "home" / "lake", workers=1)
    for number, (name, content, _) in enumerate(CASES.values()):
        (root / "in" / str(number)).mkdir(parents=True)
        (root / "in" / str(number) / name).write_bytes(content)
    (root / "in" / "good.jsonl").write_bytes(line(id="good"))
    ledger = published_ledger(stages.run([root / "in"], home), home.lake)
    assert ledger is not None
    assert (ledger["items_failed"], ledger["articles_new"], ledger["reports_accepted"]) == (len(CASES), 1, 1)
    with Snapshot(home.lake) as snapshot:
        rows = snapshot.rows("SELECT * FROM quarantine")
    return {Path(row["input_location"]).parent.name: row for row in rows}


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=list(CASES))
def test_is_quarantined_with_its_reason(
    outcome: dict[str, dict[str, object]], number: int, case: str
) -> None:
    row = outcome[str(number)]
    assert row["reason_code"] == CASES[case][2]
    assert str(row["reason"]).endswith(".")
    assert "{value}" not in str(row["reason"])


def test_a_file_that_cannot_be_read_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").write_bytes(line())
    (tmp_path / "b.jsonl").write_bytes(line())
    original = Path.open

    def refuse(path: Path, *args: object, **kwargs: object) -> object:
        if path.name == "a.jsonl":
            raise PermissionError(13, os.strerror(13), str(path))
        return original(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", refuse)
    kept, failed = keep_files(find_files([tmp_path]), tmp_path / "raw")
    assert [raw.name for raw in kept] == ["b.jsonl"]
    assert [(item.reason_code, item.value) for item in failed] == [("unreadable_file", "Permission denied")]


@pytest.mark.parametrize("walked", [".", "..", "link"])
def test_the_state_of_the_pipeline_is_not_read_as_articles(
    home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    walked: str,
) -> None:
    """Not by way of a folder that contains it; what is named itself is read, and the drop folder in any case."""
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "a.jsonl").write_bytes(line())
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path / "beside" if walked == ".." else tmp_path)
    for kept in (
        home.lake / "articles" / "b.parquet",
        home.raw / "ab" / "b.jsonl",
        home.database,
        home.inbox / "b.jsonl",
    ):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(line())
    read = find_files([walked], home.own_paths)
    assert {path.resolve() for path in read} == {tmp_path / "beside" / "a.jsonl", home.inbox / "b.jsonl"}
    [told] = caplog.messages
    assert all(str(path) in told for path in (home.lake, home.raw, home.database))
    assert [path.name for path in find_files([home.inbox], home.own_paths)] == ["b.jsonl"]
    assert find_files([home.raw], home.own_paths)


def test_a_file_whose_name_is_no_utf_8_is_read(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/in/caf\xe9.jsonl")).write_bytes(line() + b"broken\n")
    batch_id = stages.ingest([tmp_path / "in"], home)
    staged = StagedBatch(home.staging, batch_id)
    locations = {row["input_location"] for row in staged.read_rows("ingest", "quarantine")}
    assert locations == {f"{tmp_path}/in/caf\\xe9.jsonl:2"}
    assert staged.read_arrow("ingest", "articles").num_rows == 1


def test_the_empty_path_is_not_the_working_directory(home: Settings) -> None:
    with pytest.raises(SourceError, match="There is no file or folder ''"):
        stages.ingest([""], home)


def test_text_in_another_charset_is_read(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "latin_2025-03-03.txt").write_bytes(
        "Café attacked\nA bomb exploded in a café in Algiers on Sunday.".encode("cp1252")
    )
    stages.run([tmp_path / "latin_2025-03-03.txt"], home)
    with Snapshot(home.lake) as snapshot:
        assert snapshot.rows("SELECT title FROM articles WHERE charset LIKE 'detected:%'") == [
            {"title": "Café attacked"}
        ]


def test_a_page_gives_its_article_without_the_rest(home: Settings) -> None:
    from pipeline.config import SAMPLES_DIR

    stages.run([SAMPLES_DIR / "articles" / "yemen_front.html"], home)
    with Snapshot(home.lake) as snapshot:
        [row] = snapshot.rows("SELECT title, text, source_name, published_at_source, url FROM articles")
    assert row["title"] == "Houthi missile hits market in Marib"
    assert (row["source_name"], row["published_at_source"]) == ("Red Sea Times", "json_ld")
    assert row["url"] == "https://red-sea-times.example/marib"
    assert not any(
        words in row["text"] for words in ("cookie", "Rebels storm prison", "newsletter", "99 people")
    )


def test_the_same_record_twice_is_one_article(home: Settings, write_jsonl: Callable[..., Path]) -> None:
    ledger = published_ledger(stages.run([write_jsonl("a.jsonl", record(1), record(1))], home), home.lake)
    assert ledger is not None
    assert (ledger["articles_new"], ledger["articles_duplicate"]) == (1, 1)
