"""Keys that hold roles of an API: what is kept, what is refused, what the audit tells."""

from typing import Any

import pytest

from keyhouse.core.entities import Api, AuditRow, KeyKind, Resource, Restrictions
from keyhouse.services import catalog, issue
from keyhouse.services.issue import AccessWish, Created, KeyWish
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Work
from tests.servers.acme import Acme

SCOPES = ("forecast:read", "forecast:write", "alerts:read")
ROLES = {"reader": ("*:read",), "writer": ("forecast:read", "forecast:write")}
PAGES = Restrictions(referrers=("https://shop.example/*",))


@pytest.fixture
def weather(acme: Acme) -> str:
    return acme.api(scopes=SCOPES, roles=ROLES)


def make(acme: Acme, *roles: str, scopes: tuple[str, ...] = (), **fields: Any) -> Created:
    access = (AccessWish(Resource.API, "weather", scopes, roles),)
    wish = KeyWish(name="Planner", access=access, **fields)
    return acme.write(lambda work: issue.create_key(work, wish))


def audit(acme: Acme, subject: str, action: str) -> AuditRow:
    [row] = acme.read(lambda look: look.tx.find(AuditRow, subject=subject, action=action))
    return row


def fields(refusal: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [problem.field for problem in refusal.value.problems]


def test_a_key_keeps_the_names_of_its_roles_and_the_audit_tells_them(
    acme: Acme, weather: str
) -> None:
    made = make(acme, "reader", scopes=("forecast:write",))
    [row] = made.view.access
    assert (row.scopes, row.roles) == (("forecast:write",), ("reader",))
    key = made.view.key.id
    wider = (AccessWish(Resource.API, "weather", ("forecast:write",), ("writer",)),)
    acme.write(lambda work: issue.change_key(work, key, {"access": wider}))
    [kept] = acme.read(lambda look: issue.get_key(look, key)).access
    assert kept.roles == ("writer",)
    told = audit(acme, key, "key.access")
    assert [told.before["access"][0]["roles"], told.after["access"][0]["roles"]] == [
        ["reader"],
        ["writer"],
    ]


def test_an_api_keeps_its_roles_and_the_audit_tells_what_they_held(
    acme: Acme, weather: str
) -> None:
    narrower: dict[str, tuple[str, ...]] = {"reader": ("alerts:read",)}
    acme.write(lambda work: catalog.change_api(work, weather, {"roles": narrower}))
    row = acme.read(lambda look: look.tx.get(Api, weather))
    assert row is not None
    assert row.roles == narrower
    told = audit(acme, weather, "api.change")
    assert told.before == {"roles": {name: list(held) for name, held in ROLES.items()}}
    assert told.after == {"roles": {"reader": ["alerts:read"]}}
    again: catalog.ApiFields = {"roles": dict(narrower)}
    acme.write(lambda work: catalog.change_api(work, weather, again))
    audit(acme, weather, "api.change")  # no second one


def test_a_role_may_be_taken_away_while_keys_name_it(acme: Acme, weather: str) -> None:
    """Whoever must close a door at once is not sent round to all keys first."""
    made = make(acme, "reader")
    acme.write(lambda work: catalog.change_api(work, weather, {"roles": {}}))
    [row] = acme.read(lambda look: issue.get_key(look, made.view.key.id)).access
    assert row.roles == ("reader",)
    with pytest.raises(Invalid) as refusal:
        make(acme, "reader")
    assert fields(refusal) == ["access.0.roles.0"]
    assert "the API has no roles" in refusal.value.problems[0].mend


@pytest.mark.parametrize(
    ("roles", "wrong"),
    [
        ({"reader": ("*:read",), "Reader": ()}, ["roles.Reader"]),
        ({"reader": ("forecast:read", "nothing:read")}, ["roles.reader.1"]),
        (
            {"reader": ("nothing:*", "*:erase", "x")},
            [f"roles.reader.{n}" for n in range(3)],
        ),
        ({"reader": ("forecast:read",) * 2}, ["roles.reader.1"]),
        ({"reader": ("forecast:read|alerts:read",)}, ["roles.reader.0"]),
        ({f"r{number}": () for number in range(51)}, ["roles"]),
        ({f"r{number}": ("*",) for number in range(50)}, []),
    ],
)
def test_roles_of_an_api_name_what_is_wrong(
    acme: Acme, weather: str, roles: dict[str, tuple[str, ...]], wrong: list[str]
) -> None:
    def change(work: Work) -> Api:
        return catalog.change_api(work, weather, {"roles": roles})

    if not wrong:
        assert acme.write(change).roles == roles
        return
    with pytest.raises(Invalid) as refusal:
        acme.write(change)
    assert fields(refusal) == wrong


def test_roles_are_checked_against_the_scopes_that_come_with_them(
    acme: Acme, weather: str
) -> None:
    both: catalog.ApiFields = {"scopes": ("maps:read",), "roles": {"reader": ("maps:*",)}}
    acme.write(lambda work: catalog.change_api(work, weather, both))
    # A scope that goes is gone from no role, as it is from no key; it opens nothing new.
    acme.write(lambda work: catalog.change_api(work, weather, {"scopes": ()}))


def test_a_key_holds_only_roles_that_there_are_each_once(acme: Acme, weather: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make(acme, "reader", "chief", "reader")
    assert fields(refusal) == ["access.0.roles.1", "access.0.roles.2"]


def test_a_management_key_holds_no_role_of_an_api(acme: Acme, weather: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make(acme, "reader", kind=KeyKind.MANAGEMENT)
    assert fields(refusal) == ["access.0.roles"]


def test_a_key_in_a_page_holds_no_wild_role(acme: Acme, weather: str) -> None:
    page: dict[str, Any] = {"kind": KeyKind.PUBLISHABLE, "restrictions": PAGES}
    with pytest.raises(Invalid) as refusal:
        make(acme, "writer", "reader", **page)
    assert fields(refusal) == ["access.0.roles.1"]
    assert make(acme, "writer", **page).view.access[0].roles == ("writer",)


@pytest.mark.parametrize("wide", ["*", "forecast:*", "*:read"])
def test_a_key_in_a_page_holds_no_wild_scope(acme: Acme, weather: str, wide: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make(acme, scopes=(wide,), kind=KeyKind.PUBLISHABLE, restrictions=PAGES)
    assert fields(refusal) == ["access.0.scopes"]


def test_a_management_key_may_read_all_and_gives_no_more_than_it_has(
    acme: Acme, weather: str
) -> None:
    """`*:read` is a scope like any: its holder cannot make a key with more."""
    access = (AccessWish(Resource.API, weather, ("*:read",)),)
    wish = KeyWish(name="Reader", access=access, kind=KeyKind.MANAGEMENT)
    reading = acme.holding("*:read", "keys:write")
    acme.write(lambda work: issue.create_key(work, wish), reading)
    one = acme.holding("keys:read", "keys:write")
    with pytest.raises(Invalid) as refusal:
        acme.write(lambda work: issue.create_key(work, wish), one)
    assert fields(refusal) == ["access.0.scopes.0"]
