"""People on each database: what must hold when two come at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import Attempt, Invitation, Person, Role, Session, Ticket
from keyhouse.core.tokens import token_digest
from keyhouse.ports import Conflict
from keyhouse.services.people import BadTicket, TooManyAttempts, WrongLogin
from keyhouse.services.upkeep import Retention, keep_up
from tests.services.people.conftest import ADDRESS, AGENT, PASSWORD, World, world_on

EMAIL = "ada@example.org"


@pytest.fixture
def here(database: Database) -> World:
    return world_on(database)


def test_from_sign_up_to_a_session_and_a_new_password(here: World) -> None:
    before = here.join(EMAIL)
    here.desk.ask_reset(EMAIL, ADDRESS)
    here.desk.reset(here.ticket(EMAIL), "nine loud ravens", ADDRESS)
    assert here.desk.session(before.token) is None
    after = here.desk.log_in(EMAIL, "nine loud ravens", ADDRESS, AGENT)
    signed = here.desk.session(after.token)
    assert signed is not None
    assert [one.role for one in signed.memberships] == [Role.OWNER]


def test_a_link_used_twice_at_once_works_once(here: World) -> None:
    here.desk.sign_up("Ada", EMAIL, PASSWORD, ADDRESS)
    ticket = here.ticket(EMAIL)

    def confirm(_: int) -> bool:
        try:
            here.desk.confirm(ticket, PASSWORD, ADDRESS, AGENT)
        except BadTicket:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(confirm, range(4))) == 1
    with here.database.rows.reading() as tx:
        assert len(tx.find(Person)) == 1
        assert len(tx.find(Session)) == 1


def test_two_links_for_one_address_used_at_once_make_one_person(here: World) -> None:
    tickets = []
    for _ in range(3):
        here.desk.sign_up("Ada", EMAIL, PASSWORD, ADDRESS)
        tickets.append(here.ticket(EMAIL))

    def confirm(ticket: str) -> bool:
        try:
            here.desk.confirm(ticket, PASSWORD, ADDRESS, AGENT)
        except BadTicket:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(confirm, tickets)) == 1


def test_guesses_at_once_are_all_counted(here: World) -> None:
    def guess(number: int) -> type[Exception] | None:
        try:
            here.desk.log_in(EMAIL, f"guess number {number}", ADDRESS, AGENT)
        except (WrongLogin, TooManyAttempts) as refused:
            return type(refused)
        return None

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(guess, range(12)))
    assert found.count(WrongLogin) == 6
    assert found.count(TooManyAttempts) == 6


def test_a_digest_is_unique(here: World) -> None:
    here.join(EMAIL)
    with here.database.rows.writing() as tx:
        (session,) = tx.find(Session)
        with pytest.raises(Conflict) as raised:
            tx.insert(replace(session, id="ses_2"))
    assert raised.value.field == "session"


def test_nothing_of_people_is_told_to_the_data_plane(here: World) -> None:
    """A log-in must not make every gateway look at the change log."""
    here.join(EMAIL)
    before = here.database.keys.load([]).seq
    signed_in = here.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT)
    here.clock.pass_seconds(120)
    here.desk.session(signed_in.token)
    here.desk.ask_reset(EMAIL, ADDRESS)
    here.desk.log_out(signed_in.session_id)
    assert here.database.keys.load([]).seq == before


def test_what_ended_goes_a_day_later_and_no_sooner(here: World) -> None:
    here.join(EMAIL)
    ended = here.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT)
    here.desk.log_out(ended.session_id)
    with pytest.raises(WrongLogin):
        here.desk.log_in("nobody@example.org", PASSWORD, ADDRESS, AGENT)

    def kept(days: float) -> tuple[int, int, int]:
        here.clock.pass_seconds(days * 86_400)
        keep_up(here.database.upkeep, here.clock, Retention(30), lambda: False)
        with here.database.rows.reading() as tx:
            counts = [len(tx.find(kind)) for kind in (Session, Ticket, Attempt)]
        return counts[0], counts[1], counts[2]

    sessions, tickets, attempts = kept(0.9)
    assert (sessions, tickets) == (2, 1)
    assert attempts > 0
    assert kept(0.2) == (1, 1, 0)
    assert kept(2) == (1, 0, 0)
    assert kept(13) == (0, 0, 0)


def test_an_invitation_is_found_by_its_link(here: World) -> None:
    signed_in = here.join(EMAIL)
    signed = here.desk.session(signed_in.token)
    assert signed is not None
    row = Invitation(
        id="inv_1",
        organization_id=signed.memberships[0].organization.id,
        email="b@example.org",
        role=Role.VIEWER,
        digest=token_digest("x"),
        invited_by=signed.person.id,
        created_at=1,
        ends_at=2,
    )
    with here.database.rows.writing() as tx:
        tx.insert(row)
    with here.database.rows.reading() as tx:
        assert tx.find(Invitation, digest=token_digest("x")) == [row]
