"""Which keys a list holds."""

from functools import partial

import pytest

from keyhouse.core import ids
from keyhouse.core.entities import Environment, KeyKind, Member, Person, Resource, Role
from keyhouse.services import issue
from keyhouse.services.catalog import (
    ApplicationChanges,
    change_application,
    create_customer,
)
from keyhouse.services.issue import KeyFilter, KeyState
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Turn
from tests.servers.acme import Acme

DAY = 86_400


def found(acme: Acme, on: str | None = None, **wanted: object) -> list[str]:
    where = KeyFilter(**wanted)  # type: ignore[arg-type] # a test's own
    actor = None if on is None else acme.holding("keys:read", on=on)
    page = acme.read(lambda look: issue.list_keys(look, Turn(), where), actor)
    names = (view.key.name for view in page.rows)
    return sorted(name for name in names if name != "operator's management key")


def member(acme: Acme, email: str) -> str:
    now = acme.clock.now_us()
    id = ids.make_id(ids.PERSON, now, email.encode()[:10].ljust(10, b"-"))
    person = Person(id=id, email=email, name="Ada", created_at=now, updated_at=now)
    row = Member(
        id=f"{acme.organization}/{id}",
        organization_id=acme.organization,
        person_id=id,
        role=Role.DEVELOPER,
        created_at=now,
        updated_at=now,
    )
    with acme.office.rows.writing() as tx:
        tx.insert(person)
        tx.insert(row)
    return id


def test_by_owner_tags_kind_and_time(acme: Acme) -> None:
    acme.api()
    ada = member(acme, "ada@example.com")
    acme.key("Old", tags=("team:a", "canary"), owner="ADA@example.com")
    acme.go_on(60)
    acme.key("New", tags=("team:a",), owner=ada, purpose="tours")
    acme.key("Manager", kind=KeyKind.MANAGEMENT)
    assert found(acme, owner=ada) == found(acme, owner="ada@example.com") == ["New", "Old"]
    assert found(acme, tags=("team:a",)) == ["New", "Old"]
    assert found(acme, tags=("team:a", "canary")) == ["Old"]
    assert found(acme, tags=("team",)) == []
    assert found(acme, kind="management", name="man") == ["Manager"]
    assert found(acme, created_since=acme.clock.now_us(), kind="server") == ["New"]
    assert found(acme, owner="nobody@example.com") == found(acme, owner="\0") == []


def test_who_may_not_see_members_names_none_by_mail(acme: Acme) -> None:
    """Else any key could ask who is a member here."""
    weather = acme.api()
    ada = member(acme, "ada@example.com")
    acme.key("Old", owner=ada)
    assert found(acme, on=weather, owner=ada) == ["Old"]
    assert found(acme, on=weather, owner="ada@example.com") == []


def test_a_change_of_name_or_tags_is_found_at_once(acme: Acme) -> None:
    acme.api()
    made = acme.key("Route planner", tags=("blue",))
    changes = {"name": "Tour planner", "tags": ("green",)}
    acme.write(lambda work: issue.change_key(work, made.view.key.id, changes))  # type: ignore[arg-type]
    assert found(acme, search="rou") == found(acme, tags=("blue",)) == []
    assert (
        found(acme, search="tou plan") == found(acme, tags=("green",)) == ["Tour planner"]
    )
    assert found(acme, name=made.view.hint[-4:]) == []


def test_by_customer_through_its_applications(acme: Acme) -> None:
    acme.api()
    made = acme.key("Theirs")
    acme.key("Ours", application=issue.ApplicationWish("other"))
    customer = acme.write(
        lambda work: create_customer(work, external_id="crm-1", project=None, fields={})
    )
    link: ApplicationChanges = {"customer": "crm-1"}
    application = made.view.key.application_id
    acme.write(lambda work: change_application(work, application, link))
    assert found(acme, customer="crm-1") == found(acme, customer=customer.id) == ["Theirs"]
    assert found(acme, customer="crm-2") == []


