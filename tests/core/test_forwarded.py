"""Forwarded (RFC 7239) and X-Forwarded-For: no caller speaks for a proxy."""

from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.addresses import UNKNOWN, Networks, parse_address
from keyhouse.core.forwarded import (
    PARAMETERS_MAX,
    Came,
    Hop,
    came,
    node_address,
    parse_forwarded,
)

TRUSTS = Networks(("10.0.0.0/8", "fd00::/8")).admits
PROXY = parse_address("10.0.0.1")
TSPECIALS = '"(),/:;<=>?@[\\]{}'


def forwarded(text: str) -> Came:
    told = text.encode("latin-1")
    return came(PROXY, TRUSTS, chain=None, protocol=None, forwarded=told)


def address_of(text: str | None) -> int:
    return UNKNOWN if text is None else parse_address(text)


@pytest.mark.parametrize(
    ("text", "address", "tls"),
    [
        ("for=203.0.113.7", "203.0.113.7", False),
        ("For=203.0.113.7;Proto=HTTPS", "203.0.113.7", True),
        ('for="203.0.113.7:4711"', "203.0.113.7", False),
        ('for="203.0.113.7:_port"', "203.0.113.7", False),
        ('for="[2001:db8::7]"', "2001:db8::7", False),
        ('for="[2001:db8::7]:443" ; proto="https"', "2001:db8::7", True),
        (r'for="\203.0.113.7"', "203.0.113.7", False),
        ("by=_me;host=a.example;for=203.0.113.7", "203.0.113.7", False),
        ("for=198.51.100.1, for=203.0.113.7", "203.0.113.7", False),
        ("for=198.51.100.1,for=203.0.113.7;proto=https,for=10.0.0.2", "203.0.113.7", True),
        # How the caller came to the first proxy, not the proxies to each other.
        ("for=203.0.113.7,for=10.0.0.2;proto=https", "203.0.113.7", False),
        ("for=10.0.0.3, for=10.0.0.2", "10.0.0.3", False),
        ("for=unknown", None, False),
        ("for=_hidden;proto=https", None, True),
        ("for=203.0.113.7, for=_hidden, for=10.0.0.2", None, False),
        ("proto=https", None, True),
        # Unbracketed IPv6 and names are no nodes.
        ('for="2001:db8::7"', None, False),
        ("for=a.example", None, False),
        # Broken anywhere, it is worth nothing.
        ("203.0.113.7", None, False),
        ("for=203.0.113.7,", None, False),
        (",for=203.0.113.7", None, False),
        ("for=203.0.113.7;", None, False),
        ("for=203.0.113.7 proto=https", None, False),
        ("for = 203.0.113.7", None, False),
        ("for=[2001:db8::7]", None, False),
        ('for=", for=203.0.113.7;proto=https', None, False),
        ('for="x, for="203.0.113.7";proto=https', None, False),
        ("for=203.0.113.7;for=198.51.100.1;proto=https", None, False),
        ('for="203.0.113.7', None, False),
        ("=203.0.113.7", None, False),
    ],
)
def test_what_a_forwarded_header_comes_to(
    text: str, address: str | None, tls: bool
) -> None:
    assert forwarded(text) == Came(address_of(address), tls)


@pytest.mark.parametrize(
    ("chain", "protocol", "text", "address", "tls"),
    [
        ("203.0.113.7", "https", "for=203.0.113.7;proto=https", "203.0.113.7", True),
        ("203.0.113.7", "https", "for=203.0.113.7", "203.0.113.7", False),
        ("203.0.113.7", "http", "for=203.0.113.7;proto=https", "203.0.113.7", False),
        ("203.0.113.7", None, "for=203.0.113.7;proto=https", "203.0.113.7", False),
        ("203.0.113.7", "https", "for=198.51.100.1;proto=https", None, True),
        ("198.51.100.1", "https", "for=203.0.113.7, for=10.0.0.2", None, False),
        ("198.51.100.1, 203.0.113.7", None, "for=203.0.113.7", "203.0.113.7", False),
        (None, "https", "for=203.0.113.7;proto=https", "203.0.113.7", True),
        (None, "http", "for=203.0.113.7;proto=https", "203.0.113.7", False),
        ("203.0.113.7", "https", 'for="', None, False),
        ("", None, "for=203.0.113.7;proto=https", "203.0.113.7", True),
        ("203.0.113.7", "https", "", "203.0.113.7", True),
    ],
)
def test_where_both_are_there_both_must_say_so(
    chain: str | None, protocol: str | None, text: str, address: str | None, tls: bool
) -> None:
    """One of them may be the caller's own, passed on by a proxy that writes the other."""
    told = came(
        PROXY,
        TRUSTS,
        chain=None if chain is None else chain.encode(),
        protocol=None if protocol is None else protocol.encode(),
        forwarded=text.encode(),
    )
    assert told == Came(address_of(address), tls)


def test_a_header_that_goes_on_and_on_is_not_read() -> None:
    element = "for=203.0.113.7"
    assert parse_forwarded(",".join([element] * PARAMETERS_MAX)) is not None
    assert parse_forwarded(",".join([element] * (PARAMETERS_MAX + 1))) is None


