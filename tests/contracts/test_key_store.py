"""What the data plane reads: whole, and all of one moment."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from keyhouse.adapters.database import Database, key_store
from keyhouse.adapters.database.loading import Loading
from keyhouse.core import entities
from keyhouse.core.plan_records import PlanRecord, SubscriptionRecord
from keyhouse.core.quotas import Quota
from keyhouse.core.records import (
    ApiRecord,
    ApplicationRecord,
    CustomerRecord,
    Found,
    KeyRecord,
    PartRef,
)
from keyhouse.ports import Conflict
from tests.contracts import world as make
from tests.contracts.world import DIGEST, NOW, World


def test_a_secret_leads_to_all_that_decides(database: Database, world: World) -> None:
    foreign = make.organization(2, "Other")
    with database.rows.writing() as rows:
        rows.insert(foreign)
        rows.insert(make.project(2, of=2))
        rows.insert(make.api(2, of=2, slug="maps"))
        rows.insert(make.access(api=2, provider=2))
    snapshot = database.keys.find_secret([("p0", b"0" * 32), ("p1", DIGEST)])
    assert snapshot.seq == 2
    assert snapshot.found is not None
    assert snapshot.found == Found(world.key.id, world.secret.id)
    assert {(ref.kind, ref.id) for ref in snapshot.parts} == {
        ("key", world.key.id),
        ("application", world.application.id),
        ("project", world.project.id),
        ("organization", world.organization.id),
        ("api", world.api.id),
        ("api", make.id_of("api", 2)),
        ("project", make.id_of("prj", 2)),
        ("organization", foreign.id),
    }
    assert all(snapshot.parts.values())


def test_what_many_keys_have_in_common_is_left_out_where_it_is_held(
    database: Database, world: World
) -> None:
    """But a key that is held may have got the secret that was looked for since."""
    now = database.keys.load([]).seq
    snapshot = database.keys.find_secret([("p1", DIGEST)], lambda _ref, seq: seq == now)
    assert snapshot.seq == now
    assert snapshot.found == Found(world.key.id, world.secret.id)
    assert {(ref.kind, ref.id) for ref in snapshot.parts} == {
        ("key", world.key.id),
        ("application", world.application.id),
    }
    assert all(snapshot.parts.values())


def test_a_key_is_loaded_with_its_secrets_and_grants(
    database: Database, world: World
) -> None:
    key = database.keys.load([PartRef("key", world.key.id)]).parts[
        PartRef("key", world.key.id)
    ]
    assert isinstance(key, KeyRecord)
    assert [one.id for one in key.secrets] == [world.secret.id]
    assert key.grants[0].scopes == {"forecast:read"}
    assert key.environment == "test"


def test_a_key_comes_with_the_customer_that_it_is_of_where_it_calls(
    database: Database, world: World
) -> None:
    elsewhere = make.organization(2, "Other")
    with database.rows.writing() as rows:
        rows.insert(elsewhere)
        rows.insert(make.project(2, of=2))
        rows.insert(make.customer())
        rows.insert(make.customer(2, of=2))
        rows.insert(make.link())
        rows.insert(make.link(customer=2, provider=2))
    parts = database.keys.find_secret([("p1", DIGEST)]).parts
    application = parts[PartRef("application", world.application.id)]
    assert isinstance(application, ApplicationRecord)
    assert application.customers == {
        world.organization.id: make.id_of("cus", 1),
        elsewhere.id: make.id_of("cus", 2),
    }
    customer = parts[PartRef("customer", make.id_of("cus", 1))]
    assert isinstance(customer, CustomerRecord)
    assert customer.external_id == "crm-1"
    assert PartRef("customer", make.id_of("cus", 2)) not in parts


def test_customers_and_links_are_changes_to_what_nodes_cache(
    database: Database, world: World
) -> None:
    """Else a customer that is switched off would go on."""
    customer, link = make.customer(), make.link()
    with database.rows.writing() as rows:
        rows.insert(customer)
        assert list(rows.changed) == [PartRef("customer", customer.id)]
    with database.rows.writing() as rows:
        rows.insert(link)
        assert list(rows.changed) == [PartRef("application", link.application_id)]
    with database.rows.writing() as rows:
        rows.update(customer, disabled_at=NOW)
        assert list(rows.changed) == [PartRef("customer", customer.id)]
    with database.rows.writing() as rows:
        rows.remove(link)
        assert list(rows.changed) == [PartRef("application", link.application_id)]


def test_a_key_comes_with_the_subscription_of_its_application_and_the_plan(
    database: Database, world: World
) -> None:
    """In one read: whoever calls first waits no longer than without one."""
    limit = entities.PlanLimit(
        name="daily", kind=entities.LimitKind.QUOTA, amount=5, window=entities.Window.DAY
    )
    with database.rows.writing() as rows:
        for row in (
            replace(make.plan(), version=2),
            make.plan_version(1),
            make.plan_version(2, limit),
            make.subscription(),
            make.subscription_api(),
        ):
            rows.insert(row)
    parts = database.keys.find_secret([("p1", DIGEST)]).parts
    application = parts[PartRef("application", world.application.id)]
    assert isinstance(application, ApplicationRecord)
    assert application.subscriptions == {world.api.id: make.id_of("sub", 1)}
    subscription = parts[PartRef("subscription", make.id_of("sub", 1))]
    assert isinstance(subscription, SubscriptionRecord)
    assert subscription.active
    plan = parts[PartRef("plan", make.id_of("pln", 1))]
    assert isinstance(plan, PlanRecord)
    assert plan.opens[world.api.id].scopes == {"forecast:read"}
    (term,) = plan.terms
    assert isinstance(term.limit, Quota)
    assert (term.limit.name, term.limit.amount) == ("subscription/daily", 5)


def test_plans_and_subscriptions_are_changes_to_what_nodes_cache(
    database: Database, world: World
) -> None:
    """Else a subscription that is suspended would go on."""
    plan, subscription = make.plan(), make.subscription()
    link, version = make.subscription_api(), make.plan_version()
    for row, part in (
        (plan, PartRef("plan", plan.id)),
        (version, PartRef("plan", plan.id)),
        (subscription, PartRef("subscription", subscription.id)),
        (link, PartRef("application", link.application_id)),
    ):
        with database.rows.writing() as rows:
            rows.insert(row)
            assert list(rows.changed) == [part]
    with database.rows.writing() as rows:
        rows.update(subscription, state=entities.SubscriptionState.SUSPENDED)
        assert list(rows.changed) == [PartRef("subscription", subscription.id)]


def test_an_api_is_loaded_with_its_routes_and_its_zone(
    database: Database, world: World
) -> None:
    snapshot = database.keys.find_api("weather")
    assert snapshot.api_id == world.api.id
    api = snapshot.parts[PartRef("api", world.api.id)]
    assert isinstance(api, ApiRecord)
    assert [route.id for route in api.routes] == [world.route.id]
    assert str(api.quotas[0].zone) == "Europe/Berlin"
    assert len(snapshot.parts) == 3


@pytest.mark.parametrize(
    "candidates",
    [[], [("p1", b"x" * 32)], [("p2", DIGEST)], [("p1", b"x" * 32), ("p2", DIGEST)]],
)
def test_an_absence_tells_as_of_when(
    database: Database, world: World, candidates: Sequence[tuple[str, bytes]]
) -> None:
    snapshot = database.keys.find_secret(candidates)
    assert snapshot.found is None
    assert snapshot.seq == 1
    assert snapshot.parts == {}


def test_an_unknown_slug_is_an_absence(database: Database, world: World) -> None:
    snapshot = database.keys.find_api("none")
    assert (snapshot.api_id, snapshot.parts, snapshot.seq) == (None, {}, 1)


def test_load_gives_exactly_what_was_asked_for(database: Database, world: World) -> None:
    refs = [
        PartRef("key", "key_none"),
        PartRef("organization", world.organization.id),
        PartRef("application", world.application.id),
        PartRef("project", "prj_none"),
    ]
    parts = database.keys.load(refs).parts
    assert set(parts) == set(refs)
    assert [ref for ref in refs if parts[ref] is None] == [refs[0], refs[3]]


def test_many_parts_are_loaded_at_once(database: Database, world: World) -> None:
    with database.rows.writing() as rows:
        for number in range(2, 150):
            rows.insert(make.key(number))
    refs = [PartRef("key", make.id_of("key", number)) for number in range(1, 160)]
    parts = database.keys.load(refs).parts
    assert sum(part is not None for part in parts.values()) == 149


def test_load_refuses_a_kind_that_there_is_not(database: Database) -> None:
    with pytest.raises(ValueError, match="kind"):
        database.keys.load([PartRef("person", "usr_1")])


def test_a_load_sees_one_moment(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit in the middle of a load is in all of it or in none, and so is

    the number: else a cache would hold a revoked key as newer than its end.
    """

    class Slow(Loading):
        def load_key(self, id: str) -> None:
            with database.rows.writing() as rows:
                rows.update(world.key, revoked_at=NOW)
                rows.update(world.api, disabled_at=NOW)
            super().load_key(id)

    with monkeypatch.context() as patched:
        patched.setattr(key_store, "Loading", Slow)
        before = database.keys.find_secret([("p1", DIGEST)])
    after = database.keys.find_secret([("p1", DIGEST)])
    for snapshot, seq in ((before, 1), (after, 2)):
        key = snapshot.parts[PartRef("key", world.key.id)]
        api = snapshot.parts[PartRef("api", world.api.id)]
        assert isinstance(key, KeyRecord)
        assert isinstance(api, ApiRecord)
        assert snapshot.seq == seq
        assert key.revoked == api.disabled == (seq == 2)


