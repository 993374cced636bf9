"""Network addresses as plain integers, so that a check is two comparisons.

IPv4 lives in IPv6 as `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2): a caller who
arrives over either form of the same address is the same number.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

UNKNOWN = -1
"""The address of a caller of whom none was given. It is inside no network."""

_MAPPED = 0xFFFF_0000_0000
_V4_MAX = 0xFFFF_FFFF


def parse_address(text: str) -> int:
    """The number of an IPv4 or IPv6 address; a zone (`%eth0`) is dropped.

    Raises ValueError when `text` is no address.
    """
    address = ip_address(text.partition("%")[0])
    return int(address) + (_MAPPED if address.version == 4 else 0)


def format_address(number: int) -> str:
    """The usual text of an address, '' for UNKNOWN."""
    if number == UNKNOWN:
        return ""
    if _MAPPED <= number <= _MAPPED + _V4_MAX:
        return str(IPv4Address(number - _MAPPED))
    return str(IPv6Address(number))


def parse_network(text: str) -> tuple[int, int]:
    """First and last number of a network such as `203.0.113.0/24` or `::1`.

    Raises ValueError when `text` is no network, or has bits set behind its
    prefix: `10.0.0.1/8` is more often a slip than a wish.
    """
    network = ip_network(text)
    base = _MAPPED if network.version == 4 else 0
    return base + int(network.network_address), base + int(network.broadcast_address)


class Networks:
    """Allowed and denied networks, compiled once when a key is loaded."""

    __slots__ = ("allowed", "denied")

    def __init__(self, allowed: Iterable[str] = (), denied: Iterable[str] = ()) -> None:
        self.allowed = tuple(parse_network(text) for text in allowed)
        self.denied = tuple(parse_network(text) for text in denied)

    def admits(self, address: int) -> bool:
        """Whether the address may pass. An unknown one passes no restriction."""
        if address == UNKNOWN:
            return False
        for first, last in self.denied:
            if first <= address <= last:
                return False
        if not self.allowed:
            return True
        for first, last in self.allowed:
            if first <= address <= last:
                return True
        return False
