"""The explanation and the decision are one rule: for any key and any request."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.decide import decide
from keyhouse.core.entities import (
    BrowserKeys,
    Environment,
    KeyKind,
    PlanAccess,
    PlanVersion,
    Resource,
    Restrictions,
    Route,
    Subscription,
    SubscriptionState,
)
from keyhouse.core.explain import CHECKS, Outcome, Scene, explain, say
from keyhouse.core.paths import plain_path
from keyhouse.core.request import Request
from keyhouse.core.verdict import Verdict
from tests.core import rows
from tests.core.explain.scenes import NOW, case, scene

SCOPES = ("pages:read", "pages:write", "admin:read")
ENTRIES = (*SCOPES, "pages:write|admin:read")
ROLES = {"reader": ("pages:read",), "writer": ("pages:*",)}
PATHS = ("/v1/pages", "/v1/pages/7", "/v1/admin/x", "/elsewhere", "/v1/../admin", "//v1")
PATTERNS = ("/v1/**", "/v1/pages/{id}", "/v1/admin/**", "/elsewhere")
METHODS = ("GET", "HEAD", "POST", "PURGE")


def some(strategy: st.SearchStrategy[Any], often: int = 3) -> st.SearchStrategy[Any]:
    """None, or now and then something: else nearly all would be refused at once."""
    return st.one_of(*[st.none()] * often, strategy)


past = some(st.sampled_from((1, NOW - 1)), 12)
turns = some(st.sampled_from((NOW - 1, NOW, NOW + 1)), 6)
held = st.lists(st.sampled_from((*SCOPES, "pages:*", "*")), max_size=3, unique=True)


@st.composite
def routes(draw: st.DrawFn) -> list[Route]:
    return [
        rows.route(
            position,
            draw(st.sampled_from(("GET", "POST", "*"))),
            draw(st.sampled_from(PATTERNS)),
            scopes=tuple(draw(st.lists(st.sampled_from(ENTRIES), max_size=2, unique=True))),
            cost=draw(st.integers(0, 3)),
        )
        for position in range(draw(st.integers(0, 3)))
    ]


@st.composite
def restrictions(draw: st.DrawFn) -> Restrictions:
    def chosen(*of: str) -> tuple[str, ...]:
        return tuple(draw(some(st.lists(st.sampled_from(of), max_size=2))) or ())

    return Restrictions(
        networks_allowed=chosen("203.0.113.0/24", "2001:db8::/32"),
        networks_denied=chosen("203.0.113.7/32", "10.0.0.0/8"),
        referrers=chosen("shop.example", "*.example.com/a/*"),
        endpoints=chosen("GET /v1/**", "* /elsewhere"),
        apps=chosen("ios:a.b", "ios:c.d"),
    )


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Any key on any API, with any part of it switched off."""
    off = {"disabled_at": draw(past)}
    kinds = st.sampled_from(
        (*[KeyKind.SERVER] * 4, *[KeyKind.PUBLISHABLE] * 2, KeyKind.MANAGEMENT)
    )
    secret = {"starts_at": draw(turns) or 0, "ends_at": draw(turns)}
    return scene(
        key={
            "kind": draw(kinds),
            "environment": draw(st.sampled_from((*Environment, None))),
            "restrictions": draw(restrictions()),
            "starts_at": draw(turns),
            "ends_at": draw(turns),
            "revoked_at": draw(past),
            "deleted_at": draw(past),
            "disabled_at": draw(past),
        },
        secret={**secret, "revoked_at": draw(past)},
        access={
            "resource_id": draw(st.sampled_from((*["api_a"] * 6, "api_b"))),
            "resource": draw(st.sampled_from((*[Resource.API] * 6, Resource.PROJECT))),
            "scopes": tuple(draw(held)),
            "roles": draw(st.sampled_from(((), ("reader",), ("writer", "gone")))),
        },
        application={"disabled_at": draw(past)},
        organization={"disabled_at": draw(past)},
        project=off,
        api={
            "organization_id": draw(st.sampled_from((*["org_a"] * 4, "org_b"))),
            "disabled_at": draw(past),
            "roles": ROLES,
            "browser_keys": draw(st.sampled_from(BrowserKeys)),
        },
        provider=off,
        routes=draw(routes()),
        subscription=draw(some(subscriptions(), 2)),
        version=draw(versions()),
    )


