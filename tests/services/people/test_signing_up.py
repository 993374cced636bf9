"""From a form to an account."""

from dataclasses import replace

import pytest

from keyhouse.core.entities import (
    AuditRow,
    Invitation,
    Member,
    Organization,
    Person,
    Project,
    Role,
    Session,
)
from keyhouse.core.tokens import make_token, token_digest
from keyhouse.services.people import (
    BadTicket,
    PeopleDesk,
    SignUpClosed,
    TooManyAttempts,
    WrongLogin,
)
from keyhouse.services.people.means import SignUp
from keyhouse.services.refusals import Invalid
from tests.services.people.conftest import ADDRESS, AGENT, PASSWORD, URL, World

EMAIL = "ada@example.org"
DAY = 86_400


def _invite(world: World, host: str, email: str, role: Role = Role.DEVELOPER) -> str:
    token = make_token(b"i" * 32)
    row = Invitation(
        id="inv_" + "1" * 22,
        organization_id=host,
        email=email,
        role=role,
        digest=token_digest(token),
        invited_by="usr_1",
        created_at=world.clock.us,
        ends_at=world.clock.us + DAY * 1_000_000,
    )
    with world.database.rows.writing() as tx:
        tx.insert(row)
    return token


def test_the_mailed_link_makes_person_organization_and_project(world: World) -> None:
    signed_in = world.join(EMAIL, name="Ada")
    signed = world.desk.session(signed_in.token)
    assert signed is not None
    assert signed.person.email == EMAIL
    assert signed.person.checked_at == world.clock.us
    (membership,) = signed.memberships
    assert (membership.organization.name, membership.role) == (
        "Ada's organization",
        Role.OWNER,
    )
    with world.database.rows.reading() as tx:
        (project,) = tx.find(Project, organization_id=membership.organization.id)
        notes = {(row.action, row.actor) for row in tx.find(AuditRow)}
    assert project.name == "default"
    assert ("organization.create", signed.person.id) in notes
    assert ("member.create", signed.person.id) in notes


def test_before_the_link_is_used_there_is_no_account(world: World) -> None:
    world.desk.sign_up("Ada", EMAIL, PASSWORD, ADDRESS)
    with world.database.rows.reading() as tx:
        assert tx.find(Person) == []
        assert tx.find(Organization) == []
    with pytest.raises(WrongLogin):
        world.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT)


def test_the_letter_leads_to_the_public_address(world: World) -> None:
    world.desk.sign_up("Ada", f"  {EMAIL.upper()} ", PASSWORD, ADDRESS)
    (mail,) = world.letters.sent
    assert mail.to == EMAIL
    assert f"{URL}/confirm?ticket={world.ticket(EMAIL)}" in mail.text


def test_a_known_address_gets_a_letter_and_keeps_its_password(world: World) -> None:
    world.join(EMAIL)
    world.desk.sign_up("Mallory", EMAIL, "another secret word", ADDRESS)
    assert "already" in world.letters.sent[-1].subject
    assert "ticket=" not in world.letters.sent[-1].text
    assert world.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT).person.name == "Ada"


@pytest.mark.parametrize("wait", [0, 2 * DAY])
def test_a_link_works_once_and_for_two_days(world: World, wait: int) -> None:
    world.desk.sign_up("Ada", EMAIL, PASSWORD, ADDRESS)
    if not wait:
        world.desk.confirm(world.ticket(EMAIL), PASSWORD, ADDRESS, AGENT)
    world.clock.pass_seconds(wait)
    with pytest.raises(BadTicket):
        world.desk.confirm(world.ticket(EMAIL), PASSWORD, ADDRESS, AGENT)


@pytest.mark.parametrize("text", ["", "x", "\0", "\udcff", "é" * 5000])
def test_text_that_is_no_ticket_is_refused_like_an_old_one(
    desk: PeopleDesk, text: str
) -> None:
    with pytest.raises(BadTicket):
        desk.confirm(text, PASSWORD, ADDRESS, AGENT)
    with pytest.raises(BadTicket):
        desk.reset(text, PASSWORD, ADDRESS)


