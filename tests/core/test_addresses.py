"""Addresses and networks agree with `ipaddress`, and IPv4 is one in both its forms."""

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keyhouse.core.addresses import (
    UNKNOWN,
    UNKNOWN_NETWORK,
    Networks,
    format_address,
    format_source_network,
    is_loopback,
    is_public,
    parse_address,
    parse_network,
    source_network,
)

_V4 = st.integers(0, (1 << 32) - 1).map(ipaddress.IPv4Address)
_V6 = st.integers(0, (1 << 128) - 1).map(ipaddress.IPv6Address)
_ADDRESSES = _V4 | _V6 | _V4.map(lambda a: ipaddress.IPv6Address(f"::ffff:{a}"))


def _wide(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    if isinstance(address, ipaddress.IPv6Address):
        return address
    return ipaddress.IPv6Address(f"::ffff:{address}")


@st.composite
def _networks(draw: st.DrawFn) -> str:
    address = draw(_ADDRESSES)
    length = draw(st.integers(0, address.max_prefixlen))
    return str(ipaddress.ip_network((address, length), strict=False))


def _inside(address: ipaddress.IPv6Address, text: str) -> bool:
    network = ipaddress.ip_network(text)
    if network.version == 4:
        inner = address.ipv4_mapped
        return inner is not None and inner in network
    return address in network


@given(address=_ADDRESSES)
def test_an_address_is_read_and_told_alike(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    number = parse_address(str(address))
    assert number == int(_wide(address))
    told = ipaddress.ip_address(format_address(number))
    assert told == (_wide(address).ipv4_mapped or address)


@given(
    address=_ADDRESSES,
    allowed=st.lists(_networks(), max_size=5),
    denied=st.lists(_networks(), max_size=5),
)
@example(address=ipaddress.IPv6Address((1 << 128) - 1), allowed=[], denied=[])
@example(address=ipaddress.IPv4Address(0), allowed=["::/0"], denied=["0.0.0.0/0"])
def test_networks_admit_what_a_slow_look_at_each_admits(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    allowed: list[str],
    denied: list[str],
) -> None:
    networks = Networks(allowed, denied)
    near = [_wide(address)]
    for text in (*allowed, *denied):
        first, last = parse_network(text)
        near += [
            ipaddress.IPv6Address(number)
            for number in (first - 1, first, last, last + 1)
            if 0 <= number < 1 << 128
        ]
    for one in near:
        may = not allowed or any(_inside(one, text) for text in allowed)
        must_not = any(_inside(one, text) for text in denied)
        assert networks.admits(int(one)) is (may and not must_not), one


@pytest.mark.parametrize(("allowed", "denied"), [(["::/0"], []), ([], ["10.0.0.0/8"])])
def test_an_unknown_address_passes_no_restriction(
    allowed: list[str], denied: list[str]
) -> None:
    assert not Networks(allowed, denied).admits(UNKNOWN)
    assert format_address(UNKNOWN) == ""


def test_a_zone_is_dropped() -> None:
    assert parse_address("fe80::1%eth0") == parse_address("fe80::1")


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "01.2.3.4", "1.2.3.4/24", "::g", "localhost"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        parse_address(text)


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "10.0.0.0/33", "2001:db8::1/32", "x"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_network(text)


@given(address=_ADDRESSES)
def test_a_source_is_the_24_or_48_that_holds_the_address(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    plain = getattr(address, "ipv4_mapped", None) or address
    length = 24 if plain.version == 4 else 48
    network = ipaddress.ip_network((plain, length), strict=False)
    told = format_source_network(source_network(parse_address(str(address))))
    assert told == str(network)


def test_callers_without_an_address_are_a_source_of_their_own() -> None:
    assert source_network(UNKNOWN) == UNKNOWN
    assert format_source_network(UNKNOWN) == UNKNOWN_NETWORK


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("2002:808:808::", True),
        ("::127.0.0.1", False),
        ("::", False),
        ("64:ff9b:1::808:808", False),
        ("2001:0:7f00:1::", False),
        ("2001:db8::1", False),
        ("ff02::1", False),
        ("fec0::1", False),
        ("255.255.255.255", False),
        ("192.0.2.1", False),
    ],
)
def test_private_addresses_are_known_in_disguise(address: str, *, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f.1", "8.8.8.8/32"])
def test_what_is_no_address_is_neither(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        is_public(text)


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("8.8.8.8", False),
        ("fe80::1%eth0", False),
    ],
)
def test_this_machine_itself_is_known(text: str, loopback: bool) -> None:
    assert is_loopback(text) is loopback
