"""Why a subscription refuses is told, and whose word mends it."""

from dataclasses import replace
from typing import Any

import pytest

from keyhouse.core.entities import (
    Override,
    PlanAccess,
    PlanLimit,
    PlanRoute,
    PlanVersion,
    Subscription,
    SubscriptionState,
)
from keyhouse.core.explain import Outcome, Place, say
from keyhouse.core.verdict import Verdict
from tests.core import rows
from tests.core.explain.scenes import NOW, explained, reasons, scene

FOREIGN = {"organization_id": "org_b"}
TEN = rows.plan_quota("daily", 10)


def version(*limits: PlanLimit, **changes: Any) -> PlanVersion:
    return replace(rows.VERSION, limits=limits, **changes)


def in_state(state: SubscriptionState) -> Subscription:
    return replace(rows.SUBSCRIPTION, state=state, state_since=1)


@pytest.mark.parametrize(
    ("state", "mend"),
    [
        (SubscriptionState.PENDING, "approve"),
        (SubscriptionState.SUSPENDED, "resume"),
        (SubscriptionState.ENDED, "anew"),
    ],
)
def test_an_inactive_one_is_told_with_its_state(
    state: SubscriptionState, mend: str
) -> None:
    told = explained(scene(api=FOREIGN, subscription=in_state(state)))
    (reason,) = reasons(told)
    assert (reason.verdict, reason.place) == (
        Verdict.SUBSCRIPTION_INACTIVE,
        Place.SUBSCRIPTION,
    )
    assert state.value in say(reason.found, reason.facts)
    assert mend in reason.mend


def test_a_foreign_api_without_one_is_told_so() -> None:
    (reason,) = reasons(explained(scene(api=FOREIGN)))
    assert reason.verdict is Verdict.SUBSCRIPTION_INACTIVE
    assert reason.place is Place.APPLICATION
    assert reasons(explained(scene())) == []


def test_a_plan_that_opens_another_api_is_named() -> None:
    elsewhere = version(access=(PlanAccess(api_id="api_b"),))
    at = scene(api=FOREIGN, subscription=rows.SUBSCRIPTION, version=elsewhere)
    (reason,) = reasons(explained(at))
    assert reason.facts["plan"] == "Basic"
    assert reason.verdict is Verdict.SUBSCRIPTION_INACTIVE


def test_a_scope_that_the_plan_keeps_back_is_no_fault_of_the_key() -> None:
    narrow = version(access=(PlanAccess(api_id="api_a", scopes=("pages:read",)),))
    at = scene(
        access={"scopes": ("pages:read", "pages:write")},
        subscription=rows.SUBSCRIPTION,
        version=narrow,
    )
    (reason,) = reasons(explained(at, scopes=("pages:write",)))
    assert (reason.verdict, reason.place) == (Verdict.SCOPE_MISSING, Place.SUBSCRIPTION)
    (own,) = reasons(explained(at, scopes=("admin:read",)))
    assert own.place is Place.KEY_ACCESS


def test_a_used_up_quota_of_a_plan_is_mended_at_the_plan() -> None:
    at = scene(subscription=rows.SUBSCRIPTION, version=version(TEN))
    (reason,) = reasons(explained(at, used=10))
    assert (reason.verdict, reason.place) == (Verdict.QUOTA_EXCEEDED, Place.PLAN)
    assert reason.facts["limit"] == "subscription/daily"


def test_an_override_counts_up_to_its_end() -> None:
    for ends_at, amount in ((NOW + 1, 99), (NOW, 10)):
        given = (Override(limit=rows.plan_quota("daily", 99), ends_at=ends_at),)
        mine = replace(rows.SUBSCRIPTION, overrides=given)
        told = explained(scene(subscription=mine, version=version(TEN)))
        (finding,) = [one for one in told.findings if one.check == "quota"]
        assert finding.facts["amount"] == amount


def test_a_plan_s_limit_of_a_route_is_met_on_it_alone() -> None:
    routes = (rows.route(1, "GET", "/rare"), rows.route(2, "GET", "/plain"))
    limited = PlanRoute(api_id="api_a", route_id="rte_1", limits=(TEN,))
    at = scene(
        routes=routes,
        subscription=rows.SUBSCRIPTION,
        version=version(routes=(limited,)),
    )
    (reason,) = reasons(explained(at, used=10, method="GET", path="/rare"))
    assert reason.facts["limit"] == "subscription_route/daily"
    assert reasons(explained(at, used=10, method="GET", path="/plain")) == []
    assert explained(at, used=10).outcome is Outcome.CANNOT_TELL


def test_nothing_of_another_organization_s_inside_is_told() -> None:
    """The buyer learns that the API is off, not which of the seller's projects is."""
    at = scene(
        api=FOREIGN,
        provider={"disabled_at": 1, "name": "Secret project"},
        subscription=rows.SUBSCRIPTION,
    )
    (reason,) = [one for one in reasons(explained(at)) if one.check == "access"]
    told = say(reason.found, reason.facts) + str(reason.facts)
    assert "Secret" not in told
    assert reason.place is Place.NOWHERE
