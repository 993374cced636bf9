"""Subscriptions: who may join what, their states, and what they open."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from keyhouse.core.entities import (
    Access,
    Approval,
    AuditRow,
    Environment,
    Resource,
    Subscription,
    SubscriptionState,
    Visibility,
)
from keyhouse.services import issue, plans
from keyhouse.services.actor import Actor
from keyhouse.services.catalog import delete_application
from keyhouse.services.issue import AccessWish, KeyWish
from keyhouse.services.meter.meter import use_of
from keyhouse.services.plans import OpeningWish, PlanView, Side, SubscriptionFilter
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, Taken
from keyhouse.services.tenants import create_project
from keyhouse.services.work import Turn
from tests.scale.at_home import statements
from tests.servers.acme import Acme
from tests.services.plans.market import SCOPES, Market, quota


def act(market: Market, name: str, id: str, of: Acme | None = None) -> Any:
    command = getattr(plans, f"{name}_subscription")
    return (of or market.seller).write(lambda work: command(work, id))


def test_a_foreign_api_is_opened_by_an_active_subscription_alone(market: Market) -> None:
    """The whole promise: not before it, not while it rests, not after it."""
    made, plane = market.plan(approval=Approval.MANUAL), market.plane()
    for name in ("weather", market.api):
        with pytest.raises(Invalid, match="not known"):
            market.key(api=name)
    joined = market.subscribe(made)
    assert joined.state is SubscriptionState.PENDING
    with pytest.raises(Invalid, match="not known"):
        market.key()
    act(market, "approve", joined.id)
    key = market.key()
    with market.seller.database.rows.reading() as tx:
        (row,) = tx.find(Access, key_id=key.view.key.id)
    home = market.seller.organization
    assert (row.provider_id, row.subscription_id) == (home, joined.id)
    assert plane.code(key) == "valid"
    act(market, "suspend", joined.id)
    assert plane.code(key) == "subscription_inactive"
    act(market, "resume", joined.id)
    assert plane.code(key) == "valid"
    act(market, "end", joined.id, market.buyer)
    assert plane.code(key) == "subscription_inactive"
    with pytest.raises(Invalid, match="not known"):
        market.key()
    for again in ("approve", "suspend", "resume"):
        with pytest.raises(Taken, match="ended"):
            act(market, again, joined.id)


def test_bought_apis_of_one_key_are_looked_up_together(market: Market) -> None:
    """By slug and by id; a plan or a subscription is asked for once, not for each API."""
    names = ("weather", market.seller.api("maps", scopes=SCOPES), "tides")
    market.seller.api("tides", scopes=SCOPES)
    opened = tuple(OpeningWish(name, SCOPES) for name in names)
    market.subscribe(market.plan(access=opened))
    counts = []
    for some in (names[:2], names):
        access = tuple(AccessWish(Resource.API, one, ("forecast:read",)) for one in some)
        unknown = (*access, AccessWish(Resource.API, "nope", ()))
        wish = KeyWish(name="k", access=unknown, application=market.application)
        with statements(market.buyer.database) as asked, pytest.raises(Invalid) as refused:
            market.buyer.write(partial(issue.create_key, wish=wish))
        assert [one.field for one in refused.value.problems] == [f"access.{len(some)}.api"]
        counts.append(len(asked))
        made = market.buyer.write(
            partial(issue.create_key, wish=replace(wish, access=access))
        )
        assert {one.provider_id for one in made.view.access} == {market.seller.organization}
    assert counts[0] == counts[1]


def test_a_new_subscription_opens_what_an_ended_one_closed(market: Market) -> None:
    made, plane = market.plan(), market.plane()
    first = market.subscribe(made)
    key = market.key()
    act(market, "end", first.id)
    assert plane.code(key) == "subscription_inactive"
    second = market.subscribe(made)
    decision = plane.call(key)
    assert decision.code == "valid"
    assert decision.line is not None
    assert decision.line.subscription is not None
    assert decision.line.subscription.id == second.id


def test_no_other_application_opens_it(market: Market) -> None:
    market.subscribe(market.plan())
    other = market.caller(market.buyer, "Other")
    with pytest.raises(Invalid, match="not known"):
        market.key(application=other)


def test_a_key_may_hold_no_more_than_the_plan_opens(market: Market) -> None:
    made = market.plan(access=(OpeningWish("weather", ("forecast:read",)),))
    market.subscribe(made)
    with pytest.raises(Invalid, match="more than the plan opens"):
        market.key(scopes=("alerts:read",))
    with pytest.raises(Invalid, match="more than the plan opens"):
        market.key(scopes=("*",))
    key = market.key()
    wider = (AccessWish(Resource.API, "weather", ("alerts:read",)),)
    with pytest.raises(Invalid, match="more than the plan opens"):
        market.buyer.write(
            lambda work: issue.change_key(work, key.view.key.id, {"access": wider})
        )


def test_a_plan_that_narrows_binds_the_keys_there_are(market: Market) -> None:
    made, plane = market.plan(), market.plane()
    market.subscribe(made)
    key = market.key(scopes=("forecast:read", "alerts:read"))
    assert plane.code(key, scopes=("alerts:read",)) == "valid"
    market.change(made, access=(OpeningWish("weather", ("forecast:read",)),))
    assert plane.code(key, scopes=("alerts:read",)) == "scope_missing"
    assert plane.code(key, scopes=("forecast:read",)) == "valid"


def test_one_live_subscription_opens_an_api_for_an_application(market: Market) -> None:
    first, second = market.plan("first"), market.plan("second")
    joined = market.subscribe(first)
    for plan in (first, second):
        with pytest.raises(Taken, match="application"):
            market.subscribe(plan)
    act(market, "suspend", joined.id)
    with pytest.raises(Taken, match="application"):
        market.subscribe(second)
    act(market, "end", joined.id)
    market.subscribe(second)


def test_an_api_that_a_plan_comes_to_open_clashes_the_same(market: Market) -> None:
    market.seller.api("maps", scopes=("forecast:read", "alerts:read"))
    weather, maps = market.plan("weather"), market.plan("maps", "maps")
    market.subscribe(weather)
    key = market.key()
    both = (OpeningWish("weather"), OpeningWish("maps"))
    changed = market.change(weather, access=both)
    with pytest.raises(Taken, match="application"):
        market.subscribe(maps)
    plane = market.plane()
    wider = (
        AccessWish(Resource.API, "weather", ()),
        AccessWish(Resource.API, "maps", ()),
    )
    market.buyer.write(
        lambda work: issue.change_key(work, key.view.key.id, {"access": wider})
    )
    assert plane.code(key, "maps") == "valid"
    market.change(changed, access=(OpeningWish("weather"),))
    assert plane.code(key, "maps") == "subscription_inactive"
    market.subscribe(maps)
    assert plane.code(key, "maps") == "valid"
    with pytest.raises(Taken, match="application"):
        market.change(changed, access=both)


def test_a_private_plan_reads_like_one_that_is_not_there(market: Market) -> None:
    private = market.plan(visibility=Visibility.PRIVATE)
    unknown = private.plan.id[:-4] + "zzzz"

    def refusal(plan: str) -> Any:
        with pytest.raises(Invalid) as refused:
            market.buyer.write(
                lambda work: plans.create_subscription(
                    work, plan=plan, application=market.application
                )
            )
        return refused.value.problems

    assert refusal(private.plan.id) == refusal(unknown)


def test_the_provider_subscribes_whom_it_is_told_of_at_once(market: Market) -> None:
    made = market.plan(visibility=Visibility.PRIVATE, approval=Approval.MANUAL)
    foreign = market.sell(made, market.application)
    own = market.sell(made, market.caller(market.seller))
    assert foreign.state is own.state is SubscriptionState.ACTIVE
    assert foreign.consumer_id == market.buyer.organization
    with pytest.raises(Invalid, match="not known"):
        market.sell(made, market.application[:-4] + "zzzz")


def test_only_the_provider_approves_suspends_and_resumes(market: Market) -> None:
    made = market.plan(approval=Approval.MANUAL)
    joined = market.subscribe(made)
    for name in ("approve", "suspend", "resume"):
        with pytest.raises(Forbidden):
            act(market, name, joined.id, market.buyer)
    with pytest.raises(Taken, match="pending"):
        act(market, "suspend", joined.id)
    with pytest.raises(Forbidden):
        market.buyer.write(
            lambda work: plans.change_subscription(work, joined.id, overrides=())
        )


def test_a_consumer_lifts_no_suspension_by_subscribing_anew(market: Market) -> None:
    """Neither at once, nor by way of a plan that wants approval anyhow."""
    open_to_all, plane = market.plan("open"), market.plane()
    asked = market.plan("asked", approval=Approval.MANUAL)
    joined = market.subscribe(open_to_all)
    key = market.key()
    act(market, "suspend", joined.id)
    for plan in (asked, open_to_all):
        act(market, "end", joined.id, market.buyer)
        joined = market.subscribe(plan)
        assert joined.state is SubscriptionState.PENDING
        assert plane.code(key) == "subscription_inactive"
    act(market, "approve", joined.id)
    assert plane.code(key) == "valid"
    act(market, "end", joined.id)
    assert market.subscribe(open_to_all).state is SubscriptionState.ACTIVE


def test_a_consumer_lifts_no_suspension_by_moving(market: Market) -> None:
    """Neither another subscription to where it was, nor it away from there."""
    market.seller.api("maps", scopes=SCOPES)
    weather, maps = market.plan("weather"), market.plan("maps", "maps")

    def move(of: Acme, id: str, plan: PlanView) -> Subscription:
        moved: Subscription = of.write(
            lambda work: plans.move_subscription(work, id, plan=plan.plan.id)
        )
        return moved

    joined = market.subscribe(weather)
    act(market, "suspend", joined.id)
    moved = move(market.buyer, joined.id, maps)
    assert moved.state is SubscriptionState.SUSPENDED
    again = market.subscribe(weather)
    assert again.state is SubscriptionState.PENDING
    act(market, "end", moved.id, market.buyer)
    act(market, "approve", again.id)
    with pytest.raises(Taken, match="approval"):
        move(market.buyer, again.id, maps)
    assert move(market.seller, again.id, maps).plan_id == maps.plan.id


def test_who_sells_a_plan_may_open_again_what_was_suspended(market: Market) -> None:
    made = market.plan()
    joined = market.subscribe(made)
    act(market, "suspend", joined.id)
    act(market, "end", joined.id, market.buyer)
    again = market.sell(made, market.application)
    assert again.state is SubscriptionState.ACTIVE


def test_a_third_organization_sees_nothing_of_it(
    market: Market, office: Any, database: Any
) -> None:
    joined = market.subscribe(market.plan())
    third = Acme(office, database, "third@example.com")
    with pytest.raises(NotFound):
        third.read(lambda look: plans.get_subscription(look, joined.id))
    for name in ("approve", "suspend", "resume", "end"):
        with pytest.raises(NotFound):
            act(market, name, joined.id, third)
    assert [_listed(third, side) for side in Side] == [[], []]


def test_each_side_lists_its_own_within_its_reach(market: Market) -> None:
    joined = market.subscribe(market.plan())
    for of, side in ((market.seller, Side.PROVIDER), (market.buyer, Side.CONSUMER)):
        other = of.write(lambda work: create_project(work, name="Else"))
        here = of.holding("subscriptions:read", on=of.project)
        there = of.holding("subscriptions:read", on=other.id)
        listed = partial(_listed, of, side)
        assert listed() == listed(here) == [joined]
        assert listed(there) == []
        with pytest.raises(NotFound):
            of.read(lambda look: plans.get_subscription(look, joined.id), there)


def _listed(of: Acme, side: Side, actor: Actor | None = None) -> list[Any]:
    wanted = SubscriptionFilter(side)
    return of.read(lambda look: plans.list_subscriptions(look, Turn(), wanted), actor).rows


def test_keys_of_the_own_organization_go_on_without_a_subscription(market: Market) -> None:
    """Selling to others must not shut out whoever is not a customer."""
    plane, seller = market.plane(), market.seller
    own = market.caller(seller)
    key = market.key(of=seller, application=own)
    market.plan(limits=(quota(1),))
    assert [plane.code(key) for _ in range(3)] == ["valid"] * 3


def test_an_own_application_that_subscribed_is_bound_by_it(market: Market) -> None:
    plane, seller = market.plane(), market.seller
    own = market.caller(seller)
    key = market.key(of=seller, application=own)
    joined = market.sell(market.plan(limits=(quota(1),)), own)
    assert [plane.code(key) for _ in range(2)] == ["valid", "quota_exceeded"]
    act(market, "end", joined.id)
    assert plane.code(key) == "subscription_inactive"


def test_usage_names_the_subscription(market: Market) -> None:
    joined = market.subscribe(market.plan())
    key = market.key()
    decision = market.plane().call(key)
    use = use_of(decision, None)
    assert use.subscription_id == joined.id
    assert (use.provider_id, use.consumer_id) == (
        market.seller.organization,
        market.buyer.organization,
    )


def test_what_is_done_is_noted_with_both_sides(market: Market) -> None:
    joined = market.subscribe(market.plan())
    act(market, "suspend", joined.id)
    with market.seller.database.rows.reading() as tx:
        rows = tx.find(AuditRow, subject=joined.id)
    assert {row.action: row.organization_id for row in rows} == {
        "subscription.create": market.buyer.organization,
        "subscription.suspend": market.seller.organization,
    }
    between = (market.seller.organization, market.buyer.organization)
    assert {(row.provider_id, row.consumer_id) for row in rows} == {between}


def test_an_application_that_subscribed_is_not_deleted(market: Market) -> None:
    market.subscribe(market.plan())
    with pytest.raises(Taken, match="subscriptions"):
        market.buyer.write(lambda work: delete_application(work, market.application))


def test_a_key_takes_its_project_from_its_application(market: Market) -> None:
    """A foreign API is in none of the buyer's projects."""
    other = market.buyer.write(lambda work: create_project(work, name="Second"))
    second = market.caller(market.buyer, "Second", other.id)
    market.subscribe(market.plan(), second)
    key = market.key(application=second)
    assert key.view.key.project_id == other.id


def test_an_application_beyond_reach_opens_nothing(market: Market) -> None:
    market.subscribe(market.plan())
    buyer = market.buyer
    other = buyer.write(lambda work: create_project(work, name="Second"))
    bound = buyer.holding("keys:write", on=other.id)
    wish = issue.KeyWish(
        name="k",
        access=(AccessWish(Resource.API, "weather", ()),),
        application=market.application,
        environment=Environment.LIVE,
    )
    with pytest.raises(Invalid, match="not known"):
        buyer.write(lambda work: issue.create_key(work, wish), bound)