@st.composite
def subscriptions(draw: st.DrawFn) -> Subscription:
    """One in any state, mostly active."""
    active = [SubscriptionState.ACTIVE] * 4
    state = draw(st.sampled_from((*active, *SubscriptionState)))
    return replace(rows.SUBSCRIPTION, state=state)


@st.composite
def versions(draw: st.DrawFn) -> PlanVersion:
    """A plan that opens much of the API, little, or none."""
    api_id = draw(st.sampled_from((*["api_a"] * 6, "api_b")))
    scopes = draw(st.sampled_from((("*",), ("*",), ("pages:*",), ("*:read",), ())))
    roles = draw(st.sampled_from(((), ("reader",))))
    opened = PlanAccess(api_id=api_id, scopes=scopes, roles=roles)
    return replace(rows.VERSION, access=(opened,))


ADDRESSES = [parse_address(text) for text in ("203.0.113.7", "203.0.113.9", "10.1.1.1")]


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Any request, with any of it not told."""
    pages = ("", "https://shop.example/a", "https://evil.example/", "null")
    return Request(
        b"x",
        "webdata",
        address=draw(st.sampled_from((UNKNOWN, *ADDRESSES))),
        method=draw(some(st.sampled_from(METHODS), 1)),
        path=draw(some(st.sampled_from(PATHS), 1)),
        referrer=draw(st.sampled_from(pages)),
        origin=draw(st.sampled_from(pages)),
        app=draw(st.sampled_from(("", "ios:a.b", "ios:x.y"))),
        browser=draw(st.sampled_from((False, False, False, True))),
        environment=draw(some(st.sampled_from(("live", "test")))),
        scopes=tuple(draw(st.lists(st.sampled_from(ENTRIES), max_size=2))),
        cost=draw(some(st.integers(0, 3))),
    )


@settings(max_examples=600)
@given(scenes(), requests())
def test_the_first_refusal_explained_is_the_one_that_is_decided(
    at: Scene, request: Request
) -> None:
    """Else people would mend what was not the matter."""
    asked = case(at, request)
    passed = decide(asked.line, request, NOW)
    told = explain(asked)
    assert told.as_told is passed.verdict
    certain = told.verdict
    assert certain is None or certain is passed.verdict
    if passed.verdict is Verdict.VALID:
        assert (asked.route().id, asked.cost()) == (passed.route_id, passed.units)
    if passed.verdict is Verdict.SCOPE_MISSING:
        (finding,) = [one for one in told.findings if one.check == "scopes"]
        if finding.outcome is Outcome.REFUSED:
            assert finding.facts["missing"] == passed.scopes_missing


@given(scenes(), requests())
def test_every_check_tells_what_it_found(at: Scene, request: Request) -> None:
    """Each check in its turn, in whole sentences, and a refusal with its mend."""
    told = explain(case(at, request))
    order = [check.name for check in CHECKS]
    places = [order.index(one.check) for one in told.findings]
    assert places == sorted(places)
    assert set(places) == set(range(len(order)))
    for one in told.findings:
        for text in (one.found, one.mend):
            assert "{" not in say(text, one.facts).replace("/{id}", "")
        assert say(one.found, one.facts).endswith(".")
        if one.outcome is Outcome.REFUSED:
            assert one.verdict in CHECKS[order.index(one.check)].verdicts
            assert say(one.mend, one.facts).endswith(".")


@given(scenes(), requests(), requests())
def test_what_is_not_told_is_never_promised(
    at: Scene, asked: Request, told: Request
) -> None:
    """A verdict that is certain stays, whatever the address, page, method and path are."""
    verdict = explain(case(at, asked)).verdict
    if verdict is None:
        return
    filled = Request(
        b"x",
        "webdata",
        address=told.address if asked.address == UNKNOWN else asked.address,
        method=told.method if asked.method is None else asked.method,
        path=told.path if asked.path is None else asked.path,
        referrer=asked.referrer or ("" if asked.origin else told.referrer),
        origin=asked.origin or ("" if asked.referrer else told.origin),
        app=asked.app or told.app,
        browser=asked.browser,
        environment=asked.environment,
        scopes=asked.scopes,
        cost=asked.cost,
    )
    after = explain(case(at, filled)).as_told
    # A path that nobody could have told: one with two readings.
    twofold = filled.path != asked.path and plain_path(filled.path or "/") is None
    assert after is verdict or twofold
