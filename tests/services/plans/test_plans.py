"""Plans: what they may hold, their versions, and who may see and change them."""

from functools import partial
from typing import Any

import pytest

from keyhouse.core.entities import Per, PlanVersion, Visibility
from keyhouse.services import plans
from keyhouse.services.actor import Actor
from keyhouse.services.catalog import create_route, delete_api, delete_route
from keyhouse.services.plans import OpeningWish, PlanView, RouteWish
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, Taken
from keyhouse.services.tenants import create_project, delete_project
from keyhouse.services.work import Turn, Work
from tests.servers.acme import Acme
from tests.services.plans.market import Market, quota, rate


def route(market: Market, path: str = "/v1/radar/**") -> str:
    made = market.seller.write(
        lambda work: create_route(work, "weather", method="GET", path=path, fields={})
    )
    return made.id


def test_what_a_plan_holds_is_a_version_that_never_changes(market: Market) -> None:
    made = market.plan(limits=(quota(100),))
    changed = market.change(made, limits=(quota(50),), name="Basic")
    assert (made.version.number, changed.version.number) == (1, 2)
    assert (changed.plan.version, changed.plan.name) == (2, "Basic")
    listed = market.seller.read(
        lambda look: plans.list_versions(look, made.plan.id, Turn())
    )
    assert [one.version for one in listed.rows] == [changed.version, made.version]
    assert made.version.limits == (quota(100),)


def test_the_tenth_version_is_listed_after_the_ninth(market: Market) -> None:
    made = market.plan()
    for amount in range(1, 11):
        made = market.change(made, limits=(quota(amount),))
    listed = market.seller.read(
        lambda look: plans.list_versions(look, made.plan.id, Turn(limit=3))
    )
    assert [one.version.number for one in listed.rows] == [11, 10, 9]


def test_a_change_that_says_nothing_new_is_no_version(market: Market) -> None:
    made = market.plan(limits=(quota(100),))
    assert market.change(made, limits=(quota(100),)).version == made.version
    assert market.change(made, name="Other").version == made.version


def test_limits_of_routes_are_named_by_id_or_as_they_are_written(market: Market) -> None:
    radar, wind = route(market), route(market, "/v1/wind")
    slow = (rate(5, "slow"),)
    each = (quota(3, per=Per.KEY),)
    made = market.plan(
        routes=(
            RouteWish("weather", "GET /v1/radar/**", slow),
            RouteWish(market.api, wind, each),
        )
    )
    assert [(one.route_id, one.limits) for one in made.version.routes] == [
        (radar, slow),
        (wind, each),
    ]
    market.seller.write(lambda work: delete_route(work, "weather", wind))
    kept = market.change(made, limits=(quota(1),))
    assert [one.route_id for one in kept.version.routes] == [radar]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"access": ()}, "access"),
        ({"access": (OpeningWish("gone"),)}, "access.0.api"),
        ({"access": (OpeningWish("weather"), OpeningWish("weather"))}, "access.1.api"),
        ({"access": (OpeningWish("weather", ("a:b",)),)}, "access.0.scopes.0"),
        ({"access": (OpeningWish("weather", (), ("r",)),)}, "access.0.roles.0"),
        ({"limits": (quota(0),)}, "limits.0.amount"),
        ({"limits": (quota(1), rate(1, "monthly"))}, "limits.1.name"),
        ({"routes": (RouteWish("other", "GET /", (rate(1),)),)}, "routes.0.api"),
        ({"routes": (RouteWish("weather", "GET /", (rate(1),)),)}, "routes.0.route"),
        ({"slug": "No Slug"}, "slug"),
        ({"name": " "}, "name"),
    ],
)
def test_what_cannot_be_is_named(
    market: Market, fields: dict[str, Any], field: str
) -> None:
    made = market.plan()
    with pytest.raises(Invalid) as refused:
        market.change(made, **fields)
    assert refused.value.problems[0].field == field


def test_a_slug_is_unique_in_its_project(market: Market) -> None:
    market.plan("basic")
    with pytest.raises(Taken, match="slug"):
        market.plan("basic")


