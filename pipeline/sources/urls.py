"""One spelling of a web address: what does not change which article it leads to is taken out."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

import courlan

_TRACKING = re.compile(
    r"(?:utm|mtm|pk|itm|hsa|oly|vero|mkt|at_custom|ga|stm)_\w*|_(?:ga|gl|hsenc|hsmi|openstat)|at_(?:medium|campaign)|"
    r"(?:fbc|gc|dc|msclk|twc|yc|ysc|ttc|rdt_c|li_fat_|wbra|gbra|igsh|s_c)(?:l?id)|"
    r"mc_[ce]id|igshid|mkt_tok|cmpid|ocid|ncid|soc_src|soc_trk|smid|xtor|ref_src|ref_url|__twitter_impression|_branch_match_id|"
    r"ns_(?:source|mchannel|campaign|linkname|fee)|spm|sr_share|wt_mc|wtrid|cx_\w+|srsltid|epik",
    re.IGNORECASE,
)
"""Parameters that say where a reader came from. Only well-known ones: what is taken out wrongly makes two articles one."""
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)
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
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(name)
    )
    path = urljoin("/", quote(unquote(parts.path, errors="surrogateescape"), safe="/:@!$&'()*+,;=~-._", errors="surrogateescape"))
    bare = urlunsplit((parts.scheme.lower(), parts.netloc, _INDEX.sub("/", path) or "/", "", ""))
    normal = urlsplit(courlan.normalize_url(bare))
    return urlunsplit((normal.scheme, normal.netloc, normal.path or "/", urlencode(query), ""))
