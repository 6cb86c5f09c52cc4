"""The input kinds and how one is found: by the ending of the file's name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from pipeline.errors import SourceError
from pipeline.ids import sha256_text
from pipeline.sources.csv_file import read_csv
from pipeline.sources.html_page import Page, read_html, read_page, rejected_page
from pipeline.sources.items import (
    EXCERPT_CHARACTERS,
    MAX_ARTICLE_BYTES,
    FailedItem,
    GatedPage,
    ParsedArticle,
    RejectedInput,
)
from pipeline.sources.jsonl import read_jsonl
from pipeline.sources.kafka_file import (
    KAFKA_ENDING,
    KeptMessage,
    read_message,
    read_messages,
    rejected_message,
)
from pipeline.sources.parquet_file import read_parquet
from pipeline.sources.raw import RawObject, keep_raw, path_text
from pipeline.sources.text_file import read_text
from pipeline.sources.warc import read_warc
from pipeline.text.guard import Outcome, map_guarded

LOG = logging.getLogger(__name__)
Item = ParsedArticle | GatedPage | FailedItem
Made = TypeVar("Made")
PAGE_SECONDS = 8.0
"""After this long the process of a page is killed; with the start of another, a hostile page holds up its batch ten seconds. A
page that hangs a parser once hangs it again, so it has one try."""
PAGES_AT_ONCE = 8
Part = TypeVar("Part", Page, KeptMessage)


@dataclass(frozen=True)
class Source:
    """One input kind, with one of four ways to read a file.

    ``read_one`` reads a file that is one article; ``read_many`` gives the items of a file that holds many;
    ``read_pages`` gives pages, each parsed in a process that can be killed, and items that are no pages;
    ``read_messages`` does so for messages.
    """

    name: str
    endings: tuple[str, ...]
    description: str
    read_one: Callable[[RawObject], ParsedArticle] | None = None
    read_many: Callable[[RawObject], Iterator[Item]] | None = None
    read_pages: Callable[[RawObject], Iterator[Page | FailedItem]] | None = None
    read_messages: Callable[[RawObject], Iterator[KeptMessage | FailedItem]] | None = None
    is_guarded: bool = False


SOURCES = (
    Source("jsonl", (".jsonl", ".ndjson"), "JSON Lines, one article a line (id, title, text, published_at, source, url, language)", read_many=read_jsonl),
    Source("csv", (".csv", ".tsv"), "CSV, one article a row; the columns are named like the fields of a JSONL record", read_many=read_csv),
    Source("parquet", (".parquet",), "Parquet, one article a row; the columns are named like the fields of a JSONL record", read_many=read_parquet),
    Source("kafka", (KAFKA_ENDING,), "messages read from a Kafka topic, one article a message, as a declared source keeps them", read_messages=read_messages),
    Source("text", (".txt",), "plain text, one article a file; the first line is the title, the name ends with the date", read_one=read_text),
    Source("html", (".html", ".htm"), "HTML pages, one article a file; date, title and address from the page's metadata", read_one=read_html, is_guarded=True),
    Source("warc", (".warc", ".warc.gz"), "web archives (WARC), one article an HTML response", read_pages=read_warc),
)  # fmt: skip


def source_of(name: str) -> Source | None:
    """The source that reads files of this name, if any; the longest ending decides."""
    fitting = [
        (len(ending), source)
        for source in SOURCES
        for ending in source.endings
        if name.lower().endswith(ending)
    ]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


def find_files(paths: Iterable[str | Path], own_paths: Sequence[Path] = ()) -> list[Path]:
    """All files of the paths, folders walked, sorted; hidden files and unfinished ones (``.part``, ``.tmp``) left out.

    ``own_paths``, whole and without links, are the product's: left out where a folder that is walked contains them, and told.

    Raises:
        SourceError: a path does not exist.
    """
    found: set[Path] = set()
    left_out: set[Path] = set()
    for given in paths:
        path = Path(given)
        if not str(given) or not path.exists():
            told = repr(given) if not str(given) else given  # the empty path would be the working directory
            raise SourceError(f"There is no file or folder {told}. Give the path of articles to read.")
        if path.is_dir():
            base = path.resolve()
            inside = [own for own in own_paths if base in own.parents and own.exists()]
            left_out.update(inside)
            found.update(_walk(path, [own.relative_to(base).parts for own in inside]))
        else:
            found.add(path.absolute())
    if left_out:
        listed = ", ".join(str(path) for path in sorted(left_out))
        LOG.warning("Left out, for it is the pipeline's own and no article: %s.", listed)
    return sorted(found)


def _walk(folder: Path, left_out: Sequence[tuple[str, ...]]) -> Iterator[Path]:
    for path in folder.absolute().rglob("*"):
        inside = path.relative_to(folder.absolute()).parts
        if (
            path.is_file()
            and not any(part.startswith(".") for part in inside)
            and path.suffix not in {".part", ".tmp"}
            and not any(inside[: len(own)] == own for own in left_out)
        ):
            yield path


def keep_files(files: Sequence[Path], store: Path) -> tuple[list[RawObject], list[FailedItem]]:
    """Keep the original bytes of the files; those that cannot be read become failed items."""
    kept: list[RawObject] = []
    failed: list[FailedItem] = []
    for path in files:
        try:
            kept.append(keep_raw(path, store))
        except OSError as error:
            location, identity = path_text(path), sha256_text(path_text(Path(path.name)))
            failed.append(
                _failed("unreadable_file", error.strerror or str(error), location, identity, None, None)
            )
    return kept, failed


def read_items(objects: Iterable[RawObject], *, workers: int, is_gated: bool = False) -> Iterator[Item]:
    """All items of the kept files, in no order that matters; pages of archives through the gate where ``is_gated``."""
    guarded: dict[str, list[RawObject]] = {}
    for raw in objects:
        source = source_of(raw.name)
        if source is None:
            yield _reject(
                raw, RejectedInput("unknown_extension", Path(raw.name).suffix or f"nothing ({raw.name})")
            )
        elif raw.byte_count == 0:
            yield _reject(raw, RejectedInput("empty_file", "0 bytes"))
        elif source.read_many is not None:
            yield from _read_stream(source.read_many(raw), raw)
        elif source.read_pages is not None:
            pages = _read_stream(source.read_pages(raw), raw)
            yield from parse_pages(pages, workers=workers, is_gated=is_gated)
        elif source.read_messages is not None:
            yield from parse_messages(_read_stream(source.read_messages(raw), raw), workers=workers)
        elif raw.byte_count > MAX_ARTICLE_BYTES:
            yield _reject(raw, RejectedInput("file_too_large", f"{raw.byte_count:,} bytes"))
        elif source.is_guarded:
            guarded.setdefault(source.name, []).append(raw)
        else:
            yield read_file(raw)
    for name_objects in guarded.values():
        for outcome in map_guarded(
            read_file,
            name_objects,
            workers=workers,
            seconds=PAGE_SECONDS,
            tries=1,
            at_once=PAGES_AT_ONCE,
        ):
            if outcome.made is not None:
                yield outcome.made
            else:
                yield _reject(outcome.given, RejectedInput("parse_failed", outcome.failure or ""))


def _read_stream(made: Iterator[Made], raw: RawObject) -> Iterator[Made | FailedItem]:
    """What a file gives up to where it cannot be read on, which is one failed item more."""
    try:
        yield from made
    except RejectedInput as rejected:
        yield _reject(raw, rejected)


def parse_pages(found: Iterable[Page | Item], *, workers: int, is_gated: bool = False) -> Iterator[Item]:
    """The items of the pages, in processes that can be killed; what is an item already goes through."""
    parse = partial(read_page, is_gated=is_gated)
    guarded = partial(
        map_guarded, parse, workers=workers, seconds=PAGE_SECONDS, tries=1, at_once=PAGES_AT_ONCE
    )
    return _parse_guarded(found, Page, guarded, rejected_page)


def parse_messages(found: Iterable[KeptMessage | Item], *, workers: int) -> Iterator[Item]:
    """The items of the messages, likewise."""
    read: Callable[[KeptMessage], Item] = read_message
    return _parse_guarded(found, KeptMessage, partial(map_guarded, read, workers=workers), rejected_message)


def _parse_guarded(
    found: Iterable[Part | Item],
    part: type[Part],
    guarded: Callable[[Iterator[Part]], Iterator[Outcome[Part, Item]]],
    reject: Callable[[Part, RejectedInput], FailedItem],
) -> Iterator[Item]:
    items: list[Item] = []

    def parts() -> Iterator[Part]:
        for one in found:
            if isinstance(one, part):
                yield one
            elif isinstance(one, ParsedArticle | GatedPage | FailedItem):
                items.append(one)

    for outcome in guarded(parts()):
        if outcome.made is not None:
            yield outcome.made
        else:
            yield reject(outcome.given, RejectedInput("parse_failed", outcome.failure or ""))
    yield from items


def read_file(raw: RawObject) -> Item:
    """The one article of a file, or why there is none."""
    source = source_of(raw.name)
    if source is None or source.read_one is None:
        raise SourceError(f"{raw.name} is no file of one article.")
    try:
        return source.read_one(raw)
    except RejectedInput as rejected:
        return _reject(raw, rejected)


def _reject(raw: RawObject, rejected: RejectedInput) -> FailedItem:
    with raw.path.open("rb") as stream:
        excerpt = stream.read(EXCERPT_CHARACTERS).decode("utf-8", errors="replace")
    identity = sha256_text(raw.name, raw.sha256)
    return _failed(rejected.reason_code, rejected.value, raw.location, identity, raw.sha256, excerpt)


def _failed(
    code: str, value: str, location: str, identity: str, raw_sha256: str | None, content: str | None
) -> FailedItem:
    return FailedItem(
        reason_code=code,
        value=value,
        content=content,
        content_sha256=identity,
        input_location=location,
        raw_sha256=raw_sha256,
    )
