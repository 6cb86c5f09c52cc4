"""The kind ``urls``: a list of web addresses, each of them fetched once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from pipeline.errors import ConfigError, SourceError
from pipeline.sources.declaration import Declaration, options_of
from pipeline.sources.fetched import Fetched, State
from pipeline.sources.frontier import MAX_ENTRIES, Entry, Frontier, WebOptions
from pipeline.sources.page_archive import PageArchive
from pipeline.sources.politeness import Visitor, World


class UrlOptions(WebOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Options of a list: the addresses themselves, or a text file with one a line, or both."""

    urls: tuple[str, ...] = ()
    file: str | None = None
    """Absolute path; empty lines and those that begin with ``#`` are left out."""


@dataclass(frozen=True)
class _Address:
    url: str
    entry_id: None = None


def fetch_urls(declaration: Declaration, state: State, folder: Path, world: World | None = None) -> Fetched:
    """The pages of a list that were not fetched yet.

    Raises:
        ConfigError: the declaration's options are wrong.
        SourceError: the file cannot be read, or the list is too long.
    """
    options, world = options_of(declaration, UrlOptions), world or World()
    frontier = msgspec.convert(state, Frontier)
    visitor = Visitor(options.rules, world, frontier.hosts, options.delay_seconds)
    archive = PageArchive(folder / "pages.warc.gz")
    named = [_Address(url) for url in _addresses(declaration.name, options)]
    frontier.pending += [Entry(url=address.url) for address in frontier.offer(named, world)]
    frontier.fetch_pending(visitor, archive, world, max_items=options.max_items)
    return Fetched(archive.files, msgspec.to_builtins(frontier))


def _addresses(name: str, options: UrlOptions) -> list[str]:
    lines = [*options.urls]
    if options.file is not None:
        path = Path(options.file).expanduser()
        if not path.is_absolute():
            raise ConfigError(f"The source {name} names the file {path}: give its absolute path.")
        try:
            lines += path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"The list of the source {name} cannot be read: {error}.") from error
    addresses = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    if len(addresses) > MAX_ENTRIES:
        raise SourceError(
            f"The list of the source {name} holds {len(addresses):,} addresses, over {MAX_ENTRIES:,}: split it into several sources."
        )
    return addresses
