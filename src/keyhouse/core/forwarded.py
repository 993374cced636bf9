"""Who called, where trusted proxies stand in between.

They tell it in X-Forwarded-For or in Forwarded (RFC 7239). Both are read from
the right, where the nearest wrote, through trusted proxies only: what stands
left of an entry that none of them wrote may be a lie.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from keyhouse.core.addresses import UNKNOWN, parse_address

Trusts = Callable[[int], bool]
PARAMETERS_MAX: Final = 100
"""A Forwarded with more of them is not read."""
_ADDRESS_LENGTH_MAX: Final = 64
_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = r'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t\x20-\x7e\x80-\xff])*+"'
_PAIR: Final = re.compile(rf"({_WORD})=({_WORD}|{_QUOTED})")
_GAP: Final = re.compile(r"[ \t]*([;,])[ \t]*")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_NODE: Final = re.compile(
    r"(?:\[([0-9A-Fa-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::(?:\d{1,5}|_[A-Za-z0-9._-]+))?"
)


class Hop(NamedTuple):
    """What one proxy tells of whom it was called by: the node, and how."""

    node: str
    tls: bool


class Came(NamedTuple):
    """How a request came to the first of the trusted proxies."""

    address: int
    tls: bool


def came(
    peer: int,
    trusts: Trusts,
    *,
    chain: bytes | None,
    protocol: bytes | None,
    forwarded: bytes | None,
) -> Came:
    """What a trusted `peer` tells by X-Forwarded-For, -Proto and Forwarded.

    A proxy writes one of the two kinds and may pass on a caller's own header
    of the other. So where both are there, both must say the same: addresses
    that differ are none, and TLS it was only if both say so.
    """
    by_chain = came_by_chain(peer, trusts, chain, protocol)
    if not forwarded:
        return by_chain
    hops = parse_forwarded(forwarded.decode("latin-1"))
    if hops is None:
        return Came(UNKNOWN, False)
    address, count = walk(peer, (node_address(hop.node) for hop in reversed(hops)), trusts)
    tls = hops[-count].tls
    if chain and address != by_chain.address:
        address = UNKNOWN
    alone = not chain and not protocol
    return Came(address, tls and (alone or by_chain.tls))


def came_by_chain(
    peer: int, trusts: Trusts, chain: bytes | None, protocol: bytes | None
) -> Came:
    """What X-Forwarded-For and -Proto tell."""
    tls = protocol is not None and protocol.lower() == b"https"
    if not chain:
        return Came(peer, tls)
    entries = reversed(chain.split(b","))
    return Came(walk(peer, map(entry_address, entries), trusts)[0], tls)


def walk(peer: int, from_right: Iterable[int], trusts: Trusts) -> tuple[int, int]:
    """The right-most address that is not trusted, or the left-most; and how many

    entries were read. One that a trusted proxy does not tell is UNKNOWN, and
    ends the walk.
    """
    address, count = peer, 0
    for address in from_right:
        count += 1
        if address == UNKNOWN or not trusts(address):
            break
    return address, count


def parse_forwarded(text: str) -> list[Hop] | None:
    """The elements of a Forwarded header; None where it is not well-formed.

    Broken at any place it is worth nothing: a caller's open quote would
    swallow what a proxy wrote behind it.
    """
    hops: list[Hop] = []
    element: dict[str, str] = {}
    for count, pair in enumerate(_pairs(text.strip(" \t"))):
        if pair is None or count == PARAMETERS_MAX or pair[0] in element:
            return None
        name, value, ends = pair
        element[name] = value
        if ends:
            tls = element.get("proto", "").lower() == "https"
            hops.append(Hop(element.get("for", ""), tls))
            element = {}
    return hops


def _pairs(text: str) -> Iterator[tuple[str, str, bool] | None]:
    """Each parameter, and whether its element ends behind it.

    None, and no more, where it is not well-formed.
    """
    place = 0
    while True:
        pair = _PAIR.match(text, place)
        if pair is None:
            yield None
            return
        place = pair.end()
        at_end = place == len(text)
        gap = _GAP.match(text, place)
        ends = at_end or (gap is not None and gap[1] == ",")
        yield pair[1].lower(), _plain(pair[2]), ends
        if at_end:
            return
        if gap is None:
            yield None
            return
        place = gap.end()


def _plain(value: str) -> str:
    return _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value


def node_address(node: str) -> int:
    """The address of a node of Forwarded, without its port.

    UNKNOWN for `unknown`, an obfuscated `_name` and what is no node.
    """
    match = _NODE.fullmatch(node)
    return UNKNOWN if match is None else known_address(match[1] or match[2])


def entry_address(entry: bytes) -> int:
    """The address of an entry of X-Forwarded-For: there are ports, and brackets or not."""
    text = entry.decode("latin-1").strip(" \t")
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return UNKNOWN if len(text) > _ADDRESS_LENGTH_MAX else known_address(text)


@lru_cache(maxsize=4096)
def known_address(text: str) -> int:
    """The number of an address, UNKNOWN for any other text."""
    try:
        return parse_address(text)
    except ValueError:
        return UNKNOWN
