"""Plans, subscriptions and webhooks in a file, with the rules that they have."""

from typing import Any

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import (
    Plan,
    Project,
    Route,
    Subscription,
    SubscriptionState,
    Visibility,
    Webhook,
)
from keyhouse.services import catalog, plans
from keyhouse.services.declare import Export, applying, read_yaml
from keyhouse.services.plans import OpeningWish
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Office
from tests.servers.acme import Acme
from tests.services.declare.files import done, exported, planned, secrets, steps_of
from tests.services.plans.market import Market

TEXT = """
keyhouse: 1
project: Weather
projects:
  - name: Weather
apis:
  - slug: weather
    upstreams: {test: "http://127.0.0.1:3000"}
    scopes: [forecast:read]
    routes:
      - {method: GET, path: /radar}
plans:
  - slug: basic
    access: [{api: weather, scopes: [forecast:read]}]
    limits: [{name: monthly, quota: 1000, window: month}]
    routes:
      - api: weather
        route: GET /radar
        limits: [{name: slow, rate: 5, period_seconds: 1}]
    rotation: {every_days: 90}
  - slug: pro
    access: [{api: weather}]
applications:
  - {name: Planner}
subscriptions:
  - {application: Planner, plan: basic}
keys:
  - {name: ci, application: Planner, access: [{api: weather}], tags: [nightly]}
webhooks:
  - {name: Accounting, url: "http://127.0.0.1:9/hook", events: [key.created]}
"""


@pytest.fixture
def document() -> Any:
    return read_yaml(TEXT)


def rows(acme: Acme, kind: type[Any]) -> list[Any]:
    with acme.database.rows.reading() as tx:
        found: list[Any] = tx.find(kind)
    return found


def test_a_changed_plan_is_a_new_version_and_an_equal_one_is_none(
    acme: Acme, document: Any
) -> None:
    """As the operation does: what subscribers had is not lost by a second run."""
    done(acme, document)
    before = {row.slug: row.version for row in rows(acme, Plan)}
    assert before == {"basic": 1, "pro": 1}
    assert steps_of(planned(acme, document)) == []
    document["plans"][0]["limits"][0]["quota"] = 2000
    document["plans"][1]["name"] = "Pro"
    assert steps_of(planned(acme, document)) == [
        ("change", "plan", "basic"),
        ("change", "plan", "pro"),
    ]
    done(acme, document)
    assert {row.slug: row.version for row in rows(acme, Plan)} == {"basic": 2, "pro": 1}
    del document["plans"][0]["rotation"], document["plans"][0]["routes"]
    done(acme, document)
    assert exported(acme, Export("Weather"))["plans"] == document["plans"]


def test_a_retired_plan_keeps_the_subscriptions_of_its_file(
    acme: Acme, document: Any
) -> None:
    """On an empty installation too: it is retired once they are there."""
    document["plans"][0]["retired"] = True
    told = planned(acme, document).plan
    assert [step.action for step in told.steps[-1:]] == ["change"]
    assert [tuple(one) for one in told.steps[-1].fields] == [("retired", False, True)]
    assert told.steps[-1].id is None
    done(acme, document)
    assert steps_of(planned(acme, document)) == []
    document["applications"].append({"name": "Late"})
    document["subscriptions"].append({"application": "Late", "plan": "basic"})
    with pytest.raises(Invalid, match="is retired") as refused:
        planned(acme, document)
    assert refused.value.problems[0].field == "subscriptions[1].plan"
    del document["plans"][0]["retired"]
    done(acme, document)
    assert rows(acme, Plan)[0].retired_at is None


def test_an_application_s_other_plan_is_a_move(acme: Acme, document: Any) -> None:
    """What was used stays used; and there are never two for one API."""
    done(acme, document)
    (before,) = rows(acme, Subscription)
    document["subscriptions"][0]["plan"] = "pro"
    told = planned(acme, document).plan
    assert [(step.name, step.action) for step in told.steps] == [
        ("Planner to pro", "change")
    ]
    assert [tuple(one) for one in told.steps[0].fields] == [("plan", "basic", "pro")]
    done(acme, document, prune=True)
    (after,) = rows(acme, Subscription)
    assert after.id == before.id
    assert steps_of(planned(acme, document, prune=True)) == []


def test_a_plan_that_its_last_subscriber_leaves_in_the_same_run_goes_with_it(
    acme: Acme, document: Any
) -> None:
    """Else it would be retired, and removed by a second run of the same file."""
    done(acme, document)
    del document["plans"][0]
    document["subscriptions"][0]["plan"] = "pro"
    assert steps_of(planned(acme, document, prune=True)) == [
        ("change", "subscription", "Planner to pro"),
        ("remove", "plan", "basic"),
    ]
    done(acme, document, prune=True)
    assert [row.slug for row in rows(acme, Plan)] == ["pro"]
    assert steps_of(planned(acme, document, prune=True)) == []


