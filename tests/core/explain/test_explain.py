"""What an owner is told: every reason, the facts behind it, and how to mend it."""

from dataclasses import replace
from typing import Any

import pytest

from keyhouse.core.addresses import parse_address
from keyhouse.core.entities import CostFrom, KeyKind, Restrictions
from keyhouse.core.explain import (
    CHECKS,
    NO_CHECK,
    Explanation,
    Finding,
    Outcome,
    Place,
    explain_unseen,
    likely_secret,
    plain_facts,
    say,
)
from keyhouse.core.explain.limits import home_of
from keyhouse.core.moments import format_time
from keyhouse.core.verdict import Verdict
from tests.core import rows
from tests.core.explain.scenes import NOW, explained, reasons, scene

HERE = parse_address("198.51.100.7")
ROUTES = (
    rows.route(1, "POST", "/v1/forecast/{city}", scopes=("forecast:write",), cost=3),
    rows.route(2, "GET", "/v1/forecast/{city}", scopes=("forecast:read",)),
)


def test_each_verdict_is_some_checks_or_says_why_not() -> None:
    """Whoever adds an outcome adds its check, or a reason."""
    # What is revoked is the key, or a token that it minted.
    checked = {verdict for check in CHECKS for verdict in check.verdicts}
    assert sorted((*checked, *NO_CHECK), key=list(Verdict).index) == list(Verdict)
    assert all(why.endswith(".") for why in NO_CHECK.values())


def by_check(told: Explanation, check: str) -> list[Finding]:
    return [one for one in told.findings if one.check == check]


def only(told: Explanation, check: str) -> Finding:
    (finding,) = by_check(told, check)
    return finding


def test_all_reasons_are_told_not_only_the_first() -> None:
    limits = Restrictions(networks_allowed=("203.0.113.0/24",), referrers=("shop.example",))
    at = scene(
        key={"disabled_at": 5, "restrictions": limits, "limits": (rows.quota("daily"),)},
        secret={"revoked_at": 7},
        application={"disabled_at": 6},
        routes=ROUTES,
    )
    told = explained(
        at,
        address=HERE,
        referrer="https://evil.example/",
        method="GET",
        path="/v1/forecast/rome",
        used=100,
    )
    assert [one.check for one in reasons(told)] == [
        "revoked",
        "disabled",
        "disabled",
        "network",
        "referrer",
        "scopes",
        "quota",
    ]
    assert told.outcome is Outcome.REFUSED
    assert told.verdict is Verdict.REVOKED


def test_a_key_that_may_passes_every_check() -> None:
    told = explained(scene(), method="GET", path="/v1/forecast/rome")
    assert {one.outcome for one in told.findings} == {Outcome.PASSED}
    assert (told.outcome, told.verdict) == (Outcome.PASSED, Verdict.VALID)


@pytest.mark.parametrize(
    ("changes", "found", "place"),
    [
        ({"key": {"deleted_at": NOW}}, "The key was deleted at {t}", Place.KEY),
        ({"key": {"revoked_at": NOW}}, "The key was revoked at {t}.", Place.KEY),
        ({"key": {"disabled_at": NOW}}, "The key main was switched off at {t}.", Place.KEY),
        (
            {"application": {"disabled_at": NOW}},
            "The application bot was switched off at {t}.",
            Place.APPLICATION,
        ),
        (
            {"project": {"disabled_at": NOW}},
            "The project P was switched off at {t}.",
            Place.PROJECT,
        ),
        ({"key": {"ends_at": NOW}}, "The key expired at {t}.", Place.KEY_EXPIRY),
        (
            {"api": {"disabled_at": NOW}},
            "The API Webdata was switched off at {t}.",
            Place.API,
        ),
        (
            {"provider": {"disabled_at": NOW}},
            "The project P of the API was switched off at {t}.",
            Place.PROJECT,
        ),
        (
            {"key": {"kind": KeyKind.MANAGEMENT}},
            "A management key manages webdata at most; it opens no API.",
            Place.CALLER,
        ),
        (
            {"access": {"resource_id": "api_b"}},
            "The key does not open webdata.",
            Place.KEY_ACCESS,
        ),
    ],
)
def test_since_when_and_where_is_told(
    changes: dict[str, Any], found: str, place: Place
) -> None:
    (reason,) = reasons(explained(scene(**changes)))
    expected = found.replace("{t}", format_time(NOW))
    assert say(reason.found, reason.facts).startswith(expected)
    assert reason.place is place


