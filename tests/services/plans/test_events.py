"""What is done to a subscription is told to both of its sides, and to nobody else."""

from typing import Any

from keyhouse.core.entities import Event
from keyhouse.services import plans
from keyhouse.services.webhooks import WebhookWish, create_webhook
from tests.servers.acme import Acme
from tests.services.plans.market import Market


def listening(of: Acme) -> None:
    wish = WebhookWish("https://127.0.0.1:9", ("*",), "All")
    of.write(lambda work: create_webhook(work, wish))


def told(of: Acme, kind: str) -> list[dict[str, Any]]:
    with of.database.rows.reading() as tx:
        rows = tx.find(Event, organization_id=of.organization, kind=kind)
    return [row.data for row in rows]


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