# -- an oracle that takes its time: one character after the other -----------------


def slow_parse(text: str) -> list[Hop] | None:
    """RFC 7239, 4, with the list rule of RFC 9110, 5.6.1 as senders must write it."""
    try:
        elements = [
            [_pair(one) for one in _cut(element, ";")]
            for element in _cut(text.strip(" \t"), ",")
        ]
    except ValueError:
        return None
    hops = []
    for pairs in elements:
        told = dict(pairs)
        if len(told) != len(pairs):
            return None
        hops.append(Hop(told.get("for", ""), told.get("proto", "").lower() == "https"))
    return hops


def _cut(text: str, mark: str) -> list[str]:
    """The parts between marks that stand in no quotes, without space around."""
    parts, part, quoted, escaped = [], "", False, False
    for one in text:
        if one == mark and not quoted:
            parts.append(part)
            part = ""
            continue
        part += one
        if escaped:
            escaped = False
        elif quoted and one == "\\":
            escaped = True
        elif one == '"':
            quoted = not quoted
    if quoted:
        raise ValueError(text)
    ends = [*parts, part]
    first, last = ends[0].lstrip(" \t") != ends[0], ends[-1].rstrip(" \t") != ends[-1]
    if first or last:
        raise ValueError(text)
    return [one.strip(" \t") for one in ends]


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not _is_token(name):
        raise ValueError(text)
    if _is_token(value):
        return name.lower(), value
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        raise ValueError(text)
    plain, escaped = "", False
    for one in value[1:-1]:
        if escaped:
            if one != "\t" and not " " <= one <= "~" and one < "\x80":
                raise ValueError(text)
            plain, escaped = plain + one, False
        elif one == "\\":
            escaped = True
        elif one == '"' or (one != "\t" and (one < " " or one == "\x7f")):
            raise ValueError(text)
        else:
            plain += one
    if escaped:
        raise ValueError(text)
    return name.lower(), plain


def _is_token(text: str) -> bool:
    return bool(text) and all("!" <= one <= "~" and one not in TSPECIALS for one in text)


def slow_node(node: str) -> int:
    host, port = node, ""
    if node.startswith("["):
        host, bracket, port = node.partition("]")
        host = host[1:]
        if not bracket:
            return UNKNOWN
    elif ":" in node:
        host, _, port = node.partition(":")
        port = ":" + port
    if port and not (port[:2] == ":_" and len(port) > 2) and not port[1:].isdecimal():
        return UNKNOWN
    try:
        found = ip_address(host)
    except ValueError:
        return UNKNOWN
    if isinstance(found, IPv6Address) is not node.startswith("["):
        return UNKNOWN
    return parse_address(host)


def slow_came(text: str) -> Came:
    hops = slow_parse(text)
    if hops is None:
        return Came(UNKNOWN, False)
    address, tls = PROXY, False
    for hop in reversed(hops):
        address, tls = slow_node(hop.node), hop.tls
        if address == UNKNOWN or not TRUSTS(address):
            break
    return Came(address, tls)


PIECES = st.sampled_from(
    [
        *("for=", "proto=", "by=", "For=", "https", "http", "unknown", "_h", ",", ";", " "),
        *('"', "\\", "10.0.0.2", "203.0.113.7", "[2001:db8::7]", "[fd00::1]", ":80", ":_p"),
        *('"[2001:db8::7]:443"', '"203.0.113.7:1"', ", for=10.0.0.3", ";proto=https", "\t"),
    ]
)
NODES = st.sampled_from(
    [
        *("203.0.113.7", "10.0.0.2", '"[2001:db8::7]"', '"[fd00::2]:80"'),
        *('"198.51.100.1:_x"', "unknown", "_hidden", '"a, b"', r'"10.0.0\.2"'),
        '"2001:db8::7"',
    ]
)
ELEMENTS = st.builds(
    lambda node, proto, gap: f"for={node}{gap};proto={proto}",
    NODES,
    st.sampled_from(["http", "https", '"HTTPS"', "ws"]),
    st.sampled_from(["", " ", "\t "]),
)


@given(st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=30)))
def test_any_text_is_read_as_the_slow_way_reads_it(text: str) -> None:
    text = text.encode("latin-1", "replace").decode("latin-1")
    assert parse_forwarded(text) == slow_parse(text)


@given(st.lists(ELEMENTS, min_size=1, max_size=6).map(", ".join))
def test_any_chain_comes_to_what_the_slow_way_finds(text: str) -> None:
    assert forwarded(text) == slow_came(text)


@given(st.text("0123456789.:_[]abf", max_size=24))
def test_any_node_is_what_the_slow_way_takes_it_for(node: str) -> None:
    assert (node_address(node) == UNKNOWN) is (slow_node(node) == UNKNOWN)


@given(st.lists(PIECES, max_size=10).map("".join))
def test_a_caller_cannot_put_an_address_before_the_proxys(text: str) -> None:
    """Whatever a caller sends, the proxy's own element behind it is what counts."""
    told = forwarded(f"{text},for=203.0.113.7")
    assert told.address in (parse_address("203.0.113.7"), UNKNOWN)
    assert not told.tls
