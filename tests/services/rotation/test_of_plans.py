"""A plan's schedule: for keys that open an API by it, and for no others."""

from collections.abc import Iterator
from functools import partial

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import KeyKind, Resource, RotationSchedule
from keyhouse.core.rotation import EVERY_DAYS_MAX
from keyhouse.services import catalog, issue, plans, reports, rotation
from keyhouse.services.actor import OPERATOR, all_powerful
from keyhouse.services.issue import Created, Holder, Usual
from keyhouse.services.plans import OpeningWish, PlanView
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Office, Turn
from tests.servers.acme import Acme
from tests.services.plans.market import SCOPES, Market
from tests.services.rotation.working import DAY, DAY_US, Letters, claimed

QUARTERLY = RotationSchedule(every_days=90, overlap_seconds=7 * DAY)
MONTHLY = RotationSchedule(every_days=30)


@pytest.fixture
def market(acme: Acme, office: Office, database: Database) -> Iterator[Market]:
    """Acme, which sells, and Globex, which buys."""
    made = Market(acme, Acme(office, database, "buyer@example.com"))
    yield made
    made.close()


def holds(market: Market, made: Created) -> tuple[str, int] | None:
    """Whose schedule holds for a key, and of how many days."""
    id = made.view.key.id
    found = market.buyer.read(lambda look: issue.get_key(look, id)).scheduled
    stands = market.buyer.read(lambda look: rotation.get_rotation(look, id)).scheduled
    assert found == stands
    return None if found is None else (found.holder.value, found.schedule.every_days)


def due(market: Market, within_days: int = 366) -> list[tuple[str, int]]:
    turn = Turn(None, 100)
    page = market.buyer.read(lambda look: rotation.list_due(look, turn, within_days))
    return [(one.key.id, one.due_at) for one in page.rows]


def set_application(market: Market, schedule: RotationSchedule | None) -> None:
    id = market.application
    market.buyer.write(
        lambda work: catalog.change_application(work, id, {"rotation": schedule})
    )


def test_it_holds_for_keys_whose_access_comes_by_it(market: Market) -> None:
    made = market.key_of(market.plan(rotation=QUARTERLY))
    market.buyer.api("own")
    other = market.key(of=market.buyer, scopes=(), api="own")
    assert holds(market, made) == ("plan", 90)
    assert holds(market, other) is None
    now = market.buyer.clock.at_us
    assert due(market) == [(made.view.key.id, now + 90 * DAY_US)]


def test_key_then_application_then_the_strictest_plan(market: Market) -> None:
    """Who knows the key best decides; of plans the one that is due first."""
    market.seller.api("alerts", scopes=SCOPES)
    made = market.key_of(market.plan(rotation=QUARTERLY))
    second = market.plan("second", api="alerts", rotation=MONTHLY)
    market.subscribe(second)
    id = made.view.key.id
    assert holds(market, made) == ("plan", 90)
    both = tuple(
        issue.AccessWish(Resource.API, api, ("forecast:read",))
        for api in ("weather", "alerts")
    )
    market.buyer.write(lambda work: issue.change_key(work, id, {"access": both}))
    assert holds(market, made) == ("plan", 30)
    stands = market.buyer.read(lambda look: rotation.get_rotation(look, id)).scheduled
    assert stands is not None
    assert stands.plan_id == second.plan.id
    set_application(market, RotationSchedule(every_days=365))
    assert holds(market, made) == ("application", 365)
    own = RotationSchedule(every_days=400)
    market.buyer.write(lambda work: issue.change_key(work, id, {"rotation": own}))
    assert holds(market, made) == ("key", 400)


def test_it_goes_with_the_subscription(market: Market) -> None:
    """A suspended one's secrets grow old too; an ended one has no say any more."""
    view = market.plan(rotation=QUARTERLY)
    subscription = market.subscribe(view)
    made = market.key()
    market.seller.write(lambda work: plans.suspend_subscription(work, subscription.id))
    assert holds(market, made) == ("plan", 90)
    market.seller.write(lambda work: plans.resume_subscription(work, subscription.id))
    market.end()
    assert holds(market, made) is None
    assert due(market) == []


