"""One spelling of a web address: what does not change which article it leads to is taken out."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import courlan

_TRACKING = re.compile(
    r"(?:utm|mtm|pk|itm|hsa|oly|vero|ns)_\w+|at_(?:medium|campaign|custom\d+)|mc_[ce]id|_ga|_gl|_hsenc|_hsmi|_openstat|"
    r"fbclid|gclid|gclsrc|gbraid|wbraid|dclid|msclkid|twclid|yclid|ysclid|ttclid|rdt_cid|li_fat_id|igshid|igsh|"
    r"mkt_tok|cmpid|ocid|ncid|s_cid|soc_src|soc_trk|smid|xtor|ref_src|ref_url|__twitter_impression|wt_mc|srsltid",
    re.IGNORECASE,
)
"""Parameters that say where a reader came from. Only well-known ones: what is taken out wrongly makes two articles one."""
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_SCHEMES = {"http", "https"}


def canonical_url(url: str) -> str:
    """The canonical spelling of a web address.

    Raises:
        ValueError: it is no http or https address, or holds a user name.
    """
    stripped = url.strip()
    parts = urlsplit(stripped)
    if parts.scheme.lower() not in _SCHEMES or not parts.hostname or parts.username is not None:
        raise ValueError(f"{url[:200]!r} is no plain web address")
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
        if not _TRACKING.fullmatch(name)
    )
    path = urljoin("/", _ESCAPE.sub(_plain, parts.path))
    bare = urlunsplit((parts.scheme.lower(), parts.netloc, _INDEX.sub("/", path) or "/", "", ""))
    normal = urlsplit(courlan.normalize_url(bare))
    return urlunsplit(
        (normal.scheme, normal.netloc, normal.path or "/", urlencode(query, errors="surrogateescape"), "")
    )


def _plain(escape: re.Match[str]) -> str:
    """An escaped character that needs no escape, as itself; others with capital digits."""
    character = chr(int(escape[1], 16))
    is_unreserved = character.isascii() and (character.isalnum() or character in "-._~")
    return character if is_unreserved else escape[0].upper()
