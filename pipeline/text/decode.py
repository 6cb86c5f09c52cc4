"""Bytes to text: byte-order mark, then strict UTF-8, then detection; which rule won is told."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SINGLE_BYTE = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r"]


class UndecodableText(ValueError):
    """The bytes are no text in any character set that is tried."""


def is_binary(content: bytes) -> bool:
    """True for content with NUL or other control bytes that no text has, and no byte-order mark."""
    head = content[:4096]
    if any(head.startswith(mark) for mark, _ in _MARKS):
        return False
    controls = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head)
    return b"\0" in head or controls > len(head) // 50


def decode_text(content: bytes) -> tuple[str, str]:
    """The text and the character set it was read with (``bom:...``, ``utf-8``, ``detected:...``).

    Raises:
        UndecodableText: nothing fits; text cut in the middle of a UTF-8 character counts as undecodable.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _strict(content, name), f"bom:{name}"
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if _is_cut_utf8(content, error) or _is_damaged_utf8(content):
            raise UndecodableText(f"broken UTF-8 at byte {error.start} of {len(content)}") from error
    matches = list(from_bytes(content, cp_isolation=_SINGLE_BYTE))
    if not matches:
        raise UndecodableText("no character set fits")
    match = min(matches, key=lambda m: (m.chaos, -m.coherence, m.encoding != "cp1252"))
    return str(match), f"detected:{match.encoding}"


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