def test_of_a_revoked_secret_those_that_work_are_named() -> None:
    later = replace(rows.SECRET, id="sec_b", version=2, hint="kh_sk_live_…9999")
    ended = replace(later, id="sec_c", version=3, ends_at=NOW)
    at = scene(secret={"revoked_at": 7}, more_secrets=(later, ended))
    (reason,) = reasons(explained(at))
    assert say(reason.found, reason.facts).startswith("Secret 1, kh_sk_live_…abcd, was")
    mend = say(reason.mend, reason.facts)
    assert mend == "Have the caller use a secret that works: 2 (kh_sk_live_…9999)."
    assert reason.place is Place.CALLER
    (alone,) = reasons(explained(scene(secret={"ends_at": NOW})))
    assert say(alone.mend, alone.facts) == "Replace the key's secret, on the key's page."


def test_the_secret_that_a_caller_likely_sends_is_the_newest_that_works() -> None:
    old = rows.SECRET
    new = replace(old, id="sec_b", version=2)
    assert likely_secret([old, new], NOW) is new
    assert likely_secret([old, replace(new, revoked_at=1)], NOW) is old
    assert likely_secret([old, replace(new, starts_at=NOW + 1)], NOW) is old
    gone = [replace(old, ends_at=NOW), replace(new, revoked_at=1)]
    assert likely_secret(gone, NOW) is gone[1]


def test_the_network_that_it_came_from_is_told_beside_those_allowed() -> None:
    limits = Restrictions(
        networks_allowed=("203.0.113.0/24", "198.51.0.0/16"),
        networks_denied=("198.51.100.0/24",),
    )
    at = scene(key={"restrictions": limits})
    denied = only(explained(at, address=HERE), "network")
    assert denied.facts["inside"] == "198.51.100.0/24"
    assert "in the denied network 198.51.100.0/24" in say(denied.found, denied.facts)
    outside = only(explained(at, address=parse_address("192.0.2.1")), "network")
    assert say(outside.found, outside.facts) == (
        "It came from 192.0.2.1; allowed are 203.0.113.0/24, 198.51.0.0/16."
    )
    untold = only(explained(at), "network")
    assert untold.outcome is Outcome.CANNOT_TELL
    assert "cannot tell without an address" in untold.found


def test_without_a_path_nothing_is_promised_of_endpoints_and_routes() -> None:
    at = scene(key={"restrictions": Restrictions(endpoints=("GET /v1/**",))}, routes=ROUTES)
    told = explained(at)
    assert "cannot tell without a path" in only(told, "endpoint").found
    assert "cannot tell without a path" in only(told, "scopes").found
    assert (told.outcome, told.verdict) == (Outcome.CANNOT_TELL, None)
    # Methods differ too: PUT meets no route, and GET is what the key may call.
    told = explained(at, path="/v1/forecast/rome")
    assert "cannot tell without a method" in only(told, "endpoint").found
    assert "cannot tell without a method" in only(told, "scopes").found
    refused = only(explained(at, path="/elsewhere"), "endpoint")
    assert refused.outcome is Outcome.REFUSED


def test_the_scope_that_lacks_is_told_with_those_that_are_held() -> None:
    at = scene(access={"scopes": ("alerts:read",)}, routes=ROUTES)
    reason = only(explained(at, method="GET", path="/v1/forecast/rome"), "scopes")
    assert reason.facts == {
        "api": "webdata",
        "held": ("alerts:read",),
        "needed": ("forecast:read",),
        "route": "GET /v1/forecast/{city}",
        "missing": ("forecast:read",),
    }
    assert say(reason.found, reason.facts) == (
        "It lacks forecast:read on webdata, which GET /v1/forecast/{city} needs; "
        "it holds alerts:read."
    )


def test_roles_of_the_key_are_told_where_a_scope_lacks() -> None:
    roles = {"reader": ("forecast:read",)}
    at = scene(api={"roles": roles}, access={"roles": ("reader",)})
    reason = only(explained(at, scopes=("forecast:write|alerts:write",)), "scopes")
    assert say(reason.found, reason.facts) == (
        "It lacks forecast:write|alerts:write on webdata; "
        "it holds forecast:read with the roles reader."
    )
    assert explained(at, scopes=("forecast:read",)).verdict is Verdict.VALID


