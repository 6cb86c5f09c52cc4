"""Which addresses a source still has to fetch, and which it knows already: the state of the kinds that fetch pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from pipeline.ids import sha256_text
from pipeline.sources.fetch import FetchError, Rules
from pipeline.sources.page_archive import PageArchive
from pipeline.sources.politeness import Host, Visitor, World
from pipeline.sources.urls import canonical_url
from pipeline.sources.warc import HTML_TYPES

MAX_ENTRIES = 10_000
"""Entries a feed or a list may hold: each of them is remembered."""
MAX_TRIES = 3
FORGET_AFTER_DAYS = 90
"""How long an entry is remembered after the source has stopped naming it."""
_MAX_SEEN = 4 * MAX_ENTRIES
_POLL_SECONDS = 3_600.0
_DAY_SECONDS = 86_400
_TITLE_CHARACTERS = 300


class WebOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Options of every kind that fetches pages."""

    max_items: Annotated[int, msgspec.Meta(ge=1, le=MAX_ENTRIES)] = 200
    """Pages a poll; the rest comes with the next ones."""
    delay_seconds: Annotated[float, msgspec.Meta(ge=0, le=3_600)] = 2.0
    """Pause between two fetches from one server; its robots.txt may ask for more."""
    ports: list[Annotated[int, msgspec.Meta(ge=1, le=65_535)]] = []
    """Ports beside 80 and 443."""
    allow_private: bool = False
    """For sources of the own network: private and loopback addresses may be fetched."""
    contact: Annotated[str, msgspec.Meta(pattern=r"\A[!-~ ]{0,100}\Z")] = ""
    """A mail address or page that servers see in the User-Agent."""

    @property
    def rules(self) -> Rules:
        """What fetches may do."""
        return Rules(
            ports=frozenset({80, 443, *self.ports}), allow_private=self.allow_private, contact=self.contact
        )


class Entry(msgspec.Struct, omit_defaults=True):
    """A page that a source names."""

    url: str
    entry_id: str | None = None
    """The source's own id of the entry."""
    title: str | None = None
    published: str | None = None
    tries: int = 0

    @property
    def keys(self) -> list[str]:
        """What the entry is known by: its address and its id; one that is known makes it known."""
        try:
            address = canonical_url(self.url)
        except ValueError:
            address = self.url
        return [_key(address), *([_key(self.entry_id)] if self.entry_id else [])]


def _key(text: str) -> str:
    return sha256_text(text)[:20]


class Frontier(msgspec.Struct):
    """What is known and what is still to be fetched. ``seen`` maps a key to the day (since 1970) it was last named."""

    seen: dict[str, int] = {}
    pending: list[Entry] = []
    hosts: dict[str, Host] = {}

    def offer(self, entries: Iterable[Entry], world: World) -> list[Entry]:
        """Remember what a source names now, forget what it has not named for long. Returns the new entries."""
        today = int(world.now() // _DAY_SECONDS)
        new = []
        for entry in entries:
            keys = entry.keys
            if not any(key in self.seen for key in keys):
                if entry.title:
                    entry.title = entry.title[:_TITLE_CHARACTERS]
                new.append(entry)
            self.seen.update(dict.fromkeys(keys, today))
        recent = {key: day for key, day in self.seen.items() if day > today - FORGET_AFTER_DAYS}
        self.seen = dict(sorted(recent.items(), key=lambda item: (-item[1], item[0]))[:_MAX_SEEN])
        return new

    def fetch_pending(self, visitor: Visitor, archive: PageArchive, world: World, *, max_items: int) -> None:
        """Fetch what is pending into the archive, as far as a poll goes; what fails goes to the end of the queue."""
        ends = world.now() + _POLL_SECONDS
        waiting, again = [], []
        fetched = 0
        for entry in self.pending:
            if fetched >= max_items or world.now() >= ends or visitor.is_paused(entry.url):
                waiting.append(entry)
                continue
            fetched += 1
            try:
                _fetch_page(entry, visitor, archive)
            except FetchError as error:
                entry.tries += 1
                if error.reason_code == "fetch_failed" and entry.tries < MAX_TRIES:
                    again.append(entry)
                else:
                    archive.add_failure(entry.url, error.reason_code, error.value)
        self.pending = [*waiting, *again]
        self.hosts = visitor.hosts


def _fetch_page(entry: Entry, visitor: Visitor, archive: PageArchive) -> None:
    answer = visitor.page(entry.url)
    if answer.media_type not in HTML_TYPES:
        raise FetchError("page_not_html", f"{entry.url} is {answer.media_type or 'of no declared type'}")
    archive.add_answer(answer, published=entry.published, title=entry.title, link=entry.url)
