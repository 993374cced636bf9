"""What people give is kept only if every part of Keyhouse can live with it."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core import validation as v
from keyhouse.core.answers import limit_headers
from keyhouse.core.compilation import compile_quotas, compile_rates
from keyhouse.core.decision import Decision
from keyhouse.core.entities import (
    Environment,
    KeyKind,
    Limit,
    LimitKind,
    Restrictions,
    Window,
)
from keyhouse.core.limits import left_of, take
from keyhouse.core.quotas import OFFSET_SECONDS_MAX, span_of
from keyhouse.core.verdict import Verdict
from tests.core.rows import api_record, line, quota, rate

_ZONES = available_timezones()


def knows(zone: str) -> bool:
    return zone in _ZONES


def fields(problems: Sequence[v.Problem]) -> list[str]:
    """The fields that are complained about; each complaint says what to do."""
    assert all(problem.reason and problem.mend for problem in problems)
    return [problem.field for problem in problems]


@pytest.mark.parametrize("name", ["Webdata", "Ümläut & Söhne", "a", "x" * 120, "日本"])
def test_names(name: str) -> None:
    assert v.check_name("name", name) == []


@pytest.mark.parametrize(
    "name", ["", " ", " a", "a ", "a\nb", "a\x00", "x" * 121, "a\u202e"]
)
def test_no_names(name: str) -> None:
    assert fields(v.check_name("name", name)) == ["name"]


def test_a_text_may_be_empty_but_not_endless() -> None:
    assert v.check_text("purpose", "") == []
    assert fields(v.check_text("purpose", "x" * 2001)) == ["purpose"]
    assert fields(v.check_text("purpose", "xx", 1)) == ["purpose"]


@pytest.mark.parametrize(
    "email",
    [
        "a@example.com",
        "a.b+c@localhost",
        "a=b?c@in_side",
        "ü@example.de",
        "ada@xn--bcher-kva.example",
        "ada@bücher.example",
    ],
)
def test_mail(email: str) -> None:
    assert v.check_email("email", email) == []


@pytest.mark.parametrize(
    "email", ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b..c", "a\n@b", "a@" + "b" * 300]
)
def test_no_mail(email: str) -> None:
    assert fields(v.check_email("email", email)) == ["email"]


@pytest.mark.parametrize(
    "email",
    [
        "=?utf-8?q??=@b.co",
        "a@=?x?b?!!?=",
        "a@=?utf-8?q?evil.co=2Cvictim=40corp.com?=",
        "a@evil.co,victim",
        "a@b<c",
        "a@[127.0.0.1]",
    ],
)
def test_an_address_that_a_header_reads_as_something_else_is_none(email: str) -> None:
    assert fields(v.check_email("email", email)) == ["email"]


@pytest.mark.parametrize("slug", ["webdata", "a1", "web-data-2", "a" * 63])
def test_slugs(slug: str) -> None:
    assert v.check_slug("slug", slug) == []


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "a",
        "1a",
        "Web",
        "web_data",
        ".keyhouse",
        "-a",
        "a" * 64,
        "a/b",
        "ab\n",
        "é1",
        "keyhouse",
    ],
)
def test_no_slugs(slug: str) -> None:
    assert fields(v.check_slug("slug", slug)) == ["slug"]


@pytest.mark.parametrize(
    ("scopes", "known", "wild", "wrong"),
    [
        ([], None, True, []),
        (["*", "a:*", "a:read"], None, True, []),
        (["*", "a:*", "a:read"], ["a:read"], True, []),
        (["a:write", "b:*"], ["a:read"], True, ["scopes.0", "scopes.1"]),
        (["a:read"], [], True, ["scopes.0"]),
        (
            ["*:read", "*:write", "*:rea", "*:a"],
            ["a:read"],
            True,
            [f"scopes.{n}" for n in (1, 2, 3)],
        ),
        (["ab:*", "a:*"], ["ab:read"], True, ["scopes.1"]),
        (["*:read"], None, False, ["scopes.0"]),
        (["*:*", "a:b|c:d"], None, True, ["scopes.0", "scopes.1"]),
        (["*"], [], True, []),
        (["a", "A:b", ""], None, True, ["scopes.0", "scopes.1", "scopes.2"]),
        (["a:*", "*", "a:b"], None, False, ["scopes.0", "scopes.1"]),
        (["a:b", "a:c", "a:b"], None, True, ["scopes.2"]),
        ([f"a:s{i}" for i in range(101)], None, True, ["scopes"]),
    ],
)
def test_scopes(
    scopes: list[str], known: list[str] | None, wild: bool, wrong: list[str]
) -> None:
    assert fields(v.check_scopes("scopes", scopes, known, wild=wild)) == wrong


@pytest.mark.parametrize(
    ("entries", "wild", "wrong"),
    [
        ([], True, []),
        (["a:read|a:write", "b:read"], False, []),
        (["a:read|c:read"], True, ["scopes.0 is not a scope of the API"]),
        (["a:read|a:*"], False, ["scopes.0 is not one scope"]),
        (["a:read|a:*|*:read|*"], True, []),
        (
            ["a:read||b:read", "|"],
            True,
            ["scopes.0 is no scope", "scopes.1 names an alternative twice"],
        ),
        (["a:read| b:read"], True, ["scopes.0 is no scope"]),
        (["a:read|a:read"], True, ["scopes.0 names an alternative twice"]),
        (["a:read|b:read"] * 2, True, ["scopes.1 is there twice"]),
        (
            ["|".join(f"a:s{i}" for i in range(17))],
            True,
            ["scopes.0 has more than 16 alternatives"],
        ),
        ([f"a:s{i}" for i in range(101)], True, ["scopes has more than 100 entries"]),
    ],
)
def test_what_is_needed(entries: list[str], wild: bool, wrong: list[str]) -> None:
    """Each problem names its entry, whatever is wrong with how many alternatives."""
    known = ["a:read", "a:write", "b:read"]
    problems = v.check_needs("scopes", entries, known, wild=wild)
    assert [f"{one.field} {one.reason}" for one in problems] == wrong
    assert all(one.mend for one in problems)


_GOOD_RATE: dict[str, Any] = {"kind": LimitKind.RATE, "amount": 5, "period_seconds": 1}
_GOOD_QUOTA: dict[str, Any] = {"kind": LimitKind.QUOTA, "amount": 5, "window": Window.DAY}
_YEAR = 366 * 86_400


@pytest.mark.parametrize(
    ("base", "changes", "wrong"),
    [
        (_GOOD_RATE, {}, []),
        (_GOOD_RATE, {"burst": 1}, []),
        (_GOOD_RATE, {"period_seconds": _YEAR}, []),
        (_GOOD_RATE, {"amount": 1_000_000}, []),
        (_GOOD_RATE, {"amount": 0}, ["amount"]),
        (_GOOD_RATE, {"amount": True}, ["amount"]),
        (_GOOD_RATE, {"amount": 10**15}, ["amount"]),
        (_GOOD_RATE, {"amount": 1_000_001}, ["amount"]),
        (_GOOD_RATE, {"period_seconds": None}, ["period_seconds"]),
        (_GOOD_RATE, {"period_seconds": 0}, ["period_seconds"]),
        (_GOOD_RATE, {"period_seconds": _YEAR + 1}, ["period_seconds"]),
        (_GOOD_RATE, {"burst": 0}, ["burst"]),
        (_GOOD_RATE, {"burst": 5 * _YEAR}, []),
        (_GOOD_RATE, {"burst": 5 * _YEAR + 1}, ["burst"]),
        (_GOOD_RATE, {"window": Window.DAY}, ["window"]),
        (_GOOD_RATE, {"zone": "Europe/Berlin"}, ["window"]),
        (_GOOD_RATE, {"offset_seconds": 1}, ["window"]),
        (_GOOD_QUOTA, {}, []),
        (_GOOD_QUOTA, {"amount": 10**15 - 1, "zone": "Asia/Kolkata"}, []),
        (_GOOD_QUOTA, {"offset_seconds": 86_399}, []),
        (_GOOD_QUOTA, {"offset_seconds": 86_400}, ["offset_seconds"]),
        (_GOOD_QUOTA, {"offset_seconds": -1}, ["offset_seconds"]),
        (_GOOD_QUOTA, {"window": Window.HOUR, "offset_seconds": 3600}, ["offset_seconds"]),
        (_GOOD_QUOTA, {"window": None}, ["window"]),
        (_GOOD_QUOTA, {"period_seconds": 1}, ["period_seconds"]),
        (_GOOD_QUOTA, {"burst": 1}, ["burst"]),
        (_GOOD_QUOTA, {"zone": "Mars/Olympus"}, ["zone"]),
        (_GOOD_QUOTA, {"zone": "../../etc/passwd"}, ["zone"]),
        (_GOOD_QUOTA, {"zone": ""}, ["zone"]),
        (_GOOD_QUOTA, {"zone": "x" * 65}, ["zone"]),
        (_GOOD_QUOTA, {"name": ""}, ["name"]),
        (_GOOD_QUOTA, {"name": 'a"b'}, ["name"]),
        (_GOOD_QUOTA, {"name": "a|b"}, ["name"]),
        (_GOOD_QUOTA, {"name": "a\n"}, ["name"]),
        (_GOOD_QUOTA, {"name": "A", "amount": 0}, ["name", "amount"]),
    ],
)
def test_limits(base: dict[str, Any], changes: dict[str, Any], wrong: list[str]) -> None:
    limit = Limit(**{"name": "daily", **base, **changes})
    assert fields(v.check_limits("limits", [limit], knows)) == [
        f"limits.0.{w}" for w in wrong
    ]


def test_every_zone_of_the_machine_can_be_named() -> None:
    tame = {zone for zone in _ZONES if not zone.startswith(("posix", "right"))}
    assert [zone for zone in tame if v.check_zone("zone", zone, knows)] == []


def test_a_limit_s_name_is_there_once_and_limits_are_few() -> None:
    same = [rate("a"), quota("b"), quota("a")]
    assert fields(v.check_limits("limits", same, knows)) == ["limits.2.name"]
    many = [rate(f"r{index}") for index in range(17)]
    assert fields(v.check_limits("limits", many, knows)) == ["limits"]


@given(
    amount=st.integers(-1, v.AMOUNT_MAX + 1) | st.integers(1, 2_000_000),
    period=st.integers(0, _YEAR + 1) | st.integers(1, 60),
    burst=st.none() | st.integers(0, 10**16) | st.integers(1, 100),
)
def test_what_passes_can_be_compiled_and_told(
    amount: int, period: int, burst: int | None
) -> None:
    limit = Limit(
        name="r", kind=LimitKind.RATE, amount=amount, period_seconds=period, burst=burst
    )
    if v.check_limit("limit", limit, knows):
        return
    (compiled,) = compile_rates([limit])
    way = line(api_record(limits=(limit,)))
    taken = take(compiled, 0, 1, 10**15)
    told = limit_headers(Decision(Verdict.VALID, 10**15, way, left=left_of([taken])))
    assert all(len(digits) <= 15 for _, value in told for digits in value.split("="))
    assert taken.tat_us < 1 << 63


@given(window=st.sampled_from(Window), zone=st.sampled_from(sorted(_ZONES)), data=st.data())
def test_every_quota_that_passes_has_a_window(
    window: Window, zone: str, data: st.DataObject
) -> None:
    offset = data.draw(st.integers(0, OFFSET_SECONDS_MAX[window]))
    limit = quota("q", 10, window=window, zone=zone, offset_seconds=offset)
    if not v.check_limit("limit", limit, knows):
        (compiled,) = compile_quotas([limit], ZoneInfo)
        now_us = data.draw(st.integers(0, 4 * 10**15))
        span = span_of(compiled, now_us)
        assert span.start_us <= now_us < span.end_us


def test_restrictions_name_the_entry_that_is_wrong() -> None:
    restrictions = Restrictions(
        networks_allowed=("10.0.0.0/8", "10.0.0.1/8"),
        networks_denied=("x",),
        referrers=("example.com", "ftp://x", "a" * 600),
        apps=("ios:a.b", "android:a.b"),
        endpoints=("GET /v1/**", "get /", "GET /" + "*a" * 9, "GET /v1/**"),
    )
    assert fields(v.check_restrictions("restrictions", restrictions)) == [
        "restrictions.networks_allowed.1",
        "restrictions.networks_denied.0",
        "restrictions.referrers.1",
        "restrictions.referrers.2",
        "restrictions.endpoints.1",
        "restrictions.endpoints.2",
        "restrictions.endpoints.3",
        "restrictions.apps.1",
    ]
    assert v.check_restrictions("restrictions", Restrictions()) == []
    many = tuple(f"10.0.{index}.0/24" for index in range(101))
    assert fields(v.check_networks("networks", many)) == ["networks"]


@pytest.mark.parametrize(
    ("method", "path", "scopes", "cost", "wrong"),
    [
        ("GET", "/v1/{id}", ["a:read"], 0, []),
        ("*", "/", [], 1_000_000, []),
        ("get", "v1", ["a:*"], -1, ["scopes.0", "method", "path", "cost"]),
        ("GET POST", "/", ["b:read"], 1_000_001, ["scopes.0", "method", "cost"]),
        ("", "/a//b", [], 1, ["method", "path"]),
    ],
)
def test_routes(
    method: str, path: str, scopes: list[str], cost: int, wrong: list[str]
) -> None:
    assert fields(v.check_route(method, path, scopes, cost, ["a:read"])) == wrong


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:3000",
        "https://api.example.com/v2/",
        "http://[::1]:8080",
        "http://web_data:80/x",
        "http://localhost",
        f"http://{'a' * 63}.example.com.",
        "HTTP://Example.COM",
    ],
)
def test_upstreams(url: str) -> None:
    assert v.check_upstreams("upstreams", {"live": url, "test": url}) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:3000",
        "ftp://x",
        "http://",
        "http:///x",
        "http://:80",
        "http://u@x",
        "http://u:p@x",
        "http://@x",
        "http://x?a",
        "http://x?",
        "http://x#",
        "http://x:0",
        "http://x:65536",
        "http://x:y",
        "http://[::1",
        "http://[x]",
        "http://x y",
        "http://x\n",
        "http://x\\y",
        "http://ü.de",
        "http://a..b",
        "http://-x",
        f"http://{'a' * 64}.de",
        "http://x/" + "a" * 600,
    ],
)
def test_no_upstreams(url: str) -> None:
    assert fields(v.check_upstreams("upstreams", {"live": url})) == ["upstreams.live"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3:8080",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]:80",
        "[fe80::1%25eth0]",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "127.1",
        "127.0.0.1.",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "2130706433",
        "0x7f000001",
    ],
)
def test_a_private_upstream_is_refused_however_it_is_written(host: str) -> None:
    """Where strangers have tenants; resolvers read numbers in many a form."""
    url = {"live": f"http://{host}/x"}
    problems = v.check_upstreams("upstreams", url, private=False)
    assert fields(problems) == ["upstreams.live"]
    assert "gateway.upstream_private" in problems[0].mend, "an operator finds the way"


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "[2606:4700::1111]:8443", "api.example.com", "web", "10.example"]
)
def test_what_may_be_public_is_for_dns_to_tell(host: str) -> None:
    url = {"live": f"http://{host}/x"}
    assert v.check_upstreams("upstreams", url, private=False) == []


def test_an_upstream_belongs_to_a_known_environment() -> None:
    assert fields(v.check_upstreams("u", {"prod": "http://x"})) == ["u.prod"]


@pytest.mark.parametrize(
    "name", ["X-API-Key", "apikey", "X_Key", "ocp-apim-subscription-key"]
)
def test_key_headers(name: str) -> None:
    assert v.check_key_header("key_header", name) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "X Key",
        "X:Key",
        "Authorization",
        "HOST",
        "cookie",
        "Keyhouse-Key-Id",
        "é",
        "x" * 65,
        "a\n",
    ],
)
def test_a_key_cannot_come_in_a_header_with_a_meaning_of_its_own(name: str) -> None:
    assert fields(v.check_key_header("key_header", name)) == ["key_header"]


def test_query_parameters() -> None:
    for good in (None, "api_key", "key", "k"):
        assert v.check_query_parameter("query_parameter", good) == []
    for bad in ("", "a b", "a=b", "a&b", "é", "1a", "a[]", "x" * 64, "k\n"):
        assert fields(v.check_query_parameter("query_parameter", bad)) == [
            "query_parameter"
        ]


def test_kinds_and_environments_belong_together() -> None:
    live = Environment.LIVE
    for kind, environment, wrong in [
        (KeyKind.SERVER, live, []),
        (KeyKind.SERVER, None, ["environment"]),
        (KeyKind.PUBLISHABLE, None, ["environment"]),
        (KeyKind.MANAGEMENT, None, []),
        (KeyKind.MANAGEMENT, live, ["environment"]),
    ]:
        assert fields(v.check_key_environment("environment", kind, environment)) == wrong


@pytest.mark.parametrize(
    ("starts_us", "ends_us", "wrong"),
    [
        (None, None, []),
        (None, 1, []),
        (5, None, []),
        (5, 6, []),
        (5, 5, ["ends_at"]),
        (None, 0, ["ends_at"]),
        (-1, None, ["starts_at"]),
        (v.TIME_US_MAX, None, ["starts_at"]),
        (-1, v.TIME_US_MAX, ["starts_at", "ends_at"]),
    ],
)
def test_times(starts_us: int | None, ends_us: int | None, wrong: list[str]) -> None:
    assert fields(v.check_times("starts_at", starts_us, "ends_at", ends_us)) == wrong


def _nest(depth: int) -> Any:
    return {"a": _nest(depth - 1)} if depth > 1 else {}


@pytest.mark.parametrize(
    "metadata", [{}, {"a": [1, None, "ü", {"b": 1.5}]}, _nest(8), {"a": "x" * 16_000}]
)
def test_metadata(metadata: dict[str, Any]) -> None:
    assert v.check_metadata("metadata", metadata) == []


@pytest.mark.parametrize(
    "metadata",
    [
        _nest(9),
        _nest(500),
        {"a": float("nan")},
        {"a": b"x"},
        {"a": "x" * 16_385},
        {"a": "\ud800"},
        {"a": [{"b\0": 1}]},
        {"a": ["\0"]},
        {"a": [[[[[[[[1]]]]]]]]},
    ],
)
def test_no_metadata(metadata: dict[str, Any]) -> None:
    assert fields(v.check_metadata("metadata", metadata)) == ["metadata"]
