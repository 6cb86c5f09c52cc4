"""HTML to article: main text without navigation, related links and banners, and the page's own metadata."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import trafilatura
from lxml.etree import _Element
from numpy.typing import NDArray
from resiliparse.extract.html2text import extract_plain_text
from trafilatura.settings import Extractor

from pipeline.text.metadata import PageMetadata, read_metadata

MAX_PAGE_BYTES = 5_000_000
MAX_ATTRIBUTES_IN_TAG = 2_000
MAX_DEPTH = 1_000
MIN_ARTICLE_CHARACTERS = 60
"""Less text than this is a menu or a banner, not a news item."""
MIN_FALLBACK_CHARACTERS = 200
MIN_PARAGRAPH_CHARACTERS = 1_000
"""A page whose paragraphs hold less may have its text elsewhere."""
_MARKUP = re.compile(r"<[^<>]*>")
_TAG_NAME_ENDS = set("> \t\r\n")
_SENTENCE = re.compile(r"\w{2,}.{20,}[.!?。！？؟۔।]")
_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)")
_LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{%d,}" % (2 * MAX_ATTRIBUTES_IN_TAG))
"""So many attributes need so many bytes: shorter tags are not looked at."""
_VOID = {b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"source", b"track", b"wbr"}  # fmt: skip
_OPENING, _SLASH = b"</"
_OPTIONS = Extractor(fast=True, comments=False, tables=False)
_READ_SCRIPTS = ("json", "math")
"""In the type of a script that holds text: articles in JSON-LD, formulas."""
_PART_BYTES = 16_384


class PageArticle(msgspec.Struct, frozen=True):
    """A page's main text, ``None`` where it holds no article, and its metadata."""

    text: str | None
    metadata: PageMetadata
    is_fallback: bool = False
    """True where the main text was found by the second, coarser way."""
    tree: _Element | None = None
    """The page as it was parsed, its scripts emptied."""


def hostile_feature(content: bytes) -> str | None:
    """Why parsing the page could take minutes, or ``None``; one linear scan (parsers hang on such pages)."""
    if len(content) > MAX_PAGE_BYTES:
        return f"{len(content):,} bytes, over {MAX_PAGE_BYTES:,}"
    starts = np.flatnonzero(np.frombuffer(content, dtype=np.uint8) == _OPENING)
    for start in starts[np.diff(starts, append=len(content)) > 2 * MAX_ATTRIBUTES_IN_TAG]:
        match = _LONG_TAG.match(content, start)
        if match and (
            match[0].count(b"=") > MAX_ATTRIBUTES_IN_TAG or len(match[0].split()) > 4 * MAX_ATTRIBUTES_IN_TAG
        ):
            return f"a tag with over {MAX_ATTRIBUTES_IN_TAG:,} attributes"
    if _depth_bound(content, starts) <= MAX_DEPTH:
        return None
    deepest = _depth(content)
    return (
        f"tags nested {deepest:,} deep"
        if deepest > MAX_DEPTH and content.count(b"</") * 2 < 3 * deepest
        else None
    )


def _depth_bound(content: bytes, starts: NDArray[np.intp]) -> int:
    """No tag is nested deeper than this; counted in parts, where all that opens may come before what closes."""
    is_closing = np.frombuffer(content + b" ", dtype=np.uint8)[starts + 1] == _SLASH
    parts = starts // _PART_BYTES
    closed = np.bincount(parts[is_closing], minlength=len(content) // _PART_BYTES + 1).tolist()
    opened = np.bincount(parts[~is_closing], minlength=len(closed)).tolist()
    depth = deepest = 0
    for opening, closing in zip(opened, closed, strict=True):
        deepest = max(deepest, depth + opening)
        depth = max(0, depth + opening - closing)
    return deepest


def _depth(content: bytes) -> int:
    depth = deepest = 0
    for closing, name, attributes in _TAG.findall(content):
        if name.lower() not in _VOID and not attributes.endswith(b"/"):
            depth = max(0, depth - 1) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


def parse_page(html: str) -> PageArticle:
    """Main text and metadata of a page."""
    tree = trafilatura.load_html(html)
    if tree is None:
        return PageArticle(None, PageMetadata())
    metadata = read_metadata(tree)
    _empty_scripts(tree)
    text, is_fallback = _main_text(tree, html)
    return PageArticle(text, metadata, is_fallback, tree)


def gate_text(html: str) -> str:
    """Roughly the main text, thirty times faster than :func:`parse_page` finds it: enough to look for words.

    It is what stands in paragraphs; where these hold less than an article does, the page is parsed after all.
    """
    parts = html.split("<p")[1:]
    inside = (part.partition("</p")[0].partition(">")[2] for part in parts if part[:1] in _TAG_NAME_ENDS)
    text = _MARKUP.sub(" ", " ".join(inside))
    return text if len(text) >= MIN_PARAGRAPH_CHARACTERS else _plain_text(html, has_lines=False)


def _plain_text(html: str, *, has_lines: bool) -> str:
    """The main text as a simpler parser finds it; its paragraphs are told apart where it ``has_lines``."""
    found: str = extract_plain_text(
        html, preserve_formatting=has_lines, main_content=True, links=False, alt_texts=False
    )
    return found


def _empty_scripts(tree: _Element) -> None:
    """Take out what no reader sees, which is most of many pages: the tree is copied on the way to the main text."""
    for node in tree.iter("script", "style"):
        if not any(kind in node.get("type", "") for kind in _READ_SCRIPTS):
            node.text = None


def _main_text(tree: _Element, html: str) -> tuple[str | None, bool]:
    text = trafilatura.extract(tree, options=_OPTIONS)
    if text and len(text) >= MIN_ARTICLE_CHARACTERS:
        return text, False
    paragraphs = [line.strip() for line in _plain_text(html, has_lines=True).splitlines()]
    coarse = "\n".join(line for line in paragraphs if _SENTENCE.search(line))
    return (coarse, True) if len(coarse) >= MIN_FALLBACK_CHARACTERS else (None, False)