def test_snapshots_stay_consistent_under_writers(database: Database, world: World) -> None:
    """The name tells the number of the change that wrote it, in every snapshot."""
    done = threading.Event()

    def write() -> None:
        for seq in range(2, 40):
            with database.rows.writing() as rows:
                rows.update(world.key, name=str(seq))
        done.set()

    def read() -> int:
        count = 0
        while not done.is_set():
            snapshot = database.keys.load([PartRef("key", world.key.id)])
            key = snapshot.parts[PartRef("key", world.key.id)]
            assert isinstance(key, KeyRecord)
            assert snapshot.seq == 1 or key.name == str(snapshot.seq)
            count += 1
        return count

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read), pool.submit(read)]
        pool.submit(write).result()
        assert all(reader.result() for reader in readers)


def test_a_host_leads_to_its_api_and_a_whole_name_goes_before_a_star(
    database: Database, world: World
) -> None:
    assert not database.keys.has_hosts()
    with database.rows.writing() as rows:
        rows.insert(make.api(2, slug="maps"))
        for host, number in (("*.example.com", 1), ("api.example.com", 2)):
            rows.insert(make.held_host(host))
            rows.insert(make.api_host(host, number))
    assert database.keys.has_hosts()
    for host, number in (("api.example.com", 2), ("any.example.com", 1)):
        snapshot = database.keys.find_host(host)
        assert snapshot.api_id == make.id_of("api", number)
        assert isinstance(snapshot.parts[PartRef("api", snapshot.api_id)], ApiRecord)
        assert len(snapshot.parts) == 3
    for host in ("example.com", "a.b.example.com", "other.org", "x"):
        snapshot = database.keys.find_host(host)
        assert (snapshot.api_id, snapshot.parts, snapshot.seq) == (None, {}, 2)


