"""Which addresses of the network a fetch may connect to: those of the public internet, unless a declaration says more."""

from __future__ import annotations

import ipaddress
import re

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PRIVATE = [
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
]
"""Networks of an organisation or a machine; a declaration may allow them."""
_NEVER = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
]
"""Link-local (cloud metadata), multicast, reserved, documentation, and tunnels whose address hides another one."""
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


def refused_address(text: str, *, allow_private: bool) -> str | None:
    """Why a fetch may not connect to an IP address; ``None`` where it may."""
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return f"{text} is no IP address"
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
        return f"{text} has a zone"
    inner = address
    if address in _TRANSLATED:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if any(inner in network for network in _PRIVATE):
        return None if allow_private else f"{text} is a private address"
    is_public = inner.version == 4 or inner in _GLOBAL_UNICAST
    if not is_public or any(inner in network for network in _NEVER):
        return f"{text} is no address of the public internet"
    return None


def literal_address(host: str) -> str | None:
    """The IP address that a host is, ``None`` where it is a name.

    Raises:
        ValueError: a number in disguise (``2130706433``, ``0x7f.1``, ``0177.0.0.1``), which resolvers read differently.
    """
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        if ":" in bare or _NUMERIC_LABEL.fullmatch(bare.rstrip(".").rpartition(".")[2]):
            raise ValueError(f"{host} is neither a name nor a plain IP address") from None
        return None
