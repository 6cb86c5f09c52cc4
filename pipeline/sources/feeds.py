"""The kind ``feed``: an RSS or Atom feed is followed; what is new in it becomes articles."""

from __future__ import annotations

import datetime as dt
import html
from pathlib import Path

import msgspec

from pipeline.sources.declaration import Declaration, options_of
from pipeline.sources.feed_document import MAX_FEED_BYTES, FeedDocument, FeedItem, read_feed
from pipeline.sources.fetch import Answer, FetchError
from pipeline.sources.fetched import Fetched, SourceUnavailable, State
from pipeline.sources.frontier import MAX_ENTRIES, Entry, Frontier, WebOptions, page_key
from pipeline.sources.page_archive import PageArchive
from pipeline.sources.politeness import Visitor, World
from pipeline.sources.revisions import Revision

_FEED_TYPES = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
_TITLE_CHARACTERS = 300


class FeedOptions(WebOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Options of a feed."""

    url: str
    full_text: bool = False
    """The entries hold the articles themselves; pages are fetched only for those that hold nothing."""


class FeedState(msgspec.Struct):
    """How far a feed is followed."""

    etag: str | None = None
    last_modified: str | None = None
    frontier: Frontier = msgspec.field(default_factory=Frontier)


def fetch_feed(declaration: Declaration, state: State, folder: Path, world: World | None = None) -> Fetched:
    """What a feed has that is new.

    Raises:
        ConfigError: the declaration's options are wrong.
        SourceUnavailable: the feed cannot be read now.
    """
    options, world = options_of(declaration, FeedOptions), world or World()
    known = msgspec.convert(state, FeedState)
    frontier = known.frontier
    visitor = Visitor(options.rules, world, frontier.hosts, options.delay_seconds)
    archive = PageArchive(folder / "pages.warc.gz")
    for item, modified in _poll(declaration.name, options, known, visitor, world):
        _take(item, modified, options, frontier, archive)
    frontier.fetch_pending(visitor, archive, world, max_items=options.max_items)
    return Fetched(archive.files, msgspec.to_builtins(known))


def _poll(
    name: str, options: FeedOptions, known: FeedState, visitor: Visitor, world: World
) -> list[tuple[FeedItem, str | None]]:
    """The feed's new entries and those that changed, with when they did, oldest first; the state learns of them."""

    def unavailable(why: str) -> SourceUnavailable:
        known.frontier.hosts = visitor.hosts
        return SourceUnavailable(
            f"The feed of the source {name} cannot be read: {why}. Nothing was published; it is asked again next time.",
            msgspec.to_builtins(known),
        )

    if visitor.is_paused(options.url):
        until = dt.datetime.fromtimestamp(visitor.paused_until(options.url), dt.UTC)
        raise unavailable(
            f"after an earlier failure its server is left alone until {until:%Y-%m-%d %H:%M} UTC"
        )
    asked = {"Accept": _FEED_TYPES}
    if known.etag:
        asked["If-None-Match"] = known.etag
    if known.last_modified:
        asked["If-Modified-Since"] = known.last_modified
    try:
        answer = visitor.get(options.url, headers=asked, max_bytes=MAX_FEED_BYTES)
    except FetchError as error:
        raise unavailable(error.value) from error
    if answer.status == 304:
        return []
    found = read_feed(FeedDocument(answer.content, answer.url, _charset(answer), MAX_ENTRIES))
    if found.problem is not None:
        raise unavailable(f"{options.url}: {found.problem}")
    known.etag, known.last_modified = answer.validator("ETag"), answer.validator("Last-Modified")
    items = list(reversed(found.items))
    new = known.frontier.offer(items, world)
    changed, is_put_off = _changed(items, known.frontier, world)
    if is_put_off:
        known.etag = known.last_modified = None  # the next poll is to see these changes again
    return [*((item, None) for item in new), *changed]


def _changed(
    items: list[FeedItem], frontier: Frontier, world: World
) -> tuple[list[tuple[FeedItem, str | None]], bool]:
    """Entries that changed since their page was asked for, and whether others did that have to wait."""
    held, frontier.revisions = frontier.revisions, {}
    changed: list[tuple[FeedItem, str | None]] = []
    is_put_off = False
    for item in items:
        if item.url is None or (key := page_key(item.url)) in frontier.revisions:
            continue
        frontier.revisions[key] = revision = held.get(key) or Revision.of(item, world.now())
        if not revision.is_behind(item):
            continue
        if revision.is_rested(world.now()):
            changed.append((item, revision.advance(item, world.now())))
        else:
            is_put_off = True
    return changed, is_put_off


def _take(
    item: FeedItem, modified: str | None, options: FeedOptions, frontier: Frontier, archive: PageArchive
) -> None:
    """An entry with its text becomes a page at once, others wait to be fetched."""
    if item.url is None:
        archive.add_failure(
            options.url, "fetch_refused", f"the entry {item.title or item.entry_id!r} has no address"
        )
    elif options.full_text and item.html is not None:
        archive.add_answer(
            _page(item.url, item.title, item.html),
            published=item.published,
            modified=modified,
            title=item.title,
        )
    else:
        title = item.title[:_TITLE_CHARACTERS] if item.title else None
        entry = Entry(url=item.url, title=title, published=item.published, modified=modified)
        if modified is None or all(page_key(one.url) != page_key(entry.url) for one in frontier.pending):
            frontier.pending.append(entry)


def _page(url: str, title: str | None, content: str) -> Answer:
    """An entry's content as the page that it would be."""
    page = f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{html.escape(title or "")}</title></head><body><article>{content}</article></body></html>'
    raw = page.encode("utf-8", errors="replace")
    return Answer(
        url=url,
        status=200,
        phrase="OK",
        headers=[("Content-Type", "text/html; charset=utf-8")],
        raw=raw,
        content=raw,
    )


def _charset(answer: Answer) -> str | None:
    """The character set in the header of an answer."""
    _, _, parameter = (answer.header("Content-Type") or "").lower().partition("charset=")
    return parameter.partition(";")[0].strip(" \"'") or None
