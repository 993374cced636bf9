"""What a plan counts: exactly, for all of a subscription, whatever changes meanwhile."""

from functools import partial

import pytest

from keyhouse.core.entities import (
    Applies,
    Approval,
    Environment,
    Per,
    Subscription,
    SubscriptionApi,
    Visibility,
    Window,
)
from keyhouse.services import plans
from keyhouse.services.actor import Actor
from keyhouse.services.issue import Created
from keyhouse.services.plans import (
    OpeningWish,
    OverrideWish,
    PlanFields,
    PlanView,
    opening,
)
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.reports import limits_left
from keyhouse.services.tenants import create_project
from tests.servers.acme import Acme
from tests.services.plans.market import SCOPES, Market, Plane, quota

MONTH_SECONDS = 31 * 86_400


def spent(
    planes: list[Plane], keys: list[Created], calls: int = 400, api: str = "weather"
) -> int:
    """Calls let pass, in turn at all planes and with all keys; rests go back at times."""
    passed = 0
    for number in range(calls):
        plane, key = planes[number % len(planes)], keys[number // 2 % len(keys)]
        passed += plane.code(key, api) == "valid"
        if number % 25 == 24:
            give_back(planes)
    return passed


def give_back(planes: list[Plane]) -> None:
    """Return what was leased and not spent, as idle nodes do."""
    for one in planes:
        one.give_back()


def move(market: Market, joined: Subscription, to: PlanView) -> Subscription:
    """Move a subscription, as the buyer."""
    return market.buyer.write(
        lambda work: plans.move_subscription(work, joined.id, plan=to.plan.id)
    )


def left(plane: Plane, key: Created, name: str = "subscription/monthly") -> int:
    """What the answer to a call, which is allowed, tells to be left of a limit."""
    decision = plane.call(key)
    assert decision.code == "valid"
    return {one.name: one.remaining for one in decision.limits}[name]


def test_a_shared_quota_is_spent_exactly_across_planes(market: Market) -> None:
    """Three keys, two nodes: not one call more than was sold, nor one less."""
    market.subscribe(market.plan(limits=(quota(60),)))
    keys = [market.key() for _ in range(3)]
    planes = [market.plane(), market.plane()]
    assert spent(planes, keys) == 60
    test = market.key(Environment.TEST)
    assert spent(planes, [test]) == 60


def test_a_limit_for_each_key_is_spent_by_each(market: Market) -> None:
    market.subscribe(market.plan(limits=(quota(20, per=Per.KEY),)))
    planes = [market.plane(), market.plane()]
    assert [spent(planes, [market.key()], 100) for _ in range(2)] == [20, 20]


@pytest.mark.parametrize(("to", "more"), [(50, 20), (25, 0), (30, 0), (100, 70)])
def test_a_change_of_plan_keeps_what_was_used(market: Market, to: int, more: int) -> None:
    made = market.plan(limits=(quota(30),))
    market.subscribe(made)
    planes, keys = [market.plane(), market.plane()], [market.key(), market.key()]
    assert spent(planes, keys, 100) == 30
    market.change(made, limits=(quota(to),))
    assert spent(planes, keys, 200) == more


def test_lowering_a_quota_half_way_binds_at_once(market: Market) -> None:
    made = market.plan(limits=(quota(100),))
    market.subscribe(made)
    planes, keys = [market.plane(), market.plane()], [market.key(), market.key()]
    assert spent(planes, keys, 40) == 40
    market.change(made, limits=(quota(50),))
    assert spent(planes, keys, 200) == 10


def test_moving_to_another_plan_keeps_what_was_used(market: Market) -> None:
    small = market.plan("small", limits=(quota(10),))
    large = market.plan("large", limits=(quota(25),))
    joined = market.subscribe(small)
    planes, keys = [market.plane(), market.plane()], [market.key()]
    assert spent(planes, keys, 50) == 10
    moved = move(market, joined, large)
    assert (moved.id, moved.plan_id) == (joined.id, large.plan.id)
    assert spent(planes, keys, 100) == 15


def test_a_new_subscription_goes_on_with_what_the_one_before_used(
    market: Market,
) -> None:
    """Else a buyer would get a fresh quota by ending one and making another."""
    made = market.plan(limits=(quota(10),))
    planes, keys = [market.plane(), market.plane()], [market.key_of(made)]
    assert spent(planes, keys, 30) == 10
    for _ in range(2):
        ended = market.end()
        again = market.subscribe(made)
        assert again.id != ended.id
        assert again.counted_id == ended.counted_id
        assert spent(planes, keys, 30) == 0
    market.end()
    larger = market.plan("larger", limits=(quota(15),))
    market.subscribe(larger)
    assert spent(planes, keys, 30) == 5


@pytest.mark.parametrize("to", [4, 40])
def test_from_the_next_window_on_each_quota_keeps_its_amount_till_then(
    market: Market, to: int
) -> None:
    made = market.plan(limits=(quota(10),))
    market.subscribe(made)
    plane, key = market.plane(), market.key()
    assert left(plane, key) == 9
    market.change(
        made, "next_window", limits=(quota(to), quota(3, "daily", window=Window.DAY))
    )
    decision = plane.call(key)
    told = {one.name: one.remaining for one in decision.limits}
    assert told == {"subscription/monthly": 8}
    market.seller.go_on(MONTH_SECONDS)
    decision = plane.call(key)
    told = {one.name: one.remaining for one in decision.limits}
    assert told == {"subscription/monthly": to - 1, "subscription/daily": 2}


def test_a_quota_taken_away_from_the_next_window_holds_till_then(market: Market) -> None:
    made = market.plan(limits=(quota(2),))
    market.subscribe(made)
    plane, key = market.plane(), market.key()
    market.change(made, "next_window", limits=())
    assert [plane.code(key) for _ in range(3)] == ["valid", "valid", "quota_exceeded"]
    market.seller.go_on(MONTH_SECONDS)
    assert [plane.code(key) for _ in range(5)] == ["valid"] * 5


def test_two_changes_in_one_window_keep_what_held_before_both(market: Market) -> None:
    made = market.plan(limits=(quota(10),))
    market.subscribe(made)
    plane, key = market.plane(), market.key()
    for amount in (5, 7):
        market.change(made, "next_window", limits=(quota(amount),))
    assert left(plane, key) == 9
    market.seller.go_on(MONTH_SECONDS)
    assert left(plane, key) == 6
    market.change(made, "next_window", limits=(quota(70),))
    market.change(made, "now", limits=(quota(70),))
    assert left(plane, key) == 68


@pytest.mark.parametrize("now", ["now", "next_window"])
def test_a_change_of_something_else_keeps_what_was_promised_till_the_window_ends(
    market: Market, now: str
) -> None:
    """Else a scope more would cost every subscriber a part of the month."""
    made = market.plan(limits=(quota(10),))
    market.subscribe(made)
    plane, key = market.plane(), market.key()
    market.change(made, "next_window", limits=(quota(4),))
    wider = (OpeningWish("weather", (*SCOPES, "*")),)
    changed = market.change(made, now, access=wider)
    assert left(plane, key) == 9
    market.change(made, now, routes=())
    assert market.change(made, now, access=wider).version == changed.version
    assert left(plane, key) == 8
    market.seller.go_on(MONTH_SECONDS)
    assert left(plane, key) == 3


def test_a_move_from_the_next_window_on_can_be_had_at_once_after_all(
    market: Market,
) -> None:
    """By who could have moved it at once."""
    small = market.plan("small", limits=(quota(10),))
    large = market.plan("large", limits=(quota(25),), approval=Approval.MANUAL)
    joined = market.subscribe(small)
    plane, key = market.plane(), market.key()

    def move(of: Acme, applies: Applies) -> None:
        of.write(
            lambda work: plans.move_subscription(
                work, joined.id, plan=large.plan.id, applies=applies
            )
        )

    move(market.seller, Applies.NEXT_WINDOW)
    assert left(plane, key) == 9
    move(market.seller, Applies.NEXT_WINDOW)
    with pytest.raises(Taken, match="approval"):
        move(market.buyer, Applies.NOW)
    assert left(plane, key) == 8
    market.change(large, retired=True)
    move(market.seller, Applies.NOW)
    assert left(plane, key) == 22


def test_a_move_from_the_next_window_on_keeps_the_old_plan_till_then(
    market: Market,
) -> None:
    small = market.plan("small", limits=(quota(10),))
    large = market.plan("large", limits=(quota(25), quota(9, "other")))
    joined = market.subscribe(small)
    plane, key = market.plane(), market.key()
    market.seller.write(
        lambda work: plans.move_subscription(
            work, joined.id, plan=large.plan.id, applies=Applies.NEXT_WINDOW
        )
    )
    assert [one.name for one in plane.call(key).limits] == ["subscription/monthly"]
    assert left(plane, key) == 8
    market.seller.go_on(MONTH_SECONDS)
    assert left(plane, key) == 24
    assert left(plane, key, "subscription/other") == 7


def test_nobody_gets_a_fresh_quota_by_way_of_another_plan(market: Market) -> None:
    """Used up on one API; then subscribed to another, and moved from there."""
    market.seller.api("maps", scopes=SCOPES)
    weather = market.plan(limits=(quota(10),))
    maps = market.plan("maps", "maps", limits=(quota(8),))
    planes, key = [market.plane(), market.plane()], market.key_of(weather)
    assert spent(planes, [key], 30) == 10
    market.end()
    joined = market.subscribe(maps)
    moved = move(market, joined, weather)
    assert spent(planes, [key], 30) == 0
    again = move(market, moved, maps)
    assert spent(planes, [market.key(api="maps")], 30, api="maps") == 8
    move(market, again, weather)
    assert spent(planes, [key], 30) == 0


def test_a_plan_that_opens_both_counts_what_either_used(market: Market) -> None:
    """By whatever way it came to open both: each quota holds for what each has used."""
    market.seller.api("maps", scopes=SCOPES)
    access = (OpeningWish("weather", SCOPES), OpeningWish("maps", SCOPES))
    each = quota(30, "each", per=Per.KEY)
    weather = market.plan(limits=(quota(10), each))
    maps = market.plan("maps", "maps", limits=(quota(10),))
    both = market.plan("both", access=access, limits=(quota(12), each))
    planes = [market.plane(), market.plane()]
    key = market.key_of(weather)
    assert spent(planes, [key], 4) == 4
    market.end()
    joined = market.subscribe(maps)
    assert spent(planes, [market.key(api="maps")], 7, api="maps") == 7
    give_back(planes)
    move(market, joined, both)
    decision = planes[0].call(key)
    assert [(one.name, one.remaining) for one in decision.limits] == [
        ("subscription/each", 29),
        ("subscription/each", 25),
        ("subscription/monthly", 4),
        ("subscription/monthly", 7),
    ]
    assert spent(planes, [key], 30) == 4
    market.end()
    market.subscribe(weather)
    assert spent(planes, [key], 30) == 1


def test_who_moved_on_and_buys_the_first_plan_again_has_two_quotas(
    market: Market,
) -> None:
    """Each subscription has its own, and the first plan's is where it was left."""
    market.seller.api("maps", scopes=SCOPES)
    weather = market.plan(limits=(quota(10),))
    maps = market.plan("maps", "maps", limits=(quota(10),))
    joined = market.subscribe(weather)
    planes, key = [market.plane(), market.plane()], market.key()
    assert spent(planes, [key], 3) == 3
    move(market, joined, maps)
    assert spent(planes, [market.key(api="maps")], 9, api="maps") == 9
    market.subscribe(weather)
    assert spent(planes, [key], 30) == 7


def test_a_plan_that_comes_to_open_another_api_counts_what_that_one_used(
    market: Market,
) -> None:
    """What a subscriber used of it by another plan before."""
    market.seller.api("maps", scopes=SCOPES)
    maps = market.plan("maps", "maps", limits=(quota(10),))
    market.subscribe(maps)
    planes, key = [market.plane(), market.plane()], market.key(api="maps")
    assert spent(planes, [key], 8, api="maps") == 8
    market.end()
    weather = market.plan(limits=(quota(10),))
    market.subscribe(weather)
    assert spent(planes, [market.key()], 1) == 1
    access = (OpeningWish("weather", SCOPES), OpeningWish("maps", SCOPES))
    market.change(weather, access=access)
    assert spent(planes, [key], 30, api="maps") == 2


def test_a_plan_that_loses_an_api_counts_no_more_what_was_used_of_it(
    market: Market,
) -> None:
    """Nor are calls of what is left booked there, where another plan may sell it."""
    market.seller.api("maps", scopes=SCOPES)
    both = (OpeningWish("weather", SCOPES), OpeningWish("maps", SCOPES))
    weather = market.plan(limits=(quota(10),))
    maps = market.plan("maps", "maps", limits=(quota(10),))
    bundle = market.plan("both", access=both, limits=(quota(10),))
    planes, key = [market.plane(), market.plane()], market.key_of(weather)
    market.end()
    joined = market.subscribe(maps)
    of_maps = market.key(api="maps")
    assert spent(planes, [of_maps], 7, api="maps") == 7
    give_back(planes)
    moved = move(market, joined, bundle)
    assert len(moved.counted_ids) == 2
    market.change(bundle, access=both[:1])
    market.subscribe(maps)
    assert spent(planes, [key], 30) == 10
    assert spent(planes, [of_maps], 30, api="maps") == 3
    market.end_all()
    market.subscribe(bundle)
    market.change(bundle, access=both)
    assert spent(planes, [key, of_maps], 30) == 0


def test_a_plan_that_opens_other_apis_begins_with_what_was_used_of_those(
    market: Market,
) -> None:
    market.seller.api("maps", scopes=SCOPES)
    maps = market.plan("maps", "maps", limits=(quota(10),))
    planes, plan = [market.plane(), market.plane()], market.plan(limits=(quota(10),))
    market.subscribe(maps)
    of_maps = market.key(api="maps")
    assert spent(planes, [of_maps], 4, api="maps") == 4
    market.end()
    key = market.key_of(plan)
    assert spent(planes, [key], 9) == 9
    market.change(plan, access=(OpeningWish("maps", SCOPES),))
    assert spent(planes, [of_maps], 30, api="maps") == 6


def test_a_plan_of_more_subscribers_than_one_write_reaches_loses_an_api_all_the_same(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest are counted anew at once, others once they are moved, if only there."""
    monkeypatch.setattr(opening, "SUBSCRIPTIONS_MAX", 1)
    market.seller.api("maps", scopes=SCOPES)
    both = (OpeningWish("weather", SCOPES), OpeningWish("maps", SCOPES))
    apart = [market.plan(name, name, limits=(quota(10),)) for name in ("weather", "maps")]
    bundle = market.plan("both", access=both, limits=(quota(10),))
    of_weather, joined = [], []
    for caller in (market.application, market.caller(market.buyer, "Other")):
        before = [market.sell(one, caller) for one in apart]
        of_weather.append((before[0].id,))
        for one in before:
            market.seller.write(partial(plans.end_subscription, id=one.id))
        market.seller.go_on(1)
        joined.append(market.sell(bundle, caller))
        assert set(joined[-1].counted_ids) == {one.id for one in before}
    market.change(bundle, access=both[:1])

    def counted() -> list[tuple[str, ...]]:
        with market.seller.database.rows.reading() as tx:
            return [tx.find(Subscription, id=one.id)[0].counted_ids for one in joined]

    assert counted() == [joined[0].counted_ids, of_weather[1]]
    move(market, joined[0], bundle)
    assert counted() == of_weather


def test_an_api_that_a_process_of_the_version_before_opened_keeps_its_count(
    market: Market,
) -> None:
    """While nodes are upgraded: it books on its subscription's id, and tells of no API."""
    market.seller.api("maps", scopes=SCOPES)
    weather = market.plan(limits=(quota(10),))
    maps = market.plan("maps", "maps", limits=(quota(10),))
    planes, key = [market.plane(), market.plane()], market.key_of(weather)
    assert spent(planes, [key], 4) == 4
    market.end()
    again = market.subscribe(weather)
    assert again.counted_id != again.id
    _forget_what_apis_count_on(market)
    market.end()
    joined = market.subscribe(weather)
    assert joined.counted_id == again.counted_id
    assert spent(planes, [key], 3) == 3
    _forget_what_apis_count_on(market)
    move(market, joined, maps)
    assert spent(planes, [market.key(api="maps")], 9, api="maps") == 9
    market.subscribe(weather)
    assert spent(planes, [key], 30) == 3


def _forget_what_apis_count_on(market: Market) -> None:
    with market.seller.database.rows.writing() as tx:
        for link in tx.find(SubscriptionApi, application_id=market.application):
            tx.update(link, counted_id="")


def test_who_may_move_where(market: Market) -> None:
    start, private = market.plan("start"), market.plan("p2", visibility=Visibility.PRIVATE)
    manual = market.plan("manual", approval=Approval.MANUAL)
    joined = market.subscribe(start)

    def move(of: object, plan: str) -> object:
        return of.write(  # type: ignore[attr-defined] # an Acme
            lambda work: plans.move_subscription(work, joined.id, plan=plan)
        )

    with pytest.raises(Invalid, match="not known"):
        move(market.buyer, private.plan.id)
    with pytest.raises(Taken, match="approval"):
        move(market.buyer, manual.plan.id)
    for plan in (private, manual):
        assert move(market.seller, plan.plan.id).plan_id == plan.plan.id  # type: ignore[attr-defined] # a subscription
    market.seller.write(lambda work: plans.end_subscription(work, joined.id))
    with pytest.raises(Taken, match="ended"):
        move(market.seller, start.plan.id)


def test_nobody_moves_a_subscription_to_a_plan_that_they_could_not_sell_nor_join(
    market: Market,
) -> None:
    """Who sells for one project cannot give away what another has for chosen ones."""
    seller = market.seller
    start = market.plan("start")
    other = seller.write(lambda work: create_project(work, name="Other"))
    seller.api("maps")
    fields: PlanFields = {"access": (OpeningWish("maps"),)}
    chosen = seller.write(
        lambda work: plans.create_plan(work, slug="chosen", project=other.id, fields=fields)
    )
    here = seller.holding("subscriptions:write", on=seller.project)
    both = [market.subscribe(start), market.sell(start, market.caller(seller))]

    def move(id: str, actor: Actor) -> str:
        moved: Subscription = seller.write(
            lambda work: plans.move_subscription(work, id, plan=chosen.plan.id), actor
        )
        return moved.plan_id

    with pytest.raises(Invalid, match="not known"):
        move(both[0].id, here)
    # An own application may join any plan of its organization.
    assert move(both[1].id, here) == chosen.plan.id
    assert move(both[0].id, seller.actor) == chosen.plan.id


def test_an_override_holds_for_one_subscriber_up_to_its_end(market: Market) -> None:
    made = market.plan(limits=(quota(2),))
    joined = market.subscribe(made)
    plane, key = market.plane(), market.key()
    ends = market.seller.clock.now_us() + 60_000_000
    market.seller.write(
        lambda work: plans.change_subscription(
            work, joined.id, overrides=[OverrideWish(quota(5), ends)]
        )
    )
    other = market.caller(market.buyer, "Other")
    market.subscribe(made, other)
    plain = market.key(application=other)
    assert (left(plane, key), left(plane, plain)) == (4, 1)
    assert left(plane, key) == 3
    market.seller.go_on(61)
    assert plane.code(key) == "quota_exceeded"
    assert left(plane, plain) == 0


def test_an_override_that_has_ended_is_refused_when_it_is_new(market: Market) -> None:
    joined = market.subscribe(market.plan())
    past = market.seller.clock.now_us()
    with pytest.raises(Invalid, match="has passed"):
        market.seller.write(
            lambda work: plans.change_subscription(
                work, joined.id, overrides=[OverrideWish(quota(5), past)]
            )
        )


def test_what_is_left_of_a_plan_is_told_with_the_key(market: Market) -> None:
    made = market.plan(limits=(quota(9), quota(4, "each", per=Per.KEY)))
    joined = market.subscribe(made)
    key = market.key()
    ends = market.seller.clock.now_us() + 60_000_000
    market.seller.write(
        lambda work: plans.change_subscription(
            work, joined.id, overrides=[OverrideWish(quota(20), ends)]
        )
    )
    told = market.buyer.read(lambda look: limits_left(look, key.view.key.id))
    assert [(one.subject, one.limit.name, one.left) for one in told] == [
        ("subscription", "each", 4),
        ("subscription", "monthly", 20),
    ]
    market.seller.go_on(61)
    told = market.buyer.read(lambda look: limits_left(look, key.view.key.id))
    assert [one.left for one in told] == [4, 9]
