"""Browsers that somebody is logged in with."""

import pytest

from keyhouse.core.entities import Member, Organization, Role, Session
from keyhouse.core.scopes import EVERYTHING
from keyhouse.services.people import PeopleDesk
from keyhouse.services.refusals import Forbidden, Invalid, NotFound
from tests.services.people.conftest import ADDRESS, AGENT, PASSWORD, World

EMAIL = "ada@example.org"
DAY = 86_400


def test_a_session_in_use_lasts_ninety_days(world: World) -> None:
    signed_in = world.join(EMAIL)
    for _ in range(89):
        world.clock.pass_seconds(DAY)
        assert world.desk.session(signed_in.token) is not None
    assert signed_in.ends_at == world.clock.us + DAY * 1_000_000
    world.clock.pass_seconds(DAY)
    assert world.desk.session(signed_in.token) is None


def test_a_session_left_alone_ends_after_fourteen_days(world: World) -> None:
    signed_in = world.join(EMAIL)
    world.clock.pass_seconds(14 * DAY - 1)
    assert world.desk.session(signed_in.token) is not None
    world.clock.pass_seconds(14 * DAY)
    assert world.desk.session(signed_in.token) is None


def test_when_it_was_seen_is_written_once_a_minute(world: World) -> None:
    """A page a second must not be a write a second."""
    signed_in = world.join(EMAIL)
    seen = []
    for _ in range(61):
        world.clock.pass_seconds(1)
        world.desk.session(signed_in.token)
        (row,) = world.desk.sessions(signed_in.person.id)
        seen.append(row.seen_at)
    assert len(set(seen)) == 2


def test_sessions_are_listed_and_ended_by_their_owner_alone(world: World) -> None:
    first = world.join(EMAIL)
    world.clock.pass_seconds(60)
    second = world.desk.log_in(EMAIL, PASSWORD, "198.51.100.4", "Browser\n/2" + "x" * 999)
    mallory = world.join("mallory@example.org")
    listed = world.desk.sessions(first.person.id)
    assert [row.id for row in listed] == [second.session_id, first.session_id]
    assert listed[0].address == "198.51.100.4"
    assert listed[0].agent.startswith("Browser/2")
    assert len(listed[0].agent) == 200
    for person, session in (
        (mallory.person.id, first.session_id),
        (first.person.id, "ses_nonsense"),
    ):
        with pytest.raises(NotFound):
            world.desk.end_session(person, session)
    world.desk.end_session(first.person.id, first.session_id)
    assert world.desk.session(first.token) is None
    assert world.desk.session(second.token) is not None
    with pytest.raises(NotFound):
        world.desk.end_session(first.person.id, first.session_id)


def test_the_others_can_be_ended_at_once(world: World) -> None:
    first = world.join(EMAIL)
    others = [world.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT) for _ in range(3)]
    world.desk.end_other_sessions(first.person.id, first.session_id)
    assert world.desk.session(first.token) is not None
    assert [world.desk.session(other.token) for other in others] == [None] * 3


def test_logging_out_ends_it_and_twice_is_no_fault(world: World) -> None:
    signed_in = world.join(EMAIL)
    world.desk.log_out(signed_in.session_id)
    world.desk.log_out(signed_in.session_id)
    world.desk.log_out("ses_nonsense")
    assert world.desk.session(signed_in.token) is None
    assert world.desk.sessions(signed_in.person.id) == []


@pytest.mark.parametrize("token", ["", "x", "\0", "\udcff", "A" * 43])
def test_any_other_cookie_opens_nothing(desk: PeopleDesk, token: str) -> None:
    assert desk.session(token) is None


def test_a_person_acts_with_the_role_of_that_organization(world: World) -> None:
    ada, host = world.join(EMAIL), world.join("host@example.org")
    with world.database.rows.writing() as tx:
        (owned,) = tx.find(Member, person_id=host.person.id)
        tx.insert(
            Member(
                id=f"{owned.organization_id}/{ada.person.id}",
                organization_id=owned.organization_id,
                person_id=ada.person.id,
                role=Role.VIEWER,
                created_at=1,
                updated_at=1,
            )
        )
    signed = world.desk.session(ada.token)
    assert signed is not None
    roles = {one.organization.id: one.role for one in signed.memberships}
    assert len(roles) == 2
    viewer = world.desk.actor(signed, owned.organization_id, ADDRESS, "req_1")
    assert viewer is not None
    assert (viewer.id, viewer.address, viewer.request_id) == (
        ada.person.id,
        ADDRESS,
        "req_1",
    )
    viewer.whole("keys:read")
    with pytest.raises(Forbidden):
        viewer.reach("keys:write")
    (own,) = set(roles) - {owned.organization_id}
    owner = world.desk.actor(signed, own, "", "")
    assert owner is not None
    assert owner.scopes_on(own, None) == {EVERYTHING}
    for foreign in ("org_" + "0" * 22, ""):
        assert world.desk.actor(signed, foreign, "", "") is None


def test_an_organization_that_is_switched_off_is_not_there(world: World) -> None:
    signed_in = world.join(EMAIL)
    with world.database.rows.writing() as tx:
        (row,) = tx.find(Organization)
        tx.update(row, disabled_at=1)
    signed = world.desk.session(signed_in.token)
    assert signed is not None
    assert signed.memberships == ()


def test_one_person_can_have_several_organizations_but_not_endless_ones(
    world: World,
) -> None:
    signed_in = world.join(EMAIL)
    made = world.desk.create_organization(signed_in.person.id, " Second ")
    assert made.name == "Second"
    for number in range(18):
        world.desk.create_organization(signed_in.person.id, f"No {number}")
    for name in (" ", "One more"):
        with pytest.raises(Invalid):
            world.desk.create_organization(signed_in.person.id, name)


def test_a_person_can_be_called_otherwise(world: World) -> None:
    signed_in = world.join(EMAIL)
    assert world.desk.change_name(signed_in.person.id, " Ada L. ").name == "Ada L."
    with pytest.raises(Invalid):
        world.desk.change_name(signed_in.person.id, "")


def test_cookies_are_not_kept(world: World) -> None:
    signed_in = world.join(EMAIL)
    with world.database.rows.reading() as tx:
        (row,) = tx.find(Session)
    assert signed_in.token.encode() not in row.digest
    assert "digest" not in repr(row)
