"""Network addresses as plain integers, so that a check is two comparisons.

IPv4 lives in IPv6 as `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2): a caller who
arrives over either form of the same address is the same number.
"""

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

UNKNOWN = -1
"""The address of a caller of whom none was given. It is inside no network."""

UNKNOWN_NETWORK = "unknown"
"""Where a caller comes from of whom no address was given."""

_MAPPED = 0xFFFF_0000_0000
_V4_MAX = 0xFFFF_FFFF
_V4_HOST_BITS = 8
_V6_HOST_BITS = 80
_V6_MAX = (1 << 128) - 1
_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is handed out for the internet (RFC 4291, 2.4)."""


def parse_address(text: str) -> int:
    """The number of an IPv4 or IPv6 address; a zone (`%eth0`) is dropped.

    Raises ValueError when `text` is no address.
    """
    address = ip_address(text.partition("%")[0])
    return int(address) + (_MAPPED if address.version == 4 else 0)


@lru_cache(4096)
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


def source_network(address: int) -> int:
    """The first address of the network that a caller is told by: the /24 of an

    IPv4 address, the /48 of an IPv6 one, which is what one site is commonly
    given (RFC 6177). UNKNOWN is a network of its own.
    """
    if address == UNKNOWN:
        return UNKNOWN
    is_v4 = _MAPPED <= address <= _MAPPED + _V4_MAX
    host_bits = _V4_HOST_BITS if is_v4 else _V6_HOST_BITS
    return address >> host_bits << host_bits


@lru_cache(4096)
def format_source_network(first: int) -> str:
    """What `source_network` gave as text, such as `203.0.113.0/24`."""
    if first == UNKNOWN:
        return UNKNOWN_NETWORK
    is_v4 = _MAPPED <= first <= _MAPPED + _V4_MAX
    prefix = 32 - _V4_HOST_BITS if is_v4 else 128 - _V6_HOST_BITS
    return f"{format_address(first)}/{prefix}"


class Networks:
    """Allowed and denied networks, compiled once when a key is loaded.

    Where nothing is allowed by name, all is that is not denied. `_turns` are
    the addresses, in order, at which admitted and refused ones take turns.
    """

    __slots__ = ("_turns",)

    def __init__(self, allowed: Iterable[str] = (), denied: Iterable[str] = ()) -> None:
        may = [parse_network(text) for text in allowed] or [(0, _V6_MAX)]
        must_not = [parse_network(text) for text in denied]
        bounds = {first for first, _ in may + must_not}
        bounds |= {last + 1 for _, last in may + must_not}
        turns: list[int] = []
        for bound in sorted(bounds):
            admitted = _within(may, bound) and not _within(must_not, bound)
            if admitted is (len(turns) % 2 == 0):
                turns.append(bound)
        self._turns = turns

    def admits(self, address: int) -> bool:
        """Whether the address may pass. An unknown one passes no restriction."""
        return bisect_right(self._turns, address) % 2 == 1


class BothNetworks(Networks):
    """What two keys allow, both of which must."""

    __slots__ = ("_both",)

    def __init__(self, one: Networks, other: Networks) -> None:
        self._both = (one, other)

    def admits(self, address: int) -> bool:
        """Whether the address may pass both."""
        return all(networks.admits(address) for networks in self._both)


def _within(networks: Iterable[tuple[int, int]], address: int) -> bool:
    return any(first <= address <= last for first, last in networks)


def is_public(text: str) -> bool:
    """Whether an address is one of the open internet, in whatever disguise.

    Raises ValueError when `text` is no address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & _V4_MAX)
        if inner is not None:
            return is_public(str(inner))
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast


def is_loopback(text: str) -> bool:
    """Whether an address is this machine itself.

    Raises ValueError when `text` is no address.
    """
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