def test_of_two_sign_ups_for_one_address_only_one_link_works(world: World) -> None:
    """Nobody's password gets into an account that is confirmed already."""
    world.desk.sign_up("Mallory", EMAIL, "mallory's own words", ADDRESS)
    theirs = world.ticket(EMAIL)
    world.join(EMAIL)
    with pytest.raises(BadTicket):
        world.desk.confirm(theirs, PASSWORD, ADDRESS, AGENT)
    with pytest.raises(WrongLogin):
        world.desk.log_in(EMAIL, "mallory's own words", ADDRESS, AGENT)


def test_a_stranger_cannot_prepare_an_account_that_its_owner_confirms(
    world: World,
) -> None:
    """Mallory signs up with Ada's address; Ada gets the mail, and presses the button."""
    mallorys, adas = "mallory's own words", PASSWORD
    world.desk.sign_up("Ada", EMAIL, mallorys, "198.51.100.6")
    prepared = world.ticket(EMAIL)
    with pytest.raises(Invalid) as refused:
        world.desk.confirm(prepared, adas, ADDRESS, AGENT)
    (problem,) = refused.value.problems
    assert problem.field == "password"
    assert "sign up anew" in problem.mend
    with world.database.rows.reading() as tx:
        assert (tx.find(Person), tx.find(Session)) == ([], [])
    with pytest.raises(WrongLogin):
        world.desk.log_in(EMAIL, mallorys, ADDRESS, AGENT)
    world.join(EMAIL, adas)
    with pytest.raises(BadTicket):
        world.desk.confirm(prepared, mallorys, ADDRESS, AGENT)
    with pytest.raises(WrongLogin):
        world.desk.log_in(EMAIL, mallorys, ADDRESS, AGENT)


def test_a_wrong_password_leaves_the_link_usable(world: World) -> None:
    world.desk.sign_up("Ada", EMAIL, PASSWORD, ADDRESS)
    for wrong in ("", "another secret word", "\udcff", "x" * 100_000):
        with pytest.raises(Invalid):
            world.desk.confirm(world.ticket(EMAIL), wrong, ADDRESS, AGENT)
    signed_in = world.desk.confirm(world.ticket(EMAIL), PASSWORD, ADDRESS, AGENT)
    assert world.desk.session(signed_in.token) is not None


def test_guesses_at_a_link_wait_wherever_they_come_from(world: World) -> None:
    world.desk.sign_up("Ada", EMAIL, PASSWORD, ADDRESS)
    for number in range(6):
        with pytest.raises(Invalid):
            world.desk.confirm(
                world.ticket(EMAIL), "a guess", f"198.51.100.{number}", AGENT
            )
    with pytest.raises(TooManyAttempts):
        world.desk.confirm(world.ticket(EMAIL), PASSWORD, ADDRESS, AGENT)
    world.clock.pass_seconds(30)
    world.desk.confirm(world.ticket(EMAIL), PASSWORD, ADDRESS, AGENT)


def test_the_letter_tells_who_did_not_sign_up_to_ignore_it(world: World) -> None:
    world.desk.sign_up("Ada", EMAIL, PASSWORD, ADDRESS)
    (mail,) = world.letters.sent
    assert "If you did not sign up, ignore this mail" in mail.text


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "is short"),
        ("aaaaaaaaaaaaa", "repeats itself"),
        (EMAIL, "is like the address"),
        ("x" * 201, "is too long"),
    ],
)
def test_a_poor_password_is_told_with_a_mend(
    world: World, password: str, reason: str
) -> None:
    with pytest.raises(Invalid) as refused:
        world.desk.sign_up("Ada", EMAIL, password, ADDRESS)
    (problem,) = refused.value.problems
    assert (problem.field, problem.reason) == ("password", reason)
    assert problem.mend
    assert world.letters.sent == []


def test_all_that_is_wrong_is_told_at_once(desk: PeopleDesk) -> None:
    with pytest.raises(Invalid) as refused:
        desk.sign_up(" ", "nobody", "short", ADDRESS)
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["name", "email", "password"]


def test_closed_is_closed_even_with_an_invitation(world: World) -> None:
    host = world.join("host@example.org").person.id
    with world.database.rows.reading() as tx:
        (member,) = tx.find(Member, person_id=host)
    token = _invite(world, member.organization_id, EMAIL)
    closed = replace(world.desk, admits="closed")
    with pytest.raises(SignUpClosed):
        closed.sign_up("Ada", EMAIL, PASSWORD, ADDRESS, invitation=token)