def test_by_last_use(acme: Acme) -> None:
    acme.api()
    acme.key("Never")
    acme.book(acme.key("Then"), minutes_ago=3 * 24 * 60)
    acme.book(acme.key("Now"))
    since = acme.clock.now_us() - DAY * 1_000_000
    assert found(acme, used_since=since) == ["Now"]
    assert found(acme, unused_since=since) == ["Never", "Then"]
    assert found(acme, never_used=True) == ["Never"]
    assert found(acme, unused_since=since, used_since=since - 9 * DAY * 1_000_000) == [
        "Then"
    ]


def test_by_state(acme: Acme) -> None:
    acme.api()
    for name in ("Active", "Disabled", "Revoked", "Deleted"):
        id = acme.key(name).view.key.id
        act = {
            "Disabled": issue.disable_key,
            "Revoked": issue.revoke_key,
            "Deleted": issue.delete_key,
        }.get(name)
        if act is not None:
            acme.write(lambda work, act=act, id=id: act(work, id))  # type: ignore[misc]
    now = acme.clock.now_us()
    acme.key("Not yet", starts_at=now + 1)
    acme.key("Expired", ends_at=now + 1)
    acme.go_on(0.000001)
    acme.key("Later", starts_at=now + 1_000_000)
    every = ["Active", "Disabled", "Expired", "Later", "Not yet", "Revoked"]
    assert found(acme) == every
    for state, names in {
        KeyState.ACTIVE: ["Active", "Not yet"],
        KeyState.EXPIRED: ["Expired"],
        KeyState.NOT_YET_VALID: ["Later"],
        KeyState.REVOKED: ["Revoked"],
        KeyState.DISABLED: ["Disabled"],
        KeyState.DELETED: ["Deleted"],
    }.items():
        assert found(acme, state=state, environment="test") == names, state


def test_a_list_holds_what_is_within_reach_and_nothing_else(acme: Acme) -> None:
    weather, maps = acme.api(), acme.api("maps")
    acme.key("Weather")
    acme.key("Maps", api="maps")
    acme.key("Manager", kind=KeyKind.MANAGEMENT)
    both = (
        issue.AccessWish(Resource.API, "weather", ()),
        issue.AccessWish(Resource.API, "maps", ()),
    )
    wish = issue.KeyWish(name="Both", access=both)
    acme.write(lambda work: issue.create_key(work, wish))
    assert found(acme, on=weather) == ["Manager", "Weather"]
    assert found(acme, on=maps) == found(acme, on=maps, api="maps") == ["Maps"]
    assert found(acme, on=maps, api="weather") == []
    # A project's manager has no hold on a management key that opens more.
    assert found(acme, on=acme.project) == ["Both", "Maps", "Weather"]


def test_owner_and_tags_are_checked(acme: Acme) -> None:
    acme.api()
    stranger = Acme(acme.office, acme.database, "stranger@example.com")
    theirs = member(stranger, "theirs@example.com")
    told = []
    for owner in (theirs, "theirs@example.com", "usr_" + "0" * 22, "none@example.com"):
        with pytest.raises(Invalid) as refused:
            acme.key(owner=owner)
        told.append(str(refused.value))
    assert set(told) == {"owner: is no member here"}
    for tags in (("Team",), ("",), ("a" * 51,), ("a b",), tuple("abcdefghijklmnopqrstu")):
        with pytest.raises(Invalid):
            acme.key(tags=tags)
    assert acme.key(tags=("a", "b", "a")).view.key.tags == ("a", "b")


def test_pages_go_on_where_they_ended(acme: Acme) -> None:
    acme.api()
    for number in range(5):
        acme.go_on(0.001)
        acme.key(f"Van {number}", environment=Environment.LIVE)
        acme.key(f"Car {number}")
    names: list[str] = []
    cursor: str | None = None
    while True:
        turn = Turn(cursor, 2)
        page = acme.read(partial(issue.list_keys, turn=turn, wanted=KeyFilter(name="van")))
        names += [view.key.name for view in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert names == [f"Van {number}" for number in (4, 3, 2, 1, 0)]
