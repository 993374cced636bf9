"""What a page tells to be left of a subscription: what was really spent of it."""

from zoneinfo import ZoneInfo

from keyhouse.core.compilation import compile_limit
from keyhouse.core.counting import Subject
from keyhouse.core.entities import (
    Environment,
    Limit,
    LimitKind,
    Per,
    Subscription,
    Window,
)
from keyhouse.core.quotas import Budget, Quota, span_of
from keyhouse.core.usage import UsageBatch
from keyhouse.ports import LeaseWanted
from keyhouse.services import plans
from keyhouse.services.catalog import change_api
from keyhouse.services.issue import change_key
from keyhouse.services.plans import OverrideWish
from keyhouse.services.reports import LimitLeft, limits_left, subscription_limits
from tests.servers.acme import Acme
from tests.services.plans.market import Market, quota


def shared(
    of: Acme, row: Subscription, environment: Environment = Environment.LIVE
) -> list[LimitLeft]:
    return of.read(lambda look: subscription_limits(look, row.id, environment)).shared


def spend(market: Market, counted: LimitLeft, units: int) -> None:
    """Book calls on the budget of a monthly quota, as a node does."""
    database, now_us = market.seller.database, market.seller.clock.now_us()
    compiled = compile_limit(counted.limit, ZoneInfo, Subject.SUBSCRIPTION)
    assert isinstance(compiled, Quota)
    budget, span = Budget(*counted.counted_on.split("|")), span_of(compiled, now_us)
    database.sink.open_spool("spl_left", "nod_left", "boot")
    want = LeaseWanted(budget, span, counted.limit.amount, 1, units)
    [leased] = database.ledger.lease("spl_left", [want])
    settled = {leased.lease_id: leased.granted}
    assert database.sink.book(UsageBatch("spl_left", 0, 1, settled=settled))


def test_what_all_keys_spent_is_told_to_either_side(market: Market) -> None:
    """On the budget that calls of its keys are counted on."""
    row = market.subscribe(market.plan(limits=(quota(60),)))
    key = market.key().view.key.id
    (counted,) = market.buyer.read(lambda look: limits_left(look, key))
    spend(market, counted, 3)
    for side in (market.seller, market.buyer):
        (told,) = shared(side, row)
        assert (told.used, told.left) == (3, 57)
        assert told.counted_on == counted.counted_on
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


def test_the_provider_s_limit_is_told_beside_a_key_s_own_of_its_name(
    market: Market,
) -> None:
    market.subscribe(market.plan())
    theirs = (_monthly(60),)
    market.seller.write(lambda work: change_api(work, market.api, {"limits": theirs}))
    made = market.key()
    own = (_monthly(1000),)
    market.buyer.write(lambda work: change_key(work, made.view.key.id, {"limits": own}))
    told = market.buyer.read(lambda look: limits_left(look, made.view.key.id))
    assert [(one.subject, one.left) for one in told] == [
        (Subject.KEY, 1000),
        (Subject.API, 60),
    ]


def _monthly(amount: int) -> Limit:
    return Limit(name="monthly", kind=LimitKind.QUOTA, amount=amount, window=Window.MONTH)
