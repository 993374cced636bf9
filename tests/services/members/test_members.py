"""Who may give and take which role."""

import threading
from functools import partial
from typing import Any

import pytest

from keyhouse.core.entities import AuditRow, Person, Restrictions, Role
from keyhouse.services import members
from keyhouse.services.actor import Actor
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, Taken
from keyhouse.services.work import Turn
from tests.services.members.conftest import Team

OWNER, ADMIN, DEVELOPER, VIEWER = Role.OWNER, Role.ADMIN, Role.DEVELOPER, Role.VIEWER
BOUNDS = (
    {"ends_at": 1 << 57},
    {"restrictions": Restrictions(networks_allowed=("203.0.113.0/24",))},
    {"restrictions": Restrictions(networks_denied=("203.0.113.0/24",))},
)


def _change(team: Team, actor: Actor, person: Person, role: Role) -> None:
    team.office.write(actor, lambda work: members.change_member(work, person.id, role))


def _remove(team: Team, actor: Actor, person: Person) -> None:
    team.office.write(actor, lambda work: members.remove_member(work, person.id))


def test_members_are_listed_with_their_names_page_by_page(team: Team) -> None:
    people = [team.owner, *(team.member(VIEWER) for _ in range(3))]
    actor, cursor, seen = team.actor(VIEWER), None, set()
    for _ in range(2):
        ask = partial(members.list_members, turn=Turn(cursor, 2))
        page = team.office.read(actor, ask)
        seen |= {view.person for view in page.rows}
        cursor = page.next_cursor
    assert cursor is None
    assert seen == set(people)


def test_an_admin_gives_every_role_but_the_owners(team: Team) -> None:
    person = team.member(VIEWER)
    for role in (DEVELOPER, ADMIN, VIEWER):
        _change(team, team.actor(ADMIN), person, role)
        assert team.role(person) is role
    with pytest.raises(Forbidden):
        _change(team, team.actor(ADMIN), person, OWNER)
    assert team.role(person) is VIEWER


def test_an_admin_cannot_unmake_an_owner(team: Team) -> None:
    other = team.member(OWNER)
    with pytest.raises(Forbidden):
        _change(team, team.actor(ADMIN), other, VIEWER)
    with pytest.raises(Forbidden):
        _remove(team, team.actor(ADMIN), other)
    _change(team, team.actor(OWNER), other, VIEWER)
    assert team.role(other) is VIEWER


@pytest.mark.parametrize("role", [VIEWER, DEVELOPER])
def test_who_does_not_manage_members_changes_none(team: Team, role: Role) -> None:
    person = team.member(VIEWER)
    with pytest.raises(Forbidden):
        _change(team, team.actor(role, person.id), person, ADMIN)
    with pytest.raises(Forbidden):
        _remove(team, team.actor(role), person)


def test_a_key_gives_no_role_that_may_do_more_than_the_key(team: Team) -> None:
    """Else `members:write` would be every scope."""
    person, actor = team.member(VIEWER), team.holder("members:*")
    with pytest.raises(Forbidden):
        _change(team, actor, person, DEVELOPER)
    with pytest.raises(Forbidden):
        team.office.write(actor, lambda work: members.invite(work, "a@b.example", VIEWER))


@pytest.mark.parametrize("bounds", BOUNDS)
def test_a_key_that_is_bound_makes_nobody_more_than_it_is(
    team: Team, bounds: dict[str, Any]
) -> None:
    """A person has no such bounds: who found the key would be rid of them."""
    actor = team.key("*", **bounds)
    person, gone = team.member(VIEWER), team.member(VIEWER)
    invite = partial(members.invite, email="a@b.example", role=VIEWER)
    for give in (invite, partial(members.change_member, person_id=person.id, role=OWNER)):
        with pytest.raises(Invalid, match="role: is not bound as your own key is"):
            team.office.write(actor, give)
    assert team.role(person) is VIEWER
    # To take is no way up.
    _remove(team, actor, gone)
    assert team.role(gone) is None


def test_a_key_without_bounds_gives_what_it_may_do(team: Team) -> None:
    person, actor = team.member(VIEWER), team.key("*")
    _change(team, actor, person, OWNER)
    assert team.role(person) is OWNER
    team.office.write(actor, lambda work: members.invite(work, "a@b.example", OWNER))


@pytest.mark.parametrize("role", list(Role))
def test_everybody_may_leave(team: Team, role: Role) -> None:
    person, other = team.member(role), team.member(VIEWER)
    _remove(team, team.actor(role, person.id), person)
    assert (team.role(person), team.role(other)) == (None, VIEWER)
    with team.office.rows.reading() as tx:
        (row,) = tx.find(AuditRow, action="member.leave")
    assert (row.actor, row.subject) == (person.id, f"{team.id}/{person.id}")


def test_who_has_left_leaves_no_open_invitation_and_cannot_leave_again(team: Team) -> None:
    person = team.member(ADMIN)
    actor = team.actor(ADMIN, person.id)
    team.office.write(actor, lambda work: members.invite(work, "a@b.example", VIEWER))
    _remove(team, actor, person)
    ask = partial(members.list_invitations, turn=Turn())
    (view,) = team.office.read(team.actor(OWNER), ask).rows
    assert view.state is members.InvitationState.WITHDRAWN
    with pytest.raises(NotFound):
        _remove(team, actor, person)


def test_the_last_owner_stays(team: Team) -> None:
    actor = team.actor(OWNER, team.owner.id)
    with pytest.raises(Taken):
        _change(team, actor, team.owner, ADMIN)
    with pytest.raises(Taken):
        _remove(team, actor, team.owner)
    second = team.member(OWNER)
    _remove(team, actor, team.owner)
    assert (team.role(team.owner), team.role(second)) == (None, OWNER)


def test_two_owners_who_remove_each_other_at_once_leave_one(team: Team) -> None:
    people = (team.owner, team.member(OWNER))
    start, refused = threading.Barrier(2), []

    def remove(actor: Person, victim: Person) -> None:
        start.wait()
        try:
            _remove(team, team.actor(OWNER, actor.id), victim)
        except Taken as error:
            refused.append(error)

    pairs = [(people[0], people[1]), (people[1], people[0])]
    threads = [threading.Thread(target=remove, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sorted(map(str, map(team.role, people))) == ["None", "owner"]


def test_a_member_of_another_organization_is_not_there(team: Team) -> None:
    theirs = Team(team.office, "other@example.com")
    stranger = theirs.member(VIEWER)
    for id in (stranger.id, "usr_x", "", "usr_" + "0" * 22):
        with pytest.raises(NotFound):
            team.office.read(team.actor(OWNER), partial(members.get_member, person_id=id))
    with pytest.raises(NotFound):
        _remove(team, team.actor(OWNER), stranger)
    assert theirs.role(stranger) is VIEWER


def test_the_audit_tells_who_changed_whom(team: Team) -> None:
    person = team.member(VIEWER)
    _change(team, team.actor(ADMIN, team.owner.id), person, DEVELOPER)
    with team.office.rows.reading() as tx:
        (row,) = tx.find(AuditRow, action="member.change")
    assert row.actor == team.owner.id
    assert row.subject == f"{team.id}/{person.id}"
    assert (row.before, row.after) == ({"role": "viewer"}, {"role": "developer"})
