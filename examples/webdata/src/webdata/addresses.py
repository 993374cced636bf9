"""Which addresses may be fetched from: those of the public internet.

A name is resolved once, every address that it has must be public, and the
one that was checked is the one that is connected to. So neither a name that
points inside nor one that changes its mind between check and use gets in.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from webdata.problems import bad_page, bad_url

_NAT64 = ip_network("64:ff9b::/96")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether `address` belongs to the internet at large.

    IPv6 forms that carry an IPv4 address are judged by it, or refused.
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.sixtofour or address.teredo or address in _NAT64:
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