def test_a_quota_tells_what_is_left_and_when_it_starts_anew() -> None:
    at = scene(key={"limits": (rows.quota("daily", 100),)}, routes=ROUTES)
    path = "/v1/forecast/rome"
    passing = only(explained(at, used=98, method="GET", path=path), "quota")
    assert passing.outcome is Outcome.PASSED
    assert plain_facts(passing.facts) == {
        "limit": "daily",
        "amount": 100,
        "used": 98,
        "left": 2,
        "resets_at": "2025-10-10T00:00:00Z",
    }
    reason = only(explained(at, used=98, method="POST", path=path), "quota")
    assert reason.verdict is Verdict.QUOTA_EXCEEDED
    assert reason.place is Place.KEY_LIMITS
    assert "2 are left until 2025-10-10T00:00:00Z" in say(reason.found, reason.facts)
    assert only(explained(at, used=98), "quota").outcome is Outcome.CANNOT_TELL
    never = only(explained(at, cost=101), "quota")
    assert never.mend.startswith("Waiting is of no use")
    free = only(explained(at, used=100, cost=0), "quota")
    assert free.outcome is Outcome.PASSED


def test_a_cost_that_the_upstream_tells_is_a_reservation() -> None:
    told_by = CostFrom.UPSTREAM
    dear = rows.route(1, "POST", "/v1/**", scopes=(), cost=60, cost_from=told_by)
    at = scene(key={"limits": (rows.quota("daily", 100),)}, routes=[dear])
    asked: dict[str, Any] = {"method": "POST", "path": "/v1/x"}
    passing = only(explained(at, used=40, **asked), "quota")
    told = say(passing.found, passing.facts)
    assert "; the request reserves 60, and what it does not come to" in told
    reason = only(explained(at, used=41, **asked), "quota")
    assert say(reason.found, reason.facts).endswith(", and the request reserves 60.")
    by_hand = only(explained(at, used=99, cost=2, **asked), "quota")
    assert say(by_hand.found, by_hand.facts).endswith(", and the request costs 2.")


def test_limits_of_the_api_are_mended_there() -> None:
    at = scene(api={"limits": (rows.quota("daily", 1), rows.rate("quick", 10))})
    told = explained(at, cost=11)
    assert [one.place for one in reasons(told)] == [Place.API_LIMITS] * 2
    assert only(told, "rate").mend.endswith("among the limits of the API.")
    # A limit on something new is explained before anybody says where it is set.
    assert home_of("plan") == (Place.NOWHERE, "the plan")


def test_rates_are_honestly_not_looked_at() -> None:
    at = scene(key={"limits": (rows.rate("quick", 10, burst=5),)})
    told = explained(at)
    assert only(told, "rate").outcome is Outcome.NOT_LOOKED_AT
    assert "lives in the gateway" in only(told, "rate").found
    assert told.verdict is Verdict.VALID
    reason = only(explained(at, cost=6), "rate")
    assert reason.verdict is Verdict.RATE_LIMITED


def test_what_the_log_does_not_keep_is_not_taken_as_mended() -> None:
    """The scope that was asked for then may be asked for again."""
    told = explained(scene(), then=Verdict.SCOPE_MISSING)
    assert only(told, "scopes").outcome is Outcome.CANNOT_TELL
    assert told.verdict is None
    told = explained(scene(), then=Verdict.ENVIRONMENT_MISMATCH)
    assert only(told, "environment").outcome is Outcome.CANNOT_TELL
    assert explained(scene(), then=Verdict.IP_NOT_ALLOWED).verdict is Verdict.VALID


def test_without_a_key_nothing_else_is_looked_at() -> None:
    told = explain_unseen(Verdict.MISSING, "Send one.")
    first, *rest = told.findings
    assert (first.check, first.verdict) == ("credential", Verdict.MISSING)
    assert {one.outcome for one in rest} == {Outcome.NOT_LOOKED_AT}
    assert [one.check for one in told.findings] == [check.name for check in CHECKS]
    lost = explain_unseen(Verdict.UNAVAILABLE, "Call again.")
    assert (lost.outcome, lost.verdict) == (Outcome.CANNOT_TELL, None)


def test_what_people_named_is_no_template() -> None:
    """A name with braces is told as it stands."""
    at = scene(application={"name": "{since.__class__}", "disabled_at": NOW})
    (reason,) = reasons(explained(at))
    assert "{since.__class__}" in say(reason.found, reason.facts)
