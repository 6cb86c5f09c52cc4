"""What a source gives: articles as read, and inputs that could not be read, each with a reason."""

from __future__ import annotations

import datetime as dt

import msgspec

from pipeline.ids import make_id, sha256_text
from pipeline.text.urls import canonical_url

MAX_ARTICLE_BYTES = 10_000_000
"""Larger single articles and JSONL lines are quarantined: no news article comes near it."""
MAX_ID_LENGTH = 200
EXCERPT_CHARACTERS = 65_536
"""How much of a rejected input the quarantine shows; the original bytes are kept whole beside it."""


class ParsedArticle(msgspec.Struct, frozen=True, kw_only=True):
    """One article as its source gave it, decoded and checked. Times are aware UTC; ``published_on`` is local."""

    source_article_id: str | None
    source_name: str
    url: str | None
    title: str | None
    authors: tuple[str, ...] = ()
    text: str
    text_flags: tuple[str, ...] = ()
    """What is doubtful about the text and its language."""
    language: str
    published_at: dt.datetime
    published_on: dt.date
    published_at_source: str
    published_at_certainty: str = "day"
    modified_at: dt.datetime | None = None
    """When its source changed it; no part of the version, which is another one only where the article differs."""
    content_type: str
    charset: str
    input_location: str
    raw_sha256: str

    @property
    def article_id(self) -> str:
        """Opaque key from the raw identity: the source's own id, else the canonical URL, else the content."""
        if self.source_article_id is not None:
            return make_id("a", "id", self.source_name, self.source_article_id)
        if self.url is not None:
            return make_id("a", "url", canonical_url(self.url))
        return make_id("a", "content", self.text_sha256)

    @property
    def text_sha256(self) -> str:
        """SHA-256 of title and text."""
        return sha256_text(self.title, self.text)

    @property
    def version(self) -> str:
        """Opaque key of this version: any difference in what the source says makes another one."""
        when = (self.published_at.isoformat(), self.published_on.isoformat(), self.published_at_source)
        return make_id(
            "v",
            self.article_id,
            self.text_sha256,
            self.url,
            self.language,
            *when,
            self.content_type,
            *self.authors,
        )


class FailedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An input, or one record of it, that is no article. ``value`` is what the reason's sentence names."""

    reason_code: str
    value: str
    content: str | None
    """As much of the input as the quarantine shows."""
    content_sha256: str
    """Identity of the rejected thing, whole: the same thing rejected twice is one row."""
    input_location: str
    raw_sha256: str | None


class GatedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a web archive that holds no word of conflict and was not read further; its bytes are kept."""

    url: str | None
    input_location: str
    raw_sha256: str


class RejectedInput(Exception):
    """Raised inside a source while reading one item; becomes a :class:`FailedItem`."""

    def __init__(self, reason_code: str, value: str) -> None:
        super().__init__(reason_code, value)
        self.reason_code = reason_code
        self.value = value

    def __str__(self) -> str:
        return f"{self.reason_code}: {self.value}"
