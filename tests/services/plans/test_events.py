"""What is done to a subscription is told to both of its sides, and to nobody else."""

from typing import Any

from keyhouse.core.entities import Event
from keyhouse.core.quotas import FOREVER, Budget
from keyhouse.services import plans
from keyhouse.services.events import tell_noticed
from keyhouse.services.jobs import Holding
from keyhouse.services.webhooks import WebhookWish, create_webhook
from tests.servers.acme import Acme
from tests.services.plans.market import Market, quota


def listening(of: Acme) -> None:
    wish = WebhookWish("https://127.0.0.1:9", ("*",), "All")
    of.write(lambda work: create_webhook(work, wish))


def told(of: Acme, kind: str) -> list[dict[str, Any]]:
    with of.database.rows.reading() as tx:
        rows = tx.find(Event, organization_id=of.organization, kind=kind)
    return [row.data for row in rows]


def tell_of_quotas(of: Acme) -> int:
    """What a worker does now and then; how much it told."""
    claim = Holding(of.database.rows, of.clock, "noticed", "nod_1").claim(lambda: False)
    assert claim is not None

    def new_id(prefix: str) -> str:
        return of.office.new_id(prefix, of.clock.now_us())

    return tell_noticed(claim, of.database.rows, of.clock, new_id)


def test_both_sides_hear_of_it_and_only_one_of_who_did_it(market: Market) -> None:
    seller, buyer = market.seller, market.buyer
    for side in (seller, buyer):
        listening(side)
    joined = market.subscribe(market.plan())
    seller.write(lambda work: plans.suspend_subscription(work, joined.id))
    (sold,) = told(seller, "subscription.suspended")
    (bought,) = told(buyer, "subscription.suspended")
    about = {
        "subscription": joined.id,
        "plan": joined.plan_id,
        "application": joined.application_id,
        "state": "suspended",
    }
    assert about.items() <= sold.items()
    assert about.items() <= bought.items()
    assert (sold["project"], sold["actor"]) == (seller.project, seller.actor.id)
    assert (bought["project"], bought["actor"]) == (None, None)


def test_a_plan_s_new_version_is_its_provider_s_affair(market: Market) -> None:
    listening(market.seller)
    listening(market.buyer)
    made = market.plan()
    market.subscribe(made)
    market.change(made, access=(plans.OpeningWish("weather"),))
    renewed = told(market.seller, "plan.renewed")
    assert {one["number"] for one in renewed} == {1, 2}
    assert told(market.buyer, "plan.renewed") == []


def test_both_sides_hear_that_a_quota_is_reached_of_the_subscription_that_is_live(
    market: Market,
) -> None:
    """Though its use is booked where that of the one before it was."""
    for side in (market.seller, market.buyer):
        listening(side)
    made = market.plan(limits=(quota(5),))
    market.subscribe(made)
    ended = market.end()
    joined = market.subscribe(made)
    assert joined.counted_id == ended.id
    provider = market.seller.organization
    budget = Budget(provider, "subscription", joined.counted_id, "live", "monthly")
    with market.seller.database.rows.writing() as tx:
        assert tx.spend(budget, FOREVER, 5, 5)
    assert tell_of_quotas(market.seller) == 1
    for side in (market.seller, market.buyer):
        (reached,) = told(side, "quota.reached")
        assert reached["subject"] == {"kind": "subscription", "id": joined.id}
        assert (reached["used"], reached["limit"]) == (5, "monthly")