def test_the_prefixes_on_a_host_are_found_all_at_once(
    database: Database, world: World
) -> None:
    """Those of one host alone: its own go before a star's, all of them."""
    with database.rows.writing() as rows:
        rows.insert(make.api(2, slug="maps"))
        for host in ("*.example.com", "api.example.com", "other.example.com"):
            rows.insert(make.held_host(host))
        for place, number in (
            ("api.example.com/maps", 2),
            ("api.example.com/v1/weather", 1),
            ("api.example.com/v1", 2),
            ("*.example.com", 1),
            ("*.example.com/x", 2),
            ("other.example.com", 2),
        ):
            rows.insert(make.api_host(place, number))
    one = world.api.slug
    snapshot = database.keys.find_host("api.example.com")
    found = snapshot.prefixes
    assert found is not None
    assert (found.host, found.count) == ("api.example.com", 3)
    assert (snapshot.api_id, snapshot.parts) == (None, {})
    assert found.lead("/v1/weather/now") == (one, 2)
    assert found.lead("/v1/other") == ("maps", 1)
    assert found.lead("/x") == ("", 0)
    starred = database.keys.find_host("any.example.com").prefixes
    assert starred is not None
    assert (starred.host, starred.lead("/x/y")) == ("*.example.com", ("maps", 1))
    assert starred.lead("/y") == (one, 0)
    assert database.keys.find_host("other.example.com").prefixes is None


def test_no_place_is_below_a_host_that_another_organization_holds(
    database: Database, world: World
) -> None:
    """The database says so, whatever the commands do."""
    with database.rows.writing() as rows:
        rows.insert(make.organization(2, "Other"))
        rows.insert(make.held_host("api.example.com", 2))
        with pytest.raises(Conflict):
            rows.insert(make.api_host("api.example.com/v1", 1))
        with pytest.raises(Conflict) as taken:
            rows.insert(make.held_host("api.example.com"))
        assert taken.value.field == "hosts"
        rows.insert(make.held_host("b.example.com"))
        rows.insert(make.api_host("b.example.com/v1", 1))
        with pytest.raises(Conflict) as twice:
            rows.insert(make.api_host("b.example.com/v1", 1))
        assert twice.value.field == "hosts"
        with pytest.raises(Conflict):
            rows.remove(make.held_host("b.example.com"))
