"""What an answer over HTTP must say, whichever door gave it."""

import json
from collections.abc import Mapping
from typing import Any

from keyhouse.core import entities as rows
from keyhouse.core.decision import WINDOW_SECONDS
from tests.vectors import reading
from tests.vectors.filling import World

OUTCOMES = reading.outcomes()
CREDITS = "credits/balance"
COUNTED = ("valid", "rate_limited", "quota_exceeded", "credits_exhausted")
"""Where limits were met, and so are told."""


_LIMITED: dict[type[Any], str] = {
    rows.Organization: "organization/",
    rows.Application: "application/",
    rows.Customer: "customer/",
    rows.Route: "route/",
    rows.Api: "",
    rows.Key: "",
}
_USER: str = "user/"


def shown(code: str) -> str:
    """The code that a caller sees."""
    return str(OUTCOMES[code].get("shown", code))


def challenge(expect: dict[str, Any]) -> str | None:
    """The whole WWW-Authenticate header."""
    told: str | None = OUTCOMES[expect["code"]].get("challenge")
    missing = " ".join(expect.get("scopes_missing", []))
    return told and told.replace("{scopes_missing}", missing)


def retry_after(expect: dict[str, Any]) -> str | None:
    """The Retry-After header: whole seconds, at least one."""
    wait_us = expect.get("retry_us")
    return None if wait_us is None else str(max(1, -(-wait_us // 1_000_000)))


def ratelimit(expect: dict[str, Any]) -> str | None:
    """The RateLimit header."""
    left = expect.get("left", {})
    told = [
        f'"{name}";r={units}' + "".join(f";t={seconds}" for seconds in reset)
        for name, (units, *reset) in left.items()
    ]
    return ", ".join(told) or None


def numbers(left: int, reset: int | None) -> list[int]:
    """What is left of a limit as a case tells it."""
    return [left] if reset is None else [left, reset]


def policy(world: World, expect: dict[str, Any]) -> str | None:
    """The RateLimit-Policy header, of the limits that RateLimit tells."""
    known = limits(world)
    told = [_policy(world, known, name, expect) for name in expect.get("left", {})]
    return ", ".join(told) or None


def _policy(
    world: World, known: Mapping[str, rows.Limit], name: str, expect: dict[str, Any]
) -> str:
    if name == CREDITS:
        (customer,) = world.all(rows.Customer)
        return f'"{name}";q={customer.credits or 0}'
    limit = known[name]
    amount = expect.get("amounts", {}).get(name, limit.amount)
    window = limit.period_seconds if limit.window is None else WINDOW_SECONDS[limit.window]
    return f'"{name}";q={amount};w={window}'


def counts(world: World) -> bool:
    """Whether a call may meet something that is counted."""
    prepaid = [one for one in world.all(rows.Customer) if one.prepaid_at is not None]
    return bool(limits(world) or prepaid)


def limits(world: World) -> dict[str, rows.Limit]:
    """All limits that can be met, by the name that is told.

    A key's own come last and replace those of APIs, as they do for the key.
    """
    of_users = {
        _USER + limit.name: limit
        for api in world.all(rows.Api)
        for limit in api.user_limits
    }
    of_users |= {_USER + limit.name: limit for limit in world.token_limits}
    own = of_users | {
        prefix + limit.name: limit
        for kind, prefix in _LIMITED.items()
        for row in world.all(kind)
        for limit in row.limits
    }
    return {**own, **_sold(world)}


def _sold(world: World) -> dict[str, rows.Limit]:
    """Those of plans and of subscribers, whenever they hold."""
    found: dict[str, rows.Limit] = {}
    for version in world.all(rows.PlanVersion):
        found |= {f"subscription/{one.name}": one for one in version.limits}
        for route in version.routes:
            found |= {f"subscription_route/{one.name}": one for one in route.limits}
    for row in world.all(rows.Subscription):
        found |= {f"subscription/{one.limit.name}": one.limit for one in row.overrides}
    return found


def check_headers(
    world: World, expect: dict[str, Any], headers: Mapping[str, str], where: str
) -> None:
    """The headers of an answer, their names in lower case; of any outcome."""
    assert headers["keyhouse-request-id"].startswith("req_"), where
    assert headers.get("www-authenticate") == challenge(expect), where
    assert headers.get("retry-after") == retry_after(expect), where
    if "left" in expect or expect["code"] not in COUNTED or not counts(world):
        assert headers.get("ratelimit") == ratelimit(expect), (where, headers)
        assert headers.get("ratelimit-policy") == policy(world, expect), where
    for name, value in expect.get("headers", {}).items():
        assert headers.get(name.lower()) == value, where


def check_refusal(
    expect: dict[str, Any], headers: Mapping[str, str], body: bytes, where: str
) -> None:
    """A problem in the form of RFC 9457; `body` is empty where HEAD was asked."""
    assert headers["content-type"] == "application/problem+json", where
    assert headers["cache-control"] == "no-store", where
    if not body:
        return
    problem = json.loads(body)
    assert problem["code"] == shown(expect["code"]), where
    assert problem["status"] == OUTCOMES[expect["code"]]["status"], where
    assert problem["request_id"] == headers["keyhouse-request-id"], where
    assert problem.get("scopes_missing", []) == expect.get("scopes_missing", []), where


def scopes(world: World, expect: dict[str, Any], request: dict[str, Any]) -> list[str]:
    """All scopes that the key holds on the API, those of its roles among them.

    The case tells them where a plan makes them fewer.
    """
    if "scopes" in expect:
        return sorted(expect["scopes"])
    key = world.get(rows.Key, expect.get("key", "key"))
    api = world.get(rows.Api, request["api"])
    opens = next(
        a for a in world.all(rows.Access) if (a.key_id, a.resource_id) == (key.id, api.id)
    )
    of_roles = [scope for role in opens.roles for scope in api.roles.get(role, ())]
    if key.kind is rows.KeyKind.PUBLISHABLE:
        of_roles = [scope for scope in of_roles if "*" not in scope]
    return sorted({*opens.scopes, *of_roles})


def customer_name(world: World, api: rows.Api) -> str | None:
    """Whom the API's provider knows the caller as."""
    for one in world.all(rows.Customer):
        if one.organization_id == api.organization_id:
            return one.external_id
    return world.get(rows.Application, "application").external_id


def identity(
    world: World, expect: dict[str, Any], request: dict[str, Any]
) -> dict[str, str]:
    """The headers that tell an upstream who calls."""
    key = world.get(rows.Key, expect.get("key", "key"))
    app = world.get(rows.Application, "application")
    api = world.get(rows.Api, request["api"])
    return {
        "keyhouse-key-id": key.id,
        "keyhouse-application": app.id,
        "keyhouse-customer": customer_name(world, api) or "",
        "keyhouse-subject": expect.get("subject", ""),
        "keyhouse-environment": key.environment or "",
        "keyhouse-scopes": " ".join(scopes(world, expect, request)),
    }
