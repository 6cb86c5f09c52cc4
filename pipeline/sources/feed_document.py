"""RSS and Atom documents: read in a process that can be killed, after what could harm a parser is refused."""

from __future__ import annotations

import codecs
import datetime as dt
import html
import io
import re
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import feedparser
import msgspec

from pipeline.ids import sha256_text
from pipeline.text.guard import map_guarded

MAX_FEED_BYTES = 5_000_000
MAX_DEPTH = 200
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TRUSTED_CODECS = re.compile(
    r"utf-?8|us-ascii|ascii|latin-?1|(?:iso[-_]?8859|windows|cp|koi8)[-_]?\w{1,6}", re.IGNORECASE
)
"""Others (UTF-7, UTF-16 without a mark) can hide markup from a check."""
_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]*\?>")
_DECLARED = re.compile(rb"""\A\s*<\?xml\b[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_ASIDE = re.compile(r"<!--|<!\[CDATA\[")
_ENDS = {"<!--": "-->", "<![CDATA[": "]]>"}
_DANGEROUS = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_REFERENCE = re.compile(r"&#(?:[xX]0*([0-9a-fA-F]+)|0*([0-9]+));")
_TAG = re.compile(r"<(/?)[A-Za-z_][^<>]*?(/?)>")


class FeedItem(msgspec.Struct, frozen=True):
    """One entry as the feed gives it; ``html`` is its content, for feeds of full texts."""

    url: str | None
    entry_id: str | None
    """The entry's own id; its title where it has neither id nor address."""
    title: str | None
    published: str | None
    html: str | None
    updated: str | None = None

    @property
    def digest(self) -> str:
        """Hash of what the feed shows of the entry."""
        return sha256_text(self.title, self.html)[:20]


class FeedContent(msgspec.Struct, frozen=True):
    """What a document holds, or why it is not read."""

    items: list[FeedItem] = []
    problem: str | None = None


class FeedDocument(msgspec.Struct, frozen=True):
    """The bytes of a feed, where they came from, and the character set the server gave."""

    content: bytes
    url: str
    charset: str | None = None
    max_items: int = 10_000


def read_feed(document: FeedDocument) -> FeedContent:
    """Read a feed in a process of its own; one that hangs or swells is a problem like others."""
    if len(document.content) > MAX_FEED_BYTES:
        return FeedContent(problem=f"it has {len(document.content):,} bytes, over {MAX_FEED_BYTES:,}")
    [outcome] = map_guarded(parse_feed, [document], workers=1, tries=1)
    return outcome.made or FeedContent(problem=outcome.failure)


def parse_feed(document: FeedDocument) -> FeedContent:
    """Read a feed; only :func:`read_feed` bounds how long that takes."""
    text = _decoded(document)
    if text is None:
        return FeedContent(problem="its character set is unknown or not safe to read (use UTF-8)")
    if danger := _danger(text):
        return FeedContent(problem=danger)
    # The parser is given one character set and a stream: bytes that are a path or an address it would open.
    plain = _REFERENCE.sub(_whole_character, _DECLARATION.sub("", text, count=1).lstrip())
    stream = io.BytesIO(plain.encode("utf-8"))
    try:
        found = feedparser.parse(
            stream,
            response_headers={
                "content-type": "application/xml; charset=utf-8",
                "content-location": document.url,
            },
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # on damaged markup the parser fails in ways that it does not declare
        return FeedContent(problem=f"it is broken ({type(error).__name__}: {error})")
    if not found.get("version"):
        return FeedContent(problem="it is neither RSS nor Atom")
    if found.bozo and not found.entries:
        return FeedContent(problem=f"it is broken ({found.bozo_exception})")
    if len(found.entries) > document.max_items:
        return FeedContent(problem=f"it holds {len(found.entries):,} entries, over {document.max_items:,}")
    return FeedContent(items=[_item(entry, document.url) for entry in found.entries])


def _decoded(document: FeedDocument) -> str | None:
    content = document.content
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return _decode(content, codec) if codec else None
    declared = _DECLARED.match(content)
    names = [document.charset, declared[1].decode("ascii") if declared else None]
    if any(name is not None and not _TRUSTED_CODECS.fullmatch(name) for name in names):
        return None
    for name in ("utf-8", *(name for name in names if name)):
        if (text := _decode(content, name)) is not None:
            return text
    return None


def _decode(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return None


def _danger(text: str) -> str | None:
    """What in the markup could harm a parser. Comments and CDATA are text, whatever they hold."""
    depth = 0
    for part in _markup(text):
        if found := _DANGEROUS.search(part):
            return f"it declares a {found[1].upper()}, which feeds do not need"
        for tag in _TAG.finditer(part):
            depth += -1 if tag[1] else not tag[2]
            if depth > MAX_DEPTH:
                return f"its elements are nested more than {MAX_DEPTH} deep"
    return None


def _markup(text: str) -> Iterator[str]:
    """The document without its comments and CDATA sections; one that never ends hides nothing."""
    at = 0
    while (found := _ASIDE.search(text, at)) is not None:
        end = text.find(_ENDS[found[0]], found.end())
        if end < 0:
            break
        yield text[at : found.start()]
        at = end + len(_ENDS[found[0]])
    yield text[at:]


def _whole_character(reference: re.Match[str]) -> str:
    """A character reference. One to half a pair, or to a number past all characters, would end the parser."""
    digits = reference[1] or reference[2]
    code = int(digits, 16 if reference[1] else 10) if len(digits) <= 8 else sys.maxunicode + 1
    return "\ufffd" if 0xD800 <= code <= 0xDFFF or code > sys.maxunicode else reference[0]


def _item(entry: dict[str, Any], feed_url: str) -> FeedItem:
    entry_id = _text(dict.get(entry, "id"))
    link = _text(dict.get(entry, "link"))
    if link is None and entry_id is not None and re.match(r"https?://", entry_id):
        link = entry_id
    title = _text(dict.get(entry, "title"))
    return FeedItem(
        url=_joined(feed_url, link),
        entry_id=entry_id or (None if link else title or ""),
        title=title,
        published=_moment(dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")),
        html=_content(entry),
        updated=_moment(dict.get(entry, "updated_parsed")),
    )


def _joined(base: str, link: str | None) -> str | None:
    try:
        return urljoin(base, link) if link else None
    except ValueError:
        return link  # fetching it will say what is wrong with it


def _moment(parsed: Any) -> str | None:
    """A time of feedparser's, which is UTC, in ISO 8601; ``None`` where there is no such time."""
    if parsed is None:
        return None
    try:
        year, month, day, hour, minute, second = parsed[:6]
        return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC).isoformat()
    except ValueError:
        return None


def _content(entry: dict[str, Any]) -> str | None:
    """The longest of the entry's texts, as HTML."""
    details = [*(dict.get(entry, "content") or []), dict.get(entry, "summary_detail") or {}]
    texts = []
    for detail in details:
        value = _text(detail.get("value"))
        if value is not None:
            is_plain = detail.get("type") == "text/plain"
            texts.append(_paragraphs(value) if is_plain else value)
    return max(texts, key=len, default=None)


def _paragraphs(plain: str) -> str:
    return "".join(f"<p>{html.escape(part)}</p>" for part in re.split(r"\n\s*\n", plain))


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
