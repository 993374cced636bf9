"""What happens at once: one subscription opens an API for an application."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from keyhouse.core.entities import Subscription, SubscriptionState
from keyhouse.services import plans
from keyhouse.services.catalog import delete_api
from keyhouse.services.plans import OpeningWish
from keyhouse.services.refusals import Invalid, Refusal, Taken
from tests.services.issue.test_races import during
from tests.services.plans.market import SCOPES, Market


def test_of_many_who_subscribe_at_once_one_does(market: Market) -> None:
    offered = [market.plan(f"plan-{number}") for number in range(4)]

    def join(number: int) -> bool:
        try:
            market.subscribe(offered[number])
        except Taken:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        joined = list(pool.map(join, range(4)))
    assert sum(joined) == 1
    with market.seller.database.rows.reading() as tx:
        assert len(tx.find(Subscription, application_id=market.application)) == 1


def test_who_subscribes_while_a_plan_comes_to_open_more_gets_it_or_is_refused(
    market: Market,
) -> None:
    """Else the plan would open an API that another subscription opens, or none would."""
    seller = market.seller
    seller.api("maps", scopes=SCOPES)
    narrow, maps = market.plan("narrow"), market.plan("maps", "maps")
    market.sell(narrow, market.application)
    late = during(
        seller,
        lambda work: plans.change_plan(
            work,
            narrow.plan.id,
            {"access": (OpeningWish("weather"), OpeningWish("maps"))},
        ),
        lambda work: plans.create_subscription(
            work, plan=maps.plan.id, application=market.application
        ),
    )
    with pytest.raises(Taken, match="application"):
        late.result()


def test_no_plan_opens_an_api_that_is_being_deleted(market: Market) -> None:
    seller = market.seller
    seller.api("maps")
    fields: plans.PlanFields = {"access": (OpeningWish("maps"),)}
    late = during(
        seller,
        lambda work: delete_api(work, "maps"),
        lambda work: plans.create_plan(
            work, slug="maps", project=seller.project, fields=fields
        ),
    )
    with pytest.raises(Invalid, match="not known"):
        late.result()


def test_a_plan_that_is_deleted_takes_no_subscription_with_it(market: Market) -> None:
    made = market.plan()
    late = during(
        market.seller,
        lambda work: plans.delete_plan(work, made.plan.id),
        lambda work: plans.create_subscription(
            work, plan=made.plan.id, application=market.application
        ),
    )
    with pytest.raises(Refusal):
        late.result()
    with market.seller.database.rows.reading() as tx:
        live = tx.find(Subscription, state=SubscriptionState.ACTIVE)
    assert live == []