def test_what_is_left_out_is_ended_before_another_begins(acme: Acme, document: Any) -> None:
    done(acme, document)
    gone = document["plans"].pop(0)
    document["plans"].append({**gone, "slug": "new"})
    document["subscriptions"][0]["plan"] = "new"
    told = steps_of(planned(acme, document, prune=True))
    assert told[0] == ("remove", "subscription", "Planner to basic")
    assert ("disable", "plan", "basic") in told
    done(acme, document, prune=True)
    states = sorted(row.state for row in rows(acme, Subscription))
    assert states == [SubscriptionState.ACTIVE, SubscriptionState.ENDED]
    assert steps_of(planned(acme, document, prune=True)) == []


def test_a_state_is_declared_and_a_wish_is_approved_by_being_named(
    acme: Acme, document: Any
) -> None:
    """Who waits for approval is in no file, and pruning turns nobody away."""
    del document["subscriptions"]
    document["plans"][0]["approval"] = "manual"
    done(acme, document)
    plan = rows(acme, Plan)[0]
    asker = acme.holding("subscriptions:write", on=acme.project)
    caller = acme.write(
        lambda work: catalog.create_application(work, name="Robot", project=acme.project)
    )
    acme.write(
        lambda work: plans.create_subscription(work, plan=plan.id, application=caller.id),
        asker,
    )
    assert rows(acme, Subscription)[0].state is SubscriptionState.PENDING
    whole = exported(acme)
    assert whole["subscriptions"] == []
    assert steps_of(planned(acme, whole, prune=True)) == []
    entry = {"project": "default", "application": "Robot", "plan": "Weather/basic"}
    whole["subscriptions"].append({**entry, "state": "suspended"})
    done(acme, whole)
    assert rows(acme, Subscription)[0].state is SubscriptionState.SUSPENDED
    assert exported(acme)["subscriptions"] == whole["subscriptions"]
    whole["subscriptions"] = [entry]
    done(acme, whole)
    assert rows(acme, Subscription)[0].state is SubscriptionState.ACTIVE
    assert exported(acme)["subscriptions"] == [entry]


def test_a_subscriber_s_limit_that_has_ended_is_no_wish(acme: Acme, document: Any) -> None:
    """Else a file would ask for it for ever, or be refused on a new installation."""
    more = {"name": "monthly", "quota": 5000, "window": "month"}
    ends = {**more, "name": "extra", "ends_at": "2001-01-01T00:00:00Z"}
    document["subscriptions"][0]["overrides"] = [more, ends]
    done(acme, document)
    assert exported(acme)["subscriptions"][0]["overrides"] == [more]
    assert steps_of(planned(acme, document)) == []


def test_a_webhook_s_secret_is_in_its_answer_and_in_no_file(
    acme: Acme, document: Any
) -> None:
    """A webhook that is changed keeps it; one that was there tells none."""
    found = {one.kind: one for one in secrets(done(acme, document))}
    (row,) = rows(acme, Webhook)
    assert found["webhook"].id == row.id
    assert found["webhook"].secret.startswith("whsec_")
    assert found["webhook"].secret not in repr(found)
    assert "whsec_" not in str(exported(acme))
    document["webhooks"][0] |= {"url": "http://127.0.0.1:9/other", "events": ["*"]}
    assert secrets(done(acme, document)) == []
    (changed,) = rows(acme, Webhook)
    assert (changed.id, changed.sealed) == (row.id, row.sealed)
    assert exported(acme, Export("Weather"))["webhooks"] == document["webhooks"]


def test_webhooks_of_the_whole_organization_name_no_project(acme: Acme) -> None:
    whole = {"name": "All", "url": "http://127.0.0.1:9/all", "events": ["*"]}
    one = {**whole, "name": "One", "project": "default"}
    document = {"keyhouse": 1, "webhooks": [whole, one]}
    done(acme, document)
    assert [row.project_id is None for row in rows(acme, Webhook)] == [True, False]
    assert exported(acme, Export(only=("webhooks",))) == document
    (mine,) = exported(acme, Export("default"))["webhooks"]
    assert mine["name"] == "One"
    assert steps_of(planned(acme, document, prune=True)) == []
    document["webhooks"] = [whole]
    assert steps_of(planned(acme, document, prune=True)) == [("remove", "webhook", "One")]


