"""What a page says of its article outside the text: title, authors, address, outlet, and every publication date it states."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from lxml.etree import _Element

_ARTICLE_TYPES = {"NewsArticle", "ReportageNewsArticle", "AnalysisNewsArticle", "OpinionNewsArticle", "BackgroundNewsArticle",
                  "Article", "BlogPosting", "LiveBlogPosting", "Report", "ScholarlyArticle", "TechArticle"}  # fmt: skip
_PAGE_TYPES = {"WebPage", "ItemPage"}
_OPEN_GRAPH_DATES = ("article:published_time", "article:published", "og:published_time", "og:article:published_time")  # fmt: skip
_META_DATES = ("datepublished", "date", "pubdate", "publishdate", "publish-date", "publication_date", "published", "parsely-pub-date", "sailthru.date",
               "dc.date", "dc.date.issued", "dc.date.created", "dcterms.created", "dcterms.issued", "cxenseparse:recs:publishtime", "article.published",
               "article_date_original", "originalpublicationdate")  # fmt: skip
_META_AUTHORS = ("author", "article:author", "parsely-author", "dc.creator", "dcterms.creator", "sailthru.author", "byl")  # fmt: skip
_TIMES = ('//time[@itemprop="datePublished"]/@datetime', "//time[@pubdate]/@datetime", "//article//time/@datetime", "//time/@datetime")  # fmt: skip
_DATED = '//*[@itemprop="datePublished"]'
# Controls and marks of direction, which make a name look like another; joiners belong to how a name is written.
_MISLEADING = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_MAX_NAME = 100
_MAX_AUTHORS = 20
_MAX_BLOCKS = 50


class StatedDate(msgspec.Struct, frozen=True):
    """A publication date as the page writes it, and where."""

    value: str
    source: str


class PageMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says of itself; ``None`` or nothing where it does not."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    url: str | None = None
    site_name: str | None = None
    language: str | None = None
    dates: tuple[StatedDate, ...] = ()


def read_metadata(tree: _Element) -> PageMetadata:
    """The metadata of a page. What is broken in it says nothing."""
    meta = _meta(tree)
    linked = _linked_article(tree)
    return PageMetadata(
        title=_line(linked.get("headline"))
        or _line(meta.get("og:title"))
        or _node_text(tree, "//h1")
        or _node_text(tree, "//title"),
        authors=_authors(tree, linked, meta),
        url=_attribute(tree, '//link[@rel="canonical"]/@href') or meta.get("og:url"),
        site_name=_line(meta.get("og:site_name")) or _line(_named(linked.get("publisher"))),
        language=_attribute(tree, "/html/@lang"),
        dates=tuple(_dates(tree, linked, meta)),
    )


def _dates(tree: _Element, linked: dict[str, Any], meta: dict[str, str]) -> Iterator[StatedDate]:
    if value := _line(linked.get("datePublished")):
        yield StatedDate(value, "json_ld")
    for names, source in ((_OPEN_GRAPH_DATES, "open_graph"), (_META_DATES, "meta")):
        for name in names:
            if value := meta.get(name):
                yield StatedDate(value, source)
    for path in _TIMES:
        if value := _attribute(tree, path):
            yield StatedDate(value, "time_element")
            return
    if value := _attribute(tree, f"{_DATED}/@content") or _node_text(tree, _DATED):
        yield StatedDate(value, "time_element")


def _authors(tree: _Element, linked: dict[str, Any], meta: dict[str, str]) -> tuple[str, ...]:
    """Names of people and bodies; addresses of their pages are none."""
    stated = linked.get("author") or linked.get("creator")
    entries = stated if isinstance(stated, list) else [stated]
    names = [_name(_named(entry) or entry) for entry in entries[:_MAX_AUTHORS]]
    if not any(names):
        names = [_name(meta.get(field)) for field in _META_AUTHORS]
        names = [next((name for name in names if name), None)]
    if not any(names):
        names = [_name(_node_text(tree, '//a[@rel="author"] | //*[@itemprop="author"]'))]
    return tuple(dict.fromkeys(name for name in names if name))


def _name(value: Any) -> str | None:
    line = _line(value)
    if line is None:
        return None
    name = line[3:].strip() if line[:3].lower() == "by " else line
    is_address = "://" in name or name.startswith("www.")
    return name if 1 < len(name) <= _MAX_NAME and not is_address and any(c.isalpha() for c in name) else None


def _linked_article(tree: _Element) -> dict[str, Any]:
    """The JSON-LD object that describes the article, else the one that describes the page."""
    page: dict[str, Any] = {}
    for text in tree.xpath('//script[@type="application/ld+json"]/text()', smart_strings=False)[:_MAX_BLOCKS]:
        for entry in _entries(_block(text)):
            types = _types(entry)
            if types & _ARTICLE_TYPES:
                return entry
            if types & _PAGE_TYPES and not page:
                page = entry
    return page


def _block(text: str) -> Any:
    """A JSON-LD block; line breaks inside of its strings are common, and what is no JSON says nothing."""
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        try:
            return json.loads(text.strip().removeprefix("<!--").removesuffix("-->"), strict=False)
        except (ValueError, RecursionError):
            return None


def _entries(block: Any) -> Iterator[dict[str, Any]]:
    """The objects of a block, from the outside in."""
    waiting = [block]
    while waiting:
        entry = waiting.pop(0)
        if isinstance(entry, list):
            waiting[:0] = entry
        elif isinstance(entry, dict):
            yield entry
            waiting += [entry[name] for name in ("@graph", "mainEntity") if name in entry]


def _types(entry: dict[str, Any]) -> set[str]:
    kind = entry.get("@type")
    return {name for name in (kind if isinstance(kind, list) else [kind]) if isinstance(name, str)}


def _named(value: Any) -> Any:
    return value.get("name") if isinstance(value, dict) else None


def _meta(tree: _Element) -> dict[str, str]:
    """The page's ``<meta>`` tags: lower-case name to the first content that is any."""
    found: dict[str, str] = {}
    for node in tree.iter("meta"):
        content = (node.get("content") or "").strip()
        for kind in ("property", "name", "itemprop"):
            name = (node.get(kind) or "").strip().lower()
            if name and content:
                found.setdefault(name, content)
    return found


def _line(value: Any) -> str | None:
    """A value as one line without invisible characters; ``None`` where it is no text."""
    return " ".join(_MISLEADING.sub("", value).split()) or None if isinstance(value, str) else None


def _attribute(tree: _Element, path: str) -> str | None:
    values = tree.xpath(path, smart_strings=False)
    return next((value.strip() for value in values if value.strip()), None)


def _node_text(tree: _Element, path: str) -> str | None:
    found = tree.xpath(path)
    return _line(" ".join(found[0].itertext())) if found else None
