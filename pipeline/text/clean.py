"""Text as readers see it: left-overs of markup and invisible characters fall away, and every offset leads back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from html.entities import html5

_INLINE = (
    "a|abbr|b|big|cite|code|del|em|font|i|img|ins|mark|q|s|small|span|strike|strong|sub|sup|time|tt|u|wbr"
)
_BLOCK = "article|aside|blockquote|br|center|div|figcaption|figure|footer|h[1-6]|header|hr|iframe|li|main|ol|p|pre|section|table|tbody|td|th|thead|tr|ul"
_OTHER_SPACES = r"\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ud800-\udfff"
_SEEN_OTHERWISE = re.compile(
    rf"(?P<block></?(?:{_BLOCK})(?:[\s/][^<>]{{0,1000}})?>)"
    rf"|(?P<inline></?(?:{_INLINE})(?:[\s/][^<>]{{0,1000}})?>)"
    r"|(?P<entity>&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});)"
    # Controls, soft hyphens, zero-width characters and marks of direction.
    r"|(?P<unseen>[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+)"
    # Space before the first word.
    r"|(?P<lead>\A\s+)"
    # Other spaces, halves of characters, and more than one space in a row.
    rf"|(?P<space>[ \t{_OTHER_SPACES}]{{2,}}|[{_OTHER_SPACES}])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CleanText:
    """``text`` without what is not seen; character ``n`` of it is ``original[starts[n]:ends[n]]``."""

    text: str
    original: str
    starts: Sequence[int]
    ends: Sequence[int]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where a span of ``text`` lies in the original."""
        return self.starts[start], self.ends[end - 1]


def clean_text(original: str) -> CleanText:
    """The text with tags and invisible characters left out, entities decoded, and one plain space for any others."""
    starts: list[int] = []
    ends: list[int] = []
    pieces: list[str] = []
    kept = 0
    for match in _SEEN_OTHERWISE.finditer(original):
        starts += range(kept, match.start())
        ends += range(kept + 1, match.start() + 1)
        seen = _seen(match)
        starts += [match.start()] * len(seen)
        ends += [match.end()] * len(seen)
        pieces += (original[kept : match.start()], seen)
        kept = match.end()
    if not kept:
        return CleanText(original, original, range(len(original)), range(1, len(original) + 1))
    starts += range(kept, len(original))
    ends += range(kept + 1, len(original) + 1)
    return CleanText("".join(pieces) + original[kept:], original, starts, ends)


def _seen(match: re.Match[str]) -> str:
    if match.lastgroup == "block":
        return "\n"
    if match.lastgroup == "entity":
        if match[0][1] != "#" and match[0][1:] not in html5:
            return match[0]
        decoded = unescape(match[0])
        return decoded if decoded.isprintable() else " "
    return " " if match.lastgroup == "space" else ""