def test_a_route_may_be_named_by_its_id(acme: Acme, document: Any) -> None:
    done(acme, document)
    api = acme.read(lambda look: catalog.find_api(look, "weather"))
    assert api is not None
    (route,) = acme.read(lambda look: look.tx.find(Route, api_id=api.id))
    document["plans"][0]["routes"][0]["route"] = route.id
    assert steps_of(planned(acme, document)) == []


def test_what_is_wrong_with_what_is_sold_is_told_at_its_place(
    acme: Acme, document: Any
) -> None:
    basic = document["plans"][0]
    basic["routes"][0]["limits"][0]["rate"] = 0
    basic["rotation"] = {"every_days": 0}
    document["webhooks"][0]["events"] = ["key.flown"]
    with pytest.raises(Invalid) as refused:
        planned(acme, document)
    fields = {one.field for one in refused.value.problems}
    assert "plans[0].rotation.every_days" in fields
    assert any(one.startswith("webhooks[0].events") for one in fields)
    del basic["rotation"]
    with pytest.raises(Invalid) as refused:
        planned(acme, document)
    fields = {one.field for one in refused.value.problems}
    assert "plans[0].routes[0].limits[0].rate" in fields
    basic["access"] = [{"scopes": []}]
    basic["limits"] = [{"name": "a", "rate": 1, "per": "planet"}]
    document["subscriptions"][0] |= {"plan": "gold", "state": "pending"}
    with pytest.raises(Invalid) as refused:
        planned(acme, document)
    assert {one.field for one in refused.value.problems} >= {
        "plans[0].access[0].api",
        "plans[0].limits[0].per",
        "subscriptions[0].state",
    }


def test_a_long_file_with_plans_is_tried_whole(
    acme: Acme, document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part is tried with what it needs: a plan with the routes that it names."""
    monkeypatch.setattr(applying, "STEPS_AT_ONCE", 1)
    document["plans"][0]["retired"] = True
    assert len(planned(acme, document).plan.steps) == 10
    assert done(acme, document).answer["complete"]
    assert steps_of(planned(acme, document)) == []


def test_what_joins_two_organizations_is_in_no_file(
    acme: Acme, office: Office, database: Database
) -> None:
    """But a key that opens an API by it is, and says the same when it is applied."""
    buyer = Acme(office, database, "buyer@example.com")
    market = Market(acme, buyer)
    offer = market.plan(access=(OpeningWish("weather", ("forecast:read",)),))
    assert offer.plan.visibility is Visibility.PUBLIC
    market.key_of(offer)
    for one in (acme, buyer):
        whole = exported(one)
        assert whole["subscriptions"] == []
        assert steps_of(planned(one, whole, prune=True)) == []
    (key,) = [one for one in exported(buyer)["keys"] if one["name"] == "k"]
    assert key["access"] == [{"api": "weather", "scopes": ["forecast:read"]}]
    market.close()
    stranger = Acme(office, database, "stranger@example.com")
    entry = {**key, "project": "default", "application": "Robot"}
    file = {"keyhouse": 1, "applications": [{"name": "Robot"}], "keys": [entry]}
    with pytest.raises(Invalid, match="is no api that is known"):
        planned(stranger, file)


def test_a_key_of_what_was_sold_and_is_over_stays_in_its_file(
    acme: Acme, office: Office, database: Database
) -> None:
    """Else its holder could apply no file any more until the key is gone."""
    buyer = Acme(office, database, "buyer@example.com")
    market = Market(acme, buyer)
    market.key_of(market.plan())
    market.end()
    market.close()
    whole = exported(buyer)
    (key,) = [one for one in whole["keys"] if one["name"] == "k"]
    assert key["access"][0]["api"] == "weather"
    assert steps_of(planned(buyer, whole, prune=True)) == []
    key["purpose"] = "tests"
    done(buyer, whole)
    assert steps_of(planned(buyer, whole)) == []
    whole["keys"].append({**key, "name": "another"})
    with pytest.raises(Invalid, match="not known"):
        planned(buyer, whole)


def test_a_file_of_one_project_is_about_its_own_alone(acme: Acme, document: Any) -> None:
    """The subscriptions and webhooks of other projects are neither told nor pruned."""
    done(acme, document)
    other = {**document, "project": "default", "projects": [{"name": "default"}]}
    other |= {"apis": [], "plans": [], "keys": [], "webhooks": []}
    other |= {"subscriptions": [{"application": "Planner", "plan": "Weather/pro"}]}
    done(acme, other)
    found = exported(acme, Export("default"))
    assert found["subscriptions"] == other["subscriptions"]
    assert found["webhooks"] == []
    assert exported(acme, Export("Weather"))["subscriptions"] == document["subscriptions"]
    assert [step[:2] for step in steps_of(planned(acme, other, prune=True))] == []
    assert len(rows(acme, Project)) == 2
