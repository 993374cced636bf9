"""The small parts, each by itself."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.answers import limit_headers
from keyhouse.core.decision import Decision
from keyhouse.core.entities import Window
from keyhouse.core.limits import left_of, rate_limit, take
from keyhouse.core.quotas import Budget, Quota
from keyhouse.core.records import QuotaUse, RateUse
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway.faces import Face, _template
from keyhouse.doors.gateway.head import ANSWER_RULES, DROP, REQUEST_RULES
from keyhouse.doors.gateway.peers import Peers
from keyhouse.doors.gateway.query import cut_parameter
from keyhouse.doors.gateway.refuse import safe
from tests.doors.gateway.doubles import KEY, NOW_US, Verifier


@given(
    st.lists(st.sampled_from(["a", "per-minute", "50%", "x y"]), unique=True, max_size=3)
)
def test_limits_read_the_same_at_every_door(names: list[str]) -> None:
    from datetime import UTC

    verifier = Verifier("http://127.0.0.1:1")
    base = verifier._line(KEY, verifier.keys[KEY], "weather")
    rates = tuple(RateUse(name, rate_limit(name, 7, 60, 3)) for name in names)
    budget = Budget("org_1", "key", "key_1", "test", "day")
    quotas = (QuotaUse("t", Quota("day", 100, Window.DAY, UTC, 0), budget),)
    line = replace(base, rates=rates, quotas=quotas)
    taken = left_of(take(use.limit, 0, 1, NOW_US) for use in rates)
    decision = Decision(Verdict.VALID, NOW_US, line, "", 1, (), (*taken, 12, 2))
    out: list[bytes] = []
    Face(None, b"", _template(line)).tell(out, decision, b"req_1")
    lines = b"".join(out).split(b"\r\n")
    expected = dict(limit_headers(decision))
    assert lines[0] == b"Keyhouse-Request-Id: req_1"
    assert lines[1] == b"RateLimit: " + expected["RateLimit"].encode()
    assert lines[2] == b"RateLimit-Policy: " + expected["RateLimit-Policy"].encode()
    assert lines[3:] == [b"", b""]


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        (None, "10.0.0.1"),
        (b"203.0.113.7", "203.0.113.7"),
        (b"1.2.3.4, 203.0.113.7", "203.0.113.7"),
        (b"1.2.3.4, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (b"203.0.113.7:8080, 10.0.0.2", "203.0.113.7"),
        (b"[2001:db8::1]:80", "2001:db8::1"),
        (b"2001:db8::1", "2001:db8::1"),
        (b"10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (b"1.2.3.4, nonsense", None),
        (b"1.2.3.4, nonsense, 10.0.0.2", None),
        (b"1.2.3.4, , 10.0.0.2", None),
        (b"", "10.0.0.1"),
    ],
)
def test_a_chain_of_proxies_is_believed_as_far_as_it_is_trusted(
    chain: bytes | None, address: str | None
) -> None:
    """Who a trusted proxy does not name is unknown, and passes no networks."""
    peers = Peers(("10.0.0.0/8",))
    near = peers.direct(("10.0.0.1", 1234))
    expected = UNKNOWN if address is None else parse_address(address)
    assert peers.behind(near, chain, None).address == expected


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["key", "k%65y", "other", "", "keys"]),
            st.text("ab%&=+", max_size=4),
        )
    )
)
def test_no_value_of_the_parameter_is_left_in_a_query(pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={value}" for name, value in pairs).encode()
    cut = cut_parameter(query, b"key")
    assert cut_parameter(cut.rest, b"key").values == []
    others = [
        piece
        for piece in query.split(b"&")
        if piece.partition(b"=")[0] not in (b"key", b"k%65y")
    ]
    assert cut.rest.split(b"&") == (others or [b""])


@given(st.text())
def test_what_goes_into_a_header_cannot_end_it(text: str) -> None:
    assert all(0x20 <= byte < 0x7F for byte in safe(text))


@given(st.text(st.sampled_from("kKeEyYhHoOuUsS-_."), min_size=9, max_size=12))
def test_no_spelling_of_our_headers_gets_through(name: str) -> None:
    plain = name.lower().replace("_", "-").replace(".", "-")
    dropped = REQUEST_RULES[name.encode()] == DROP
    assert dropped == plain.startswith("keyhouse-")
    assert (ANSWER_RULES[name.encode()] == DROP) == dropped


def test_a_stranger_cannot_fill_the_memory_with_header_names() -> None:
    for number in range(5000):
        assert REQUEST_RULES[b"X-%d" % number] == b"X-%d: " % number
    assert len(REQUEST_RULES) <= 2048
