"""Which addresses a source still has to fetch, and which it knows already: the state of the kinds that fetch pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Protocol, TypeVar

import msgspec

from pipeline.ids import sha256_text
from pipeline.sources.fetch import FetchError, Rules
from pipeline.sources.page_archive import PageArchive
from pipeline.sources.politeness import Host, Visitor, World
from pipeline.sources.revisions import Revision
from pipeline.sources.warc import HTML_TYPES
from pipeline.text.urls import canonical_url

MAX_ENTRIES = 10_000
"""Entries a feed or a list may hold: each of them is remembered."""
MAX_TRIES = 3
FORGET_AFTER_DAYS = 90
"""How long an entry is remembered after the source has stopped naming it."""
_MAX_SEEN = 4 * MAX_ENTRIES
_POLL_SECONDS = 3_600.0
_DAY_SECONDS = 86_400


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
    """A page that is to be fetched."""

    url: str
    title: str | None = None
    published: str | None = None
    modified: str | None = None
    """When it changed, for a page that was fetched before."""
    tries: int = 0


class Named(Protocol):
    """Something a source names: known by its address and by the source's own id."""

    @property
    def url(self) -> str | None:
        """Its address."""

    @property
    def entry_id(self) -> str | None:
        """Its id."""


Thing = TypeVar("Thing", bound=Named)


class Frontier(msgspec.Struct):
    """What is known and what is still to be fetched. ``seen`` maps a key to the day (since 1970) it was last named."""

    seen: dict[str, int] = {}
    pending: list[Entry] = []
    hosts: dict[str, Host] = {}
    revisions: dict[str, Revision] = {}
    """Of the entries that the feed names now, by the key of their address."""

    def offer(self, named: Iterable[Thing], world: World) -> list[Thing]:
        """Remember what a source names now, forget what it has not named for long. Returns what is new."""
        today = int(world.now() // _DAY_SECONDS)
        new = []
        for thing in named:
            keys = _keys(thing)
            if not any(key in self.seen for key in keys):
                new.append(thing)
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
                self._fetch_page(entry, visitor, archive)
            except FetchError as error:
                entry.tries += 1
                if error.reason_code == "fetch_failed" and entry.tries < MAX_TRIES:
                    again.append(entry)
                else:
                    archive.add_failure(entry.url, error.reason_code, error.value)
        self.pending = [*waiting, *again]
        self.hosts = visitor.hosts

    def _fetch_page(self, entry: Entry, visitor: Visitor, archive: PageArchive) -> None:
        """Fetch a page into the archive; one that was fetched before only where it has changed since."""
        held = self.revisions.get(page_key(entry.url))
        conditions = held.conditions() if held is not None and entry.modified else {}
        answer = visitor.page(entry.url, headers=conditions)
        if answer.status == 304 and conditions:
            return
        if answer.media_type not in HTML_TYPES:
            raise FetchError("page_not_html", f"{entry.url} is {answer.media_type or 'of no declared type'}")
        if held is not None:
            held.etag, held.last_modified = answer.validator("ETag"), answer.validator("Last-Modified")
        archive.add_answer(
            answer, published=entry.published, modified=entry.modified, title=entry.title, link=entry.url
        )


def _keys(thing: Named) -> list[str]:
    """What a thing is known by; one that is known makes it known."""
    keys = [] if thing.entry_id is None else [thing.entry_id]
    if thing.url is not None:
        keys.append(canonical_url(thing.url))
    return [sha256_text(key)[:20] for key in keys]


def page_key(url: str) -> str:
    """The key of an address."""
    return sha256_text(canonical_url(url))[:20]
