"""Canonical URLs: the spellings of one address that lead to the same document become one.

Only what cannot change the document falls away. General cleaners also drop parameters such as ``cid`` or ``source``, by which some
sites tell their articles apart; here two articles must never become one.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING = re.compile(
    r"(?:utm|mtm|pk|piwik|hsa|vero|oly|mc|itm|at)_.+"
    r"|(?:fbc|gc|dc|twc|yc|ysc|ttc)lid|(?:msclk|igsh|wbra|gbra|srslt)id|gad_source|mkt_tok|_g[al]|_hs(?:enc|mi)|s_kwcid"
    r"|__twitter_impression|cmpid|ocid|ncid|smid|wt\.mc_id|ito|xtor|guccounter|guce_referrer(?:_sig)?|ftag|amp_js_v|usqp",
    re.IGNORECASE,
)
_INDEX_PAGE = re.compile(r"/(?:index|default)\.(?:html?|xhtml|shtml|php|aspx?|jsp|cfm)$", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_ALL_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def canonical_url(url: str) -> str:
    """The canonical spelling of a web address; anything else comes back as it is, without surrounding spaces.

    Host and scheme in small letters, no default port, no fragment (but ``#!``, which names a document), no
    tracking parameters, the others sorted by name, no index page, dots in the path resolved. Canonical URLs stay as they are.
    """
    trimmed = url.strip()
    try:
        parts = urlsplit(trimmed)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            return trimmed
        fragment = parts.fragment if parts.fragment.startswith("!") else ""
        return urlunsplit((parts.scheme, _place(parts), _path(parts.path), _query(parts.query), fragment))
    except ValueError:
        return trimmed  # not an address: brackets, a port or characters that none has


def _place(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host:
        raise ValueError(f"{parts.netloc!r} names no host")
    if not host.isascii():
        host = host.encode("idna").decode("ascii").lower()
    if ":" in host:
        host = f"[{host}]"
    login, at, _ = parts.netloc.rpartition("@")
    port = parts.port
    suffix = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{login}{at}{host}{suffix}"


def _path(path: str) -> str:
    kept: list[str] = []
    segments = _escapes(path).split("/")[1:] or [""]
    for number, segment in enumerate(segments):
        is_last = number == len(segments) - 1
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
        if is_last and segment in {".", ".."}:
            kept.append("")
    found = "/" + "/".join(kept)
    while (shorter := _INDEX_PAGE.sub("/", found)) != found:
        found = shorter
    return found


def _query(query: str) -> str:
    pieces = [piece for piece in query.split("&") if piece]
    kept = [piece for piece in map(_escapes, pieces) if not _TRACKING.fullmatch(piece.partition("=")[0])]
    return "&".join(sorted(kept, key=lambda piece: piece.partition("=")[0]))


def _escapes(text: str) -> str:
    """Percent escapes in capitals: none where the character itself may stand, some where it may not."""

    def spelled(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    return _ESCAPE.sub(spelled, quote(text, safe=_ALL_ASCII))
