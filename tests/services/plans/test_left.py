"""What a page tells to be left of a subscription: what was really spent of it."""

from keyhouse.core.entities import Environment, Per, Subscription
from keyhouse.services import plans
from keyhouse.services.plans import OverrideWish
from keyhouse.services.reports import LimitLeft, subscription_limits
from tests.servers.acme import Acme
from tests.services.plans.market import Market, quota


def shared(
    of: Acme, row: Subscription, environment: Environment = Environment.LIVE
) -> list[LimitLeft]:
    return of.read(lambda look: subscription_limits(look, row.id, environment)).shared


def test_what_all_keys_spent_is_told_to_either_side(market: Market) -> None:
    row = market.subscribe(market.plan(limits=(quota(60),)))
    plane, keys = market.plane(), [market.key(), market.key()]
    for key in (*keys, keys[0]):
        assert plane.code(key) == "valid"
    plane.give_back()
    for side in (market.seller, market.buyer):
        (told,) = shared(side, row)
        assert (told.used, told.left) == (3, 57)
    (test,) = shared(market.seller, row, Environment.TEST)
    assert test.used == 0


def test_own_limits_are_told_in_place_of_the_plans(market: Market) -> None:
    row = market.subscribe(market.plan(limits=(quota(60),)))
    own = (OverrideWish(quota(90)),)
    market.seller.write(lambda work: plans.change_subscription(work, row.id, overrides=own))
    (told,) = shared(market.seller, row)
    assert told.left == 90


def test_limits_of_each_key_are_told_apart(market: Market) -> None:
    row = market.subscribe(market.plan(limits=(quota(20, per=Per.KEY),)))
    told = market.buyer.read(
        lambda look: subscription_limits(look, row.id, Environment.LIVE)
    )
    assert told.shared == []
    assert [one.amount for one in told.each] == [20]