def test_invited_takes_who_was_invited_by_that_address(world: World) -> None:
    host = world.join("host@example.org").person.id
    with world.database.rows.reading() as tx:
        (member,) = tx.find(Member, person_id=host)
    token = _invite(world, member.organization_id, EMAIL)
    invited = replace(world.desk, admits="invited")
    for wrong in (None, "nonsense"):
        with pytest.raises(SignUpClosed):
            invited.sign_up("Ada", EMAIL, PASSWORD, ADDRESS, invitation=wrong)
    with pytest.raises(SignUpClosed):
        invited.sign_up("Eve", "eve@example.org", PASSWORD, ADDRESS, invitation=token)
    invited.sign_up("Ada", EMAIL, PASSWORD, ADDRESS, invitation=token)
    signed_in = invited.confirm(world.ticket(EMAIL), PASSWORD, ADDRESS, AGENT)
    signed = invited.session(signed_in.token)
    assert signed is not None
    (membership,) = signed.memberships
    assert membership.organization.id == member.organization_id
    assert membership.role is Role.DEVELOPER


def test_a_withdrawn_invitation_leads_to_an_own_organization(world: World) -> None:
    host = world.join("host@example.org").person.id
    with world.database.rows.reading() as tx:
        (member,) = tx.find(Member, person_id=host)
    token = _invite(world, member.organization_id, EMAIL)
    world.desk.sign_up("Ada", EMAIL, PASSWORD, ADDRESS, invitation=token)
    with world.database.rows.writing() as tx:
        (row,) = tx.find(Invitation)
        tx.update(row, withdrawn_at=world.clock.us)
    world.desk.confirm(world.ticket(EMAIL), PASSWORD, ADDRESS, AGENT)
    with world.database.rows.reading() as tx:
        (ada,) = tx.find(Person, email=EMAIL)
        (own,) = tx.find(Member, person_id=ada.id)
    assert own.role is Role.OWNER
    assert own.organization_id != member.organization_id


@pytest.mark.parametrize("what", ["withdrawn", "expired", "switched off"])
def test_where_it_takes_an_invitation_it_is_open_when_the_link_is_used(
    world: World, what: str
) -> None:
    """Who took an invitation back has nobody of that address in the installation."""
    host = world.join("host@example.org").person.id
    with world.database.rows.reading() as tx:
        (member,) = tx.find(Member, person_id=host)
    token = _invite(world, member.organization_id, EMAIL)
    invited = replace(world.desk, admits="invited")
    invited.sign_up("Ada", EMAIL, PASSWORD, ADDRESS, invitation=token)
    with world.database.rows.writing() as tx:
        (row,) = tx.find(Invitation)
        (home,) = tx.find(Organization)
        if what == "withdrawn":
            tx.update(row, withdrawn_at=world.clock.us)
        elif what == "switched off":
            tx.update(home, disabled_at=world.clock.us)
    if what == "expired":
        world.clock.pass_seconds(DAY)
    with pytest.raises(BadTicket):
        invited.confirm(world.ticket(EMAIL), PASSWORD, ADDRESS, AGENT)
    with world.database.rows.reading() as tx:
        assert tx.find(Person, email=EMAIL) == []
        assert len(tx.find(Organization)) == 1


@pytest.mark.parametrize("admits", ["invited", "closed"])
def test_a_link_of_before_opens_nothing_where_signing_up_was_closed(
    world: World, admits: SignUp
) -> None:
    world.desk.sign_up("Ada", EMAIL, PASSWORD, ADDRESS)
    stricter = replace(world.desk, admits=admits)
    with pytest.raises(BadTicket):
        stricter.confirm(world.ticket(EMAIL), PASSWORD, ADDRESS, AGENT)
    with world.database.rows.reading() as tx:
        assert (tx.find(Person), tx.find(Organization)) == ([], [])


def test_nobody_can_have_an_address_flooded_with_letters(world: World) -> None:
    for number in range(6):
        world.desk.sign_up("Ada", EMAIL, PASSWORD, f"198.51.100.{number}")
    with pytest.raises(TooManyAttempts):
        world.desk.sign_up("Ada", EMAIL, PASSWORD, "198.51.100.99")
    assert len(world.letters.sent) == 6