def test_a_plan_that_no_longer_opens_the_api_has_no_say(market: Market) -> None:
    market.seller.api("alerts", scopes=SCOPES)
    view = market.plan(rotation=QUARTERLY)
    made = market.key_of(view)
    market.change(view, access=(OpeningWish("alerts", SCOPES),))
    assert holds(market, made) is None


def test_it_can_be_changed_and_taken_away(market: Market) -> None:
    """No new version: what is sold stays what it is."""
    view = market.plan()
    made = market.key_of(view)
    assert holds(market, made) is None
    assert market.change(view, rotation=MONTHLY).plan.version == 1
    assert holds(market, made) == ("plan", 30)
    market.change(view, rotation=None)
    assert holds(market, made) is None
    with pytest.raises(Invalid, match=r"rotation\.every_days"):
        market.change(view, rotation=RotationSchedule(every_days=EVERY_DAYS_MAX + 1))


def test_its_usual_overlap_is_that_of_a_rotation(market: Market) -> None:
    made = market.key_of(market.plan(rotation=QUARTERLY))
    id = made.view.key.id
    market.buyer.write(lambda work: issue.rotate_key(work, id, Usual.OVERLAP))
    old = market.buyer.read(lambda look: issue.list_secrets(look, id))[1]
    assert old.until == market.buyer.clock.at_us + 7 * DAY_US


def test_the_key_s_own_people_are_reminded_and_the_calendar_has_it(
    market: Market,
) -> None:
    """Not those of the plan: the key is none of theirs."""
    made = market.key_of(market.plan(rotation=QUARTERLY))
    buyer = market.buyer
    maker = all_powerful(OPERATOR, buyer.organization)
    calendar = buyer.write(lambda work: rotation.create_calendar(work, "on call"), maker)
    feed = rotation.read_feed(buyer.office, calendar.token)
    assert feed is not None
    assert [one.key.id for one in feed.events] == [made.view.key.id]
    buyer.go_on(80 * DAY)
    letters = Letters()
    assert rotation.remind(buyer.office, letters, "https://keys", claimed(buyer)) == 1
    assert [letter.to for letter in letters.sent] == ["buyer@example.com"]


def test_an_own_key_that_a_subscription_binds_has_it_too(market: Market) -> None:
    """And a management key has none of it: it opens nothing by a plan."""
    view: PlanView = market.plan(rotation=QUARTERLY)
    seller = market.seller
    made = seller.key("Own")
    manager = seller.key("Manager", kind=KeyKind.MANAGEMENT)
    market.sell(view, made.view.key.application_id)
    own, managing = (
        seller.read(partial(issue.get_key, id=one.view.key.id)).scheduled
        for one in (made, manager)
    )
    assert own is not None
    assert own.holder is Holder.PLAN
    assert managing is None


def test_many_keys_with_a_plan_come_once_each_and_page_by_page(market: Market) -> None:
    """Neither twice for two plans, nor lost where a page ends."""
    market.subscribe(market.plan(rotation=QUARTERLY))
    made = {market.key().view.key.id for _ in range(7)}
    seen: list[str] = []
    cursor = None
    while True:
        ask = partial(rotation.list_due, turn=Turn(cursor, 3), within_days=366)
        page = market.buyer.read(ask)
        seen += [one.key.id for one in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(made)


def test_the_overview_names_keys_whose_secret_is_due_soon(market: Market) -> None:
    market.key_of(market.plan(rotation=QUARTERLY))
    buyer = market.buyer

    def due_soon() -> list[int | None]:
        told = buyer.read(lambda look: reports.overview(look, buyer.project, "live"))
        return [one.at_us for one in told.needs if one.need is reports.Need.ROTATION]

    at_us = buyer.clock.at_us + 90 * DAY_US
    buyer.go_on(70 * DAY)
    assert due_soon() == []
    buyer.go_on(10 * DAY)
    assert due_soon() == [at_us]
