"""Which addresses may be fetched from: those of the public internet.

A name is resolved once, every address that it has must be public, and the
one that was checked is the one that is connected to. So neither a name that
points inside nor one that changes its mind between check and use gets in.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from webdata.problems import bad_page, bad_url

_NEVER = tuple(
    map(
        ip_network,
        (
            "::/96",  # IPv4-compatible, deprecated (RFC 4291)
            "64:ff9b::/96",  # NAT64 (RFC 6052)
            "64:ff9b:1::/48",  # NAT64 of one's own (RFC 8215)
            "fec0::/10",  # site-local, deprecated (RFC 3879)
            "3fff::/20",  # documentation (RFC 9637)
            "5f00::/16",  # segment routing (RFC 9602)
            "192.0.0.0/24",  # protocols (RFC 6890)
        ),
    )
)
"""What Python takes for global, all or in part, and no site of the internet has."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether `address` belongs to the internet at large.

    IPv6 forms that carry an IPv4 address are judged by it, or refused.
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.sixtofour or address.teredo:
            return False
    if any(address in network for network in _NEVER):
        return False
    return address.is_global and not address.is_multicast


async def pinned(host: str, port: int, *, allow_private: bool) -> str:
    """The address to connect to for `host`. Raises Problem where there is none."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise bad_page(f"names a host that cannot be found: {host}") from None
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not allow_private and not all(is_public(address) for address in addresses):
        raise bad_url(f"leads to a private address: {host}", "give a public one")
    return str(addresses[0])