def test_an_api_of_another_project_or_organization_is_not_known(market: Market) -> None:
    """Else whoever sells one project's plans could open another's APIs."""
    seller = market.seller
    elsewhere = seller.write(lambda work: create_project(work, name="Else"))
    actor = seller.holding("plans:write", on=elsewhere.id)
    market.buyer.api("maps")
    for name in ("weather", market.api, "maps"):
        with pytest.raises(Invalid, match="not known"):
            seller.write(partial(_sell, elsewhere.id, name), actor)


def _sell(project: str, api: str, work: Work) -> PlanView:
    fields: plans.PlanFields = {"access": (OpeningWish(api),)}
    return plans.create_plan(work, slug="p2", project=project, fields=fields)


def see(of: Acme, view: PlanView, actor: Actor | None = None) -> PlanVersion:
    """The version of a plan that an organization is told."""
    return of.read(lambda look: plans.get_plan(look, view.plan.id), actor).version


def test_who_may_see_a_plan(market: Market) -> None:
    public = market.plan("open")
    private = market.plan("closed", visibility=Visibility.PRIVATE)
    buyer, id = market.buyer, public.plan.id
    assert see(buyer, public) == public.version
    with pytest.raises(NotFound):
        see(buyer, private)
    market.sell(private, market.application)
    assert see(buyer, private) == private.version
    with pytest.raises(NotFound):
        buyer.read(lambda look: plans.list_versions(look, id, Turn()))
    assert buyer.read(lambda look: plans.list_plans(look, Turn())).rows == []
    with pytest.raises(Forbidden):
        see(market.seller, public, market.seller.holding("keys:read"))
    with pytest.raises(NotFound):
        buyer.write(lambda work: plans.delete_plan(work, id))
    with pytest.raises(NotFound):
        buyer.write(lambda work: plans.change_plan(work, id, {"name": "Mine"}))


def test_a_plan_is_within_reach_with_its_project_alone(market: Market) -> None:
    seller, made = market.seller, market.plan(visibility=Visibility.PRIVATE)
    elsewhere = seller.write(lambda work: create_project(work, name="Else"))
    there = seller.holding("plans:*", on=elsewhere.id)
    here = seller.holding("plans:*", on=seller.project)
    bound = seller.holding("plans:*", on=market.api)
    for actor in (there, bound):
        with pytest.raises(NotFound):
            seller.read(lambda look: plans.get_plan(look, made.plan.id), actor)
        with pytest.raises(NotFound):
            seller.write(lambda work: plans.delete_plan(work, made.plan.id), actor)
        assert seller.read(lambda look: plans.list_plans(look, Turn()), actor).rows == []
    (listed,) = seller.read(lambda look: plans.list_plans(look, Turn()), here).rows
    assert listed == made


def test_a_plan_is_deleted_while_nobody_subscribed_and_retired_after(
    market: Market,
) -> None:
    spare, sold = market.plan("spare"), market.plan("sold")
    market.change(spare, limits=(quota(1),))
    market.seller.write(lambda work: plans.delete_plan(work, spare.plan.id))
    with market.seller.database.rows.reading() as tx:
        assert tx.find(PlanVersion, plan_id=spare.plan.id) == []
    market.subscribe(sold)
    with pytest.raises(Taken, match="subscriptions"):
        market.seller.write(lambda work: plans.delete_plan(work, sold.plan.id))
    retired = market.change(sold, retired=True)
    assert retired.plan.retired_at is not None
    other = market.caller(market.buyer)
    with pytest.raises(Invalid, match="not known"):
        market.subscribe(sold, other)
    with pytest.raises(Taken, match="retired"):
        market.sell(sold, other)
    market.change(sold, retired=False)
    market.subscribe(sold, other)


def test_what_is_sold_is_not_deleted(market: Market) -> None:
    market.plan()
    with pytest.raises(Taken, match="plan"):
        market.seller.write(lambda work: delete_api(work, "weather"))
    with pytest.raises(Taken, match="Plan"):
        market.seller.write(lambda work: delete_project(work, market.seller.project))
