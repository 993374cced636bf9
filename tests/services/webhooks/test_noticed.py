"""What gateways notice is told once, to those whom it concerns."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from keyhouse.core.alerts import alert_of
from keyhouse.core.counting import credits_budget
from keyhouse.core.entities import (
    AlertKind,
    Application,
    Customer,
    Delivery,
    Event,
    Key,
    KeyKind,
    Organization,
    Project,
    Restrictions,
)
from keyhouse.core.quotas import FOREVER, Budget, Span
from keyhouse.core.usage import UsageBatch
from keyhouse.ports import LeaseWanted
from keyhouse.services.jobs import Overtaken
from keyhouse.services.jobs.holding import HELD_US
from keyhouse.services.webhooks import WebhookWish, create_webhook
from tests.services.webhooks.conftest import DAY_US, START_US, Post

DAY = Span(START_US, START_US + DAY_US)
NOWHERE = "https://127.0.0.1:9"
Book = Callable[..., None]


def key(post: Post, organization: str, project: str, id: str) -> Key:
    """A key's row, with its application."""
    times: Any = {"created_at": 1, "updated_at": 1}
    application = Application(
        id=f"app_{id}", organization_id=organization, project_id=project, name="A", **times
    )
    made = Key(
        id=f"key_{id}",
        organization_id=organization,
        project_id=project,
        application_id=application.id,
        name="K",
        kind=KeyKind.SERVER,
        environment=None,
        restrictions=Restrictions(),
        created_by="usr_1",
        **times,
    )
    with post.database.rows.writing() as tx:
        tx.insert(application)
        tx.insert(made)
    return made


@pytest.fixture
def consumer(post: Post) -> Key:
    """A key of another organization, which has an endpoint too."""
    times: Any = {"created_at": 1, "updated_at": 1}
    with post.database.rows.writing() as tx:
        tx.insert(Organization(id="org_2", name="Other", **times))
        tx.insert(Project(id="prj_2", organization_id="org_2", name="P", **times))
    made = key(post, "org_2", "prj_2", "2")
    other = Post(post.database, post.clock, post.office, "org_2", "prj_2")
    other.webhook(NOWHERE)
    return made


@pytest.fixture
def book(post: Post) -> Book:
    """What a gateway does with a budget."""
    ends = count(1)
    post.database.sink.open_spool("spl_1", "nod_1", "boot")

    def book(of: Budget, units: int, span: Span = DAY, limit: int = 100) -> None:
        want = LeaseWanted(of, span, limit, 1, units)
        [leased] = post.database.ledger.lease("spl_1", [want])
        end = next(ends)
        settled = {leased.lease_id: leased.granted}
        assert post.database.sink.book(UsageBatch("spl_1", end - 1, end, settled=settled))

    return book


def events(post: Post, organization: str | None = None) -> list[Event]:
    with post.database.rows.reading() as tx:
        return tx.find(Event, organization_id=organization or post.organization)


def test_a_quota_near_its_end_and_at_it_is_told_once_each(post: Post, book: Book) -> None:
    mine = key(post, post.organization, post.project, "1")
    post.webhook(NOWHERE, "quota.near", "quota.reached")
    quota = Budget(post.organization, "key", mine.id, "test", "daily")
    for _ in range(12):
        book(quota, 10)
        post.tell()
    assert [one.kind for one in events(post)] == ["quota.near", "quota.reached"]
    assert events(post)[0].data == {
        "limit": "daily",
        "subject": {"kind": "key", "id": mine.id},
        "environment": "test",
        "amount": 100,
        "used": 80,
        "window_end": "2025-10-10T08:53:20Z",
        "organization": post.organization,
        "project": post.project,
        "actor": None,
    }


def test_the_provider_and_the_consumer_are_told_each_in_its_own_project(
    post: Post, book: Book, consumer: Key
) -> None:
    post.webhook(NOWHERE)
    book(Budget(post.organization, "key", consumer.id, "live", "daily"), 100)
    assert post.tell() == 1
    (provider,), (consuming,) = events(post), events(post, "org_2")
    assert provider.kind == consuming.kind == "quota.reached"
    assert provider.data["project"] is None
    assert consuming.data["project"] == "prj_2"


def test_an_organization_is_told_of_its_own_limit(
    post: Post, book: Book, consumer: Key
) -> None:
    book(Budget(post.organization, "organization", "org_2", "live", "daily"), 100)
    post.tell()
    (event,) = events(post, "org_2")
    assert event.data["subject"] == {"kind": "organization", "id": "org_2"}


