"""HTML to article: main text without navigation, related links and banners; title, date, address from the page's own metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import trafilatura
from selectolax.lexbor import LexborHTMLParser

MAX_PAGE_BYTES = 5_000_000
MAX_ATTRIBUTES_IN_TAG = 2_000
MAX_DEPTH = 1_000
MIN_ARTICLE_CHARACTERS = 60
"""Less text than this is a menu or a banner, not a news item."""
_ARTICLE_TYPES = {"NewsArticle", "Article", "ReportageNewsArticle", "BlogPosting", "WebPage"}
_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)")
_VOID = {
    b"area",
    b"base",
    b"br",
    b"col",
    b"embed",
    b"hr",
    b"img",
    b"input",
    b"link",
    b"meta",
    b"source",
    b"track",
    b"wbr",
}
_DECLARED_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE
)


class PageArticle(msgspec.Struct, frozen=True):
    """What a page says of itself; ``None`` where it does not."""

    text: str | None
    title: str | None = None
    url: str | None = None
    site_name: str | None = None
    language: str | None = None
    published: str | None = None
    published_source: str | None = None


def declared_charset(content: bytes) -> str | None:
    """The character set in the page's first 2 kB, as written."""
    match = _DECLARED_CHARSET.search(content[:2048])
    return match[1].decode("ascii") if match else None


def hostile_feature(content: bytes) -> str | None:
    """Why parsing the page could take minutes, or ``None``; one linear scan (parsers hang on such pages)."""
    if len(content) > MAX_PAGE_BYTES:
        return f"{len(content):,} bytes, over {MAX_PAGE_BYTES:,}"
    depth = deepest = 0
    for closing, name, attributes in _TAG.findall(content):
        if (
            attributes.count(b"=") > MAX_ATTRIBUTES_IN_TAG
            or attributes.count(b" ") > 4 * MAX_ATTRIBUTES_IN_TAG
        ):
            return f"a tag with over {MAX_ATTRIBUTES_IN_TAG:,} attributes"
        if name.lower() not in _VOID and not attributes.endswith(b"/"):
            depth += -1 if closing else 1
            deepest = max(deepest, depth)
    return (
        f"tags nested {deepest:,} deep"
        if deepest > MAX_DEPTH and content.count(b"</") * 2 < 3 * deepest
        else None
    )


def parse_page(html: str) -> PageArticle:
    """Main text and metadata of a page; ``text`` is ``None`` where the page holds no article."""
    text = trafilatura.extract(
        html, fast=True, include_comments=False, include_tables=False, deduplicate=False
    )
    tree = LexborHTMLParser(html)
    linked = next(_linked_articles(tree), {})
    published, source = _published(tree, linked)
    return PageArticle(
        text=text if text and len(text) >= MIN_ARTICLE_CHARACTERS else None,
        title=_text(linked.get("headline"))
        or _meta(tree, "og:title")
        or _node_text(tree, "h1")
        or _node_text(tree, "title"),
        url=_attribute(tree, 'link[rel="canonical"]', "href") or _meta(tree, "og:url"),
        site_name=_meta(tree, "og:site_name") or _publisher(linked),
        language=_attribute(tree, "html", "lang"),
        published=published,
        published_source=source,
    )


def _published(tree: LexborHTMLParser, linked: dict[str, Any]) -> tuple[str | None, str | None]:
    found = (
        (_text(linked.get("datePublished")), "json_ld"),
        (_meta(tree, "article:published_time"), "open_graph"),
        (_meta(tree, "date") or _meta(tree, "pubdate") or _meta(tree, "dc.date"), "meta"),
        (
            _attribute(tree, "article time[datetime], time[pubdate], time[datetime]", "datetime"),
            "time_element",
        ),
    )
    return next(((value, source) for value, source in found if value), (None, None))


def _linked_articles(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    """The JSON-LD objects that describe an article; broken blocks are common and say nothing."""
    for node in tree.css('script[type="application/ld+json"]'):
        try:
            block = msgspec.json.decode(node.text() or "")
        except msgspec.DecodeError:
            continue
        yield from (entry for entry in _flatten(block) if _ARTICLE_TYPES & _types(entry))


def _flatten(block: Any) -> Iterator[dict[str, Any]]:
    if isinstance(block, list):
        for entry in block:
            yield from _flatten(entry)
    elif isinstance(block, dict):
        yield block
        yield from _flatten(block.get("@graph"))


def _types(entry: dict[str, Any]) -> set[str]:
    kind = entry.get("@type")
    return {name for name in (kind if isinstance(kind, list) else [kind]) if isinstance(name, str)}


def _publisher(linked: dict[str, Any]) -> str | None:
    publisher = linked.get("publisher")
    return _text(publisher.get("name")) if isinstance(publisher, dict) else None


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _meta(tree: LexborHTMLParser, name: str) -> str | None:
    return _attribute(
        tree, f'meta[property="{name}"], meta[name="{name}"], meta[itemprop="{name}"]', "content"
    )


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str | None:
    node = tree.css_first(selector)
    return _text(node.attributes.get(name)) if node else None


def _node_text(tree: LexborHTMLParser, selector: str) -> str | None:
    node = tree.css_first(selector)
    return _text(node.text()) if node else None
