"""An offer by mail: one link, one use, no way around its end."""

import re
import threading
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest

from keyhouse.core.entities import AuditRow, Person, Role
from keyhouse.services import members
from keyhouse.services.members import InvitationState
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, Taken
from keyhouse.services.work import Office, Turn
from tests.services.members.conftest import Team

ADMIN, DEVELOPER, OWNER, VIEWER = Role.ADMIN, Role.DEVELOPER, Role.OWNER, Role.VIEWER
_DAY_US = 86_400_000_000


def _invite(team: Team, email: str, role: Role = VIEWER) -> members.Invited:
    actor = team.actor(ADMIN, team.owner.id)
    return team.office.write(actor, lambda work: members.invite(work, email, role)).value


def _states(team: Team) -> list[InvitationState]:
    page = team.office.read(
        team.actor(VIEWER), lambda look: members.list_invitations(look, Turn())
    )
    return [view.state for view in page.rows]


class _Later:
    """The clock, some days from now."""

    def __init__(self, office: Office, days: int) -> None:
        self._now = office.clock.now_us() + days * _DAY_US

    def now_us(self) -> int:
        return self._now

    def monotonic_us(self) -> int:
        return 0


def _in_days(team: Team, days: int) -> Office:
    return replace(team.office, clock=_Later(team.office, days))


def test_the_mail_holds_the_link_and_the_link_opens_the_role_once(team: Team) -> None:
    invited = _invite(team, " New@Example.com ", DEVELOPER)
    mail = members.letter(invited, "https://keys.example")
    assert mail.to == "new@example.com"
    assert f"{team.owner.name} invites you to Acme on Keyhouse, as developer" in mail.text
    found = re.search(r"https://keys\.example/invitations/([\w-]+)\n", mail.text)
    assert found
    person, other = team.person(), team.person()
    offer = members.find_offer(team.office, found[1])
    assert offer
    assert (offer.organization.name, offer.invitation.role) == ("Acme", DEVELOPER)
    members.accept_invitation(team.office, found[1], person.id)
    assert team.role(person) is DEVELOPER
    with pytest.raises(NotFound):
        members.accept_invitation(team.office, found[1], other.id)
    assert members.find_offer(team.office, found[1]) is None
    assert _states(team) == [InvitationState.ACCEPTED]


def test_the_token_is_in_no_row_and_in_no_repr(team: Team) -> None:
    invited = _invite(team, "new@example.com")
    with team.office.rows.reading() as tx:
        rows = repr(tx.find(AuditRow, action="invitation.create"))
    for text in (rows, repr(invited), repr(invited.invitation)):
        assert invited.token not in text
        assert "digest" not in text


def test_a_guess_opens_nothing(team: Team) -> None:
    _invite(team, "new@example.com")
    for guess in ("", "x", "0" * 43, "ü" * 43, "\udcff" * 43):
        assert members.find_offer(team.office, guess) is None
        with pytest.raises(NotFound):
            members.accept_invitation(team.office, guess, team.owner.id)


def test_inviting_again_leaves_the_newer_link_alone(team: Team) -> None:
    first, second = (_invite(team, "new@example.com") for _ in range(2))
    assert members.find_offer(team.office, first.token) is None
    assert members.find_offer(team.office, second.token)


def test_a_withdrawn_link_opens_nothing(team: Team) -> None:
    invited = _invite(team, "new@example.com")
    theirs = Team(team.office, "other@example.com")
    id = invited.invitation.id
    with pytest.raises(NotFound):
        team.office.write(
            theirs.actor(OWNER), lambda work: members.withdraw_invitation(work, id)
        )
    team.office.write(team.actor(ADMIN), lambda work: members.withdraw_invitation(work, id))
    assert members.find_offer(team.office, invited.token) is None
    assert _states(team) == [InvitationState.WITHDRAWN]
    with pytest.raises(NotFound):
        team.office.write(
            team.actor(ADMIN), lambda work: members.withdraw_invitation(work, id)
        )


def test_a_link_ends_after_its_days(team: Team) -> None:
    invited = _invite(team, "new@example.com")
    late = _in_days(team, members.INVITATION_DAYS)
    assert members.find_offer(_in_days(team, members.INVITATION_DAYS - 1), invited.token)
    assert members.find_offer(late, invited.token) is None
    page = late.read(
        team.actor(VIEWER), lambda look: members.list_invitations(look, Turn())
    )
    assert [view.state for view in page.rows] == [InvitationState.EXPIRED]


def test_a_member_who_follows_a_link_keeps_the_role(team: Team) -> None:
    """Else a link for a viewer, opened by an owner, would unmake the owner."""
    invited = _invite(team, "else@example.com", VIEWER)
    members.accept_invitation(team.office, invited.token, team.owner.id)
    assert team.role(team.owner) is OWNER


def test_a_member_is_not_invited_and_a_bad_address_is_refused(team: Team) -> None:
    with pytest.raises(Taken):
        _invite(team, "Owner@example.com")
    for email in ("", "nobody", "a@b\r\nBcc: c@d.example"):
        with pytest.raises(Invalid):
            _invite(team, email)


def test_an_admin_invites_no_owner_and_a_developer_nobody(team: Team) -> None:
    with pytest.raises(Forbidden):
        _invite(team, "new@example.com", OWNER)
    with pytest.raises(Forbidden):
        team.office.write(
            team.actor(DEVELOPER), lambda work: members.invite(work, "a@b.example", VIEWER)
        )


def test_an_organization_does_not_mail_without_end(team: Team) -> None:
    for number in range(members.INVITED_PER_DAY_MAX):
        _invite(team, f"new{number % 3}@example.com")
    with pytest.raises(Taken):
        _invite(team, "more@example.com")
    tomorrow = _in_days(team, 1)
    actor = team.actor(ADMIN)
    assert tomorrow.write(actor, lambda work: members.invite(work, "x@y.example", VIEWER))


def test_who_is_removed_leaves_no_open_link_behind(team: Team) -> None:
    """Else they would come back through an address of their own."""
    admin = team.member(ADMIN)
    actor = team.actor(ADMIN, admin.id)
    invited = [
        team.office.write(actor, partial(members.invite, email=email, role=role)).value
        for email, role in (("a@b.example", ADMIN), ("c@d.example", VIEWER))
    ]
    others = _invite(team, "else@example.com")
    boss = team.actor(OWNER)
    team.office.write(boss, lambda work: members.change_member(work, admin.id, ADMIN))
    assert all(members.find_offer(team.office, one.token) for one in invited)
    team.office.write(boss, lambda work: members.remove_member(work, admin.id))
    assert not any(members.find_offer(team.office, one.token) for one in invited)
    assert members.find_offer(team.office, others.token)


def test_who_may_invite_no_more_leaves_no_open_link_behind(team: Team) -> None:
    admin = team.member(ADMIN)
    actor = team.actor(ADMIN, admin.id)
    ask = partial(members.invite, email="a@b.example", role=VIEWER)
    token = team.office.write(actor, ask).value.token
    boss = team.actor(OWNER)
    team.office.write(boss, lambda work: members.change_member(work, admin.id, DEVELOPER))
    assert members.find_offer(team.office, token) is None


def test_of_two_who_use_a_link_at_once_one_gets_in(team: Team) -> None:
    invited, people = _invite(team, "new@example.com"), [team.person(), team.person()]
    start = threading.Barrier(2)

    def accept(person: Person) -> None:
        start.wait()
        with suppress(NotFound):
            members.accept_invitation(team.office, invited.token, person.id)

    threads = [threading.Thread(target=accept, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, map(team.role, people))) == ["None", "viewer"]
