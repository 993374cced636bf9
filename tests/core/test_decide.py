"""The walk: each refusal, and which of two comes first."""

from dataclasses import replace
from typing import Any

import pytest

from keyhouse.core.addresses import parse_address
from keyhouse.core.decide import decide
from keyhouse.core.entities import Restrictions
from keyhouse.core.request import Request
from keyhouse.core.verdict import Verdict
from tests.core.rows import api_record, line, route

NOW = 1_760_000_000_000_000
INSIDE = parse_address("203.0.113.7")

GOOD = Request(
    b"x",
    "webdata",
    address=INSIDE,
    method="GET",
    path="/v1/pages",
    referrer="https://shop.example/",
    environment="live",
    scopes=("pages:read",),
)

# Each step: what makes the walk end there. Earlier ones come first.
STEPS: list[tuple[Verdict, dict[str, Any], dict[str, Any]]] = [
    (Verdict.UNKNOWN, {"deleted_at": 1}, {}),
    (Verdict.REVOKED, {"revoked_at": 1}, {}),
    (Verdict.DISABLED, {"disabled_at": 1}, {}),
    (Verdict.EXPIRED, {"ends_at": NOW}, {}),
    (Verdict.ENVIRONMENT_MISMATCH, {}, {"environment": "test"}),
    (Verdict.API_NOT_ALLOWED, {"access": {"resource_id": "api_b"}}, {}),
    (Verdict.IP_NOT_ALLOWED, {}, {"address": INSIDE + 256}),
    (Verdict.REFERRER_NOT_ALLOWED, {}, {"referrer": "https://evil.example/"}),
    (Verdict.ENDPOINT_NOT_ALLOWED, {}, {"path": "/v2/pages"}),
    (Verdict.SCOPE_MISSING, {}, {"scopes": ("pages:write",)}),
]
USUAL: dict[str, Any] = {
    "access": {"scopes": ("pages:read",)},
    "restrictions": Restrictions(
        networks_allowed=("203.0.113.0/24",),
        referrers=("shop.example",),
        endpoints=("GET /v1/**",),
    ),
}


def test_a_request_that_keeps_to_everything_passes() -> None:
    assert decide(line(**USUAL), GOOD, NOW) == (Verdict.VALID, "", 1, ())


@pytest.mark.parametrize("index", range(len(STEPS)))
def test_one_reason_is_told(index: int) -> None:
    verdict, key, request = STEPS[index]
    passed = decide(line(**{**USUAL, **key}), replace(GOOD, **request), NOW)
    assert (passed.verdict, passed.units) == (verdict, 0)


@pytest.mark.parametrize("index", range(len(STEPS)))
def test_of_many_reasons_the_first_is_told(index: int) -> None:
    key = dict(USUAL)
    request: dict[str, Any] = {}
    for _, key_part, request_part in STEPS[index:]:
        key |= key_part
        request |= request_part
    assert decide(line(**key), replace(GOOD, **request), NOW).verdict is STEPS[index][0]


def test_start_and_end_are_to_the_microsecond() -> None:
    way = line(starts_at=NOW, ends_at=NOW + 2)
    told = [decide(way, Request(b"x", "webdata"), NOW + at).verdict for at in range(-1, 3)]
    assert told == [Verdict.NOT_YET_VALID, Verdict.VALID, Verdict.VALID, Verdict.EXPIRED]


def test_an_unrestricted_key_needs_nothing_told() -> None:
    assert decide(line(), Request(b"x", "webdata"), NOW) == (Verdict.VALID, "", 1, ())
    asked = Request(b"x", "webdata", cost=5, path="/a//b")
    assert decide(line(), asked, NOW) == (Verdict.VALID, "", 5, ())
    asked = Request(b"x", "webdata", cost=0)
    assert decide(line(), asked, NOW) == (Verdict.VALID, "", 0, ())


@pytest.mark.parametrize(
    "restrictions",
    [
        Restrictions(networks_allowed=("::/0",)),
        Restrictions(networks_denied=("10.0.0.0/8",)),
        Restrictions(referrers=("*",)),
        Restrictions(endpoints=("* /**",)),
    ],
)
def test_what_a_door_does_not_tell_passes_no_restriction(
    restrictions: Restrictions,
) -> None:
    way = line(restrictions=restrictions)
    assert decide(way, Request(b"x", "webdata"), NOW).verdict is not Verdict.VALID


def test_any_method_is_also_one_that_is_not_told() -> None:
    way = line(restrictions=Restrictions(endpoints=("* /v1/**",)))
    assert decide(way, Request(b"x", "webdata", path="/v1/a"), NOW).verdict is Verdict.VALID


ROUTED = api_record(
    route(1, "GET", "/v1/pages/{id}", scopes=("pages:read",), cost=2),
    route(2, "*", "/v1/admin/**", scopes=("admin:read", "admin:write")),
    route(3, "POST", "/v1/free", cost=0),
)


@pytest.mark.parametrize(
    ("held", "method", "path", "extra", "expected"),
    [
        (("pages:read",), "GET", "/v1/pages/7", {}, (Verdict.VALID, "rte_1", 2, ())),
        (("pages:*",), "HEAD", "/v1/pages/7/", {}, (Verdict.VALID, "rte_1", 2, ())),
        (("*",), "GET", "/v1/pages/7", {"cost": 9}, (Verdict.VALID, "rte_1", 9, ())),
        (("*",), "GET", "/v1/pages/7", {"cost": 0}, (Verdict.VALID, "rte_1", 0, ())),
        ((), "POST", "/v1/free", {}, (Verdict.VALID, "rte_3", 0, ())),
        ((), "GET", "/elsewhere", {}, (Verdict.VALID, "", 1, ())),
        ((), None, None, {}, (Verdict.VALID, "", 1, ())),
        (
            ("admin:read",),
            "PUT",
            "/v1/%61dmin/x",
            {"scopes": ("admin:write", "x:y")},
            (Verdict.SCOPE_MISSING, "rte_2", 0, ("admin:write", "x:y")),
        ),
        (
            (),
            "GET",
            "/v1/pages/7",
            {},
            (Verdict.SCOPE_MISSING, "rte_1", 0, ("pages:read",)),
        ),
        ((), "GET", "/v1/x/../admin/y", {}, (Verdict.ENDPOINT_NOT_ALLOWED, "", 0, ())),
        ((), "GET", "//v1/admin/y", {}, (Verdict.ENDPOINT_NOT_ALLOWED, "", 0, ())),
        ((), "GET", "/v1/admin;/y", {}, (Verdict.ENDPOINT_NOT_ALLOWED, "", 0, ())),
    ],
)
def test_routes(
    held: tuple[str, ...],
    method: str | None,
    path: str | None,
    extra: dict[str, Any],
    expected: tuple[Verdict, str, int, tuple[str, ...]],
) -> None:
    asked = Request(b"x", "webdata", method=method, path=path, **extra)
    assert decide(line(ROUTED, access={"scopes": held}), asked, NOW) == expected


def test_a_request_shows_no_secret() -> None:
    assert "swordfish" not in repr(Request(b"swordfish", "webdata"))
