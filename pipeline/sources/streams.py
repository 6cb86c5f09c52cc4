"""The kinds of declared sources: each brings what is new since its last state as files of a known input kind.

A kind is one function. It is given the declaration, the state that its last published batch committed (empty at
first) and a folder; it writes what is new there, and says which state that leads to. The state becomes visible in
the same commit as the articles, so what was fetched and not published is simply fetched again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pipeline.errors import ConfigError
from pipeline.sources.declaration import Declaration, declared, declared_names, options_of
from pipeline.sources.feeds import FeedOptions, fetch_feed
from pipeline.sources.fetched import Fetched, State
from pipeline.sources.kafka import fetch_kafka
from pipeline.sources.kafka_options import KafkaOptions
from pipeline.sources.url_list import UrlOptions, fetch_urls

Fetch = Callable[[Declaration, State, Path], Fetched]


@dataclass(frozen=True)
class Stream:
    """One kind of declared source."""

    kind: str
    description: str
    fetch: Fetch
    options: type[msgspec.Struct]
    """What its declarations may set."""


STREAMS: tuple[Stream, ...] = (
    Stream("feed", "an RSS or Atom feed; each new entry's page is fetched, or its full text taken", fetch_feed, FeedOptions),
    Stream("urls", "a list of web addresses, each fetched once", fetch_urls, UrlOptions),
    Stream("kafka", "a Kafka topic, one record a message in the format of a JSONL line", fetch_kafka, KafkaOptions),
)  # fmt: skip


def survey(folder: Path) -> dict[str, Declaration | ConfigError]:
    """The declared sources by name; where a declaration, its kind or its options are wrong, what is."""
    found: dict[str, Declaration | ConfigError] = {}
    for name in declared_names(folder):
        try:
            declaration = declared(folder, name)
            options_of(declaration, stream_of(declaration).options)
            found[name] = declaration
        except ConfigError as error:
            found[name] = error
    return found


def stream_of(declaration: Declaration) -> Stream:
    """The kind that a declaration names.

    Raises:
        ConfigError: there is no such kind.
    """
    for stream in STREAMS:
        if stream.kind == declaration.kind:
            return stream
    known = ", ".join(stream.kind for stream in STREAMS)
    raise ConfigError(
        f"The source {declaration.name} has the unknown kind {declaration.kind!r}; known are: {known}."
    )
