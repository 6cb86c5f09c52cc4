"""Bytes to text: byte-order mark, HTTP header, the page's own declaration, strict UTF-8, then detection; which rule won is told."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from charset_normalizer import from_bytes
from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes([*range(9), *range(14, 27), *range(28, 32)])
# Codecs that decode all that the WHATWG's encoding of the label does, where Python's own of that name decodes less.
_WIDER = {
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso8859-11": "cp874",
}
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_.:-]{2,40})"""
    rb"""|^\s*<\?xml[^>]{0,100}encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})""",
    re.IGNORECASE,
)
_DECLARED_WITHIN = 2048
# What stands between tags and is no ASCII; no trail byte of a multi-byte character is a bracket.
_TELLING = re.compile(rb"[^<>\x80-\xff]{0,200}[\x80-\xff][^<>]{0,2000}")
_TELLING_BYTES = 50_000


class UndecodableText(ValueError):
    """The bytes are no text in any character set that is tried."""


def is_binary(content: bytes) -> bool:
    """True for content with NUL or other control bytes that no text has, and no byte-order mark."""
    head = content[:4096]
    if any(head.startswith(mark) for mark, _ in _MARKS):
        return False
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return b"\0" in head or controls > len(head) // 50


def declared_charset(content: bytes) -> str | None:
    """The character set in the first 2 kB of a page (``<meta>`` or XML declaration), as written."""
    match = _DECLARED.search(content[:_DECLARED_WITHIN])
    return (match[1] or match[2]).decode("ascii") if match else None


def codec_of(label: str | None) -> str | None:
    """Python's codec for a label as the web uses it (``iso-8859-1`` means ``cp1252``); ``None`` for what is no label."""
    name = (label or "").strip(" \t\r\n\"'").lower()
    known = map_encoding_to_html5(name, fallback_utf8=False) if name.isascii() and name else None
    return None if known is None else _WIDER.get(known, known)


def decode_text(
    content: bytes, *, header: str | None = None, declared: str | None = None, is_mended: bool = False
) -> tuple[str, str]:
    """The text, and the rule and character set it was read with.

    These are tried in turn: the byte-order mark (``bom:...``), the label of the HTTP header (``header:...``), the one
    the page ``declared`` (``declared:...``), strict UTF-8 (``utf-8``), detection (``detected:...``). A label is refuted
    by bytes that it does not decode, and any but UTF-8 by bytes that are UTF-8 beyond ASCII, which no other text is by
    chance. Where ``is_mended``, damaged UTF-8 is read with U+FFFD for what is broken (``damaged:utf-8``).

    Raises:
        UndecodableText: nothing fits; text cut in the middle of a UTF-8 character counts as undecodable.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _strict(content, name), f"bom:{name}"
    problem, utf8 = None, ""
    try:
        utf8 = content.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = error
    is_multi_byte = problem is None and not utf8.isascii()
    for rule, codec in _labels(header, declared):
        if codec == "utf-8" and problem is None:
            return utf8, f"{rule}:{codec}"
        if codec != "utf-8" and not is_multi_byte:
            try:
                return content.decode(codec), f"{rule}:{codec}"
            except UnicodeError:
                continue  # refuted: the next rule decides
    if problem is None:
        return utf8, "utf-8"
    if _is_cut_utf8(content, problem) or _is_damaged_utf8(content):
        if is_mended:
            return content.decode("utf-8", errors="replace"), "damaged:utf-8"
        raise UndecodableText(f"broken UTF-8 at byte {problem.start} of {len(content)}") from problem
    for codec in _detected(content):
        try:
            return content.decode(codec), f"detected:{codec}"
        except UnicodeError:
            continue  # refuted: the next guess decides
    raise UndecodableText("no character set fits")


def _labels(header: str | None, declared: str | None) -> Iterator[tuple[str, str]]:
    """Rules and codecs in their order. UTF-16 in a page's own tag is not true: the tag was read as ASCII."""
    if codec := codec_of(header):
        yield "header", codec
    if (codec := codec_of(declared)) and not codec.startswith("utf-16"):
        yield "declared", codec


def _detected(content: bytes) -> Iterator[str]:
    """Guesses, best first. The first detector is right more often, but blind to EUC-KR."""
    telling = b"\n".join(_TELLING.findall(content))[:_TELLING_BYTES]
    guessed = detect_encoding(telling)
    if guessed:
        yield _WIDER.get(guessed, guessed)
    matches = from_bytes(telling)
    if (best := matches.best()) is not None:
        yield best.encoding


def _strict(content: bytes, name: str) -> str:
    try:
        return content.decode(name)
    except UnicodeDecodeError as error:
        raise UndecodableText(f"marked as {name}, but broken at byte {error.start}") from error


def _is_cut_utf8(content: bytes, error: UnicodeDecodeError) -> bool:
    """True where whole multi-byte characters come before a last one that lacks its end."""
    return error.reason == "unexpected end of data" and not content[: error.start].isascii()


def _is_damaged_utf8(content: bytes) -> bool:
    """True where more multi-byte characters are whole than broken: then it is UTF-8, and damaged."""
    text = content.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    return sum(character > "\x7f" for character in text) > 2 * broken