def test_a_limit_on_an_api_names_the_api(post: Post, book: Book) -> None:
    mine = key(post, post.organization, post.project, "1")
    post.webhook(NOWHERE)
    book(Budget(post.organization, "key_api", f"{mine.id}/api_1", "live", "daily"), 100)
    post.tell()
    (event,) = events(post)
    assert event.data["subject"] == {"kind": "key", "id": mine.id}
    assert event.data["api"] == "api_1"


def test_credits_that_run_low_and_out_are_told(post: Post, book: Book) -> None:
    times: Any = {"created_at": 1, "updated_at": 1}
    with post.database.rows.writing() as tx:
        tx.insert(
            Customer(
                id="cus_1",
                organization_id=post.organization,
                project_id=post.project,
                external_id="crm-1",
                name="C",
                **times,
            )
        )
    post.webhook(NOWHERE, "credits.low", "credits.exhausted", project=post.project)
    balance = credits_budget(post.organization, "cus_1")
    for units in (85, 15):
        book(balance, units, FOREVER)
        post.tell()
    low, out = events(post)
    assert (low.kind, low.data["left"]) == ("credits.low", 15)
    assert (out.kind, out.data["left"]) == ("credits.exhausted", 0)
    assert out.data["customer"] == "cus_1"


def test_an_alert_is_told_once_a_day_however_often_it_is_raised(
    post: Post, consumer: Key
) -> None:
    post.webhook(NOWHERE)
    post.database.sink.open_spool("spl_2", "nod_1", "boot")
    for end in range(1, 4):
        raised = alert_of(
            consumer,
            post.organization,
            AlertKind.SERVER_KEY_IN_BROWSER,
            START_US + end,
            "https://shop.example",
        )
        batch = UsageBatch("spl_2", end - 1, end, alerts=[raised])
        assert post.database.sink.book(batch)
        post.tell()
    (event,) = events(post, "org_2")
    assert event.kind == "key.exposed"
    assert event.data["kind"] == "server_key_in_browser"
    assert event.data["sample"] == "https://shop.example"
    assert event.data["key"] == consumer.id
    assert events(post) == [], "it is the affair of whose key it is"


def test_nobody_listens_and_nothing_is_kept(post: Post, book: Book) -> None:
    mine = key(post, post.organization, post.project, "1")
    book(Budget(post.organization, "key", mine.id, "test", "daily"), 100)
    assert post.tell() == 1
    assert post.tell() == 0
    assert events(post) == []


def test_who_was_overtaken_tells_nothing_twice(post: Post, book: Book) -> None:
    mine = key(post, post.organization, post.project, "1")
    post.webhook(NOWHERE)
    book(Budget(post.organization, "key", mine.id, "test", "daily"), 100)
    slept = post.claim("noticed")
    post.clock.at_us += HELD_US
    awake = post.claim("noticed", "nod_2")
    office = post.office

    def tell(claim: object) -> int:
        from keyhouse.services.events import tell_noticed

        rows, clock = post.database.rows, post.clock
        new_id = lambda prefix: office.new_id(prefix, clock.at_us)  # noqa: E731
        return tell_noticed(claim, rows, clock, new_id)  # type: ignore[arg-type]

    with pytest.raises(Overtaken):
        tell(slept)
    assert tell(awake) == 1
    assert len(events(post)) == 1


def test_no_event_is_wider_than_its_project(post: Post) -> None:
    """An endpoint of a project hears of that, and not of the organization's affairs."""
    from keyhouse.services import tenants

    post.webhook(NOWHERE, project=post.project)
    made = post.office.write(
        post.actor, lambda work: tenants.create_project(work, name="Other")
    ).value
    for project in (made.id, post.project):
        post.office.write(
            post.actor,
            lambda work, project=project: tenants.change_project(  # type: ignore[misc]
                work, project, {"name": "renamed"}
            ),
        )
    told = [json.dumps(event.data) for event in events(post)]
    assert len(told) == 1
    assert post.project in told[0]
    with post.database.rows.reading() as tx:
        assert len(tx.find(Delivery)) == 1


def test_there_are_only_so_many_endpoints(post: Post) -> None:
    """Each event is a row for each of them."""
    from keyhouse.core.webhooks import WEBHOOKS_MAX
    from keyhouse.services.refusals import Taken

    wish = WebhookWish(NOWHERE, ("*",), "one more")
    for _ in range(WEBHOOKS_MAX):
        post.office.write(post.actor, lambda work: create_webhook(work, wish))
    with pytest.raises(Taken, match="already"):
        post.office.write(post.actor, lambda work: create_webhook(work, wish))
