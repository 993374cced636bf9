"""Passwords: to log in, to forget, to change."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest
from argon2 import extract_parameters

from keyhouse.adapters.system import SystemClock
from keyhouse.core.entities import Attempt, Person, Ticket
from keyhouse.ports import PasswordHasher
from keyhouse.services.people import (
    BadTicket,
    PeopleDesk,
    TooManyAttempts,
    WrongLogin,
)
from keyhouse.services.refusals import Invalid
from tests.services.people.conftest import ADDRESS, AGENT, PASSWORD, World, queried

EMAIL = "ada@example.org"
STRANGER = "nobody@example.org"
NEW = "nine loud ravens"


def _wrong(
    desk: PeopleDesk, times: int, email: str = EMAIL, address: str = ADDRESS
) -> None:
    for _ in range(times):
        with pytest.raises(WrongLogin):
            desk.log_in(email, "not the password", address, AGENT)


@pytest.mark.parametrize("email", [EMAIL, " ADA@Example.org"])
def test_the_password_opens(world: World, email: str) -> None:
    world.join(EMAIL)
    signed_in = world.desk.log_in(email, PASSWORD, ADDRESS, AGENT)
    assert world.desk.session(signed_in.token) is not None


def test_a_password_is_the_same_from_any_keyboard(world: World) -> None:
    world.join(EMAIL, "gro\u00dfe B\u00e4ume hier")
    world.desk.log_in(EMAIL, "gro\u00dfe Ba\u0308ume hier", ADDRESS, AGENT)


def test_wrong_and_unknown_read_the_same(world: World) -> None:
    world.join(EMAIL)
    told = []
    for email in (EMAIL, "nobody@example.org", "", "\0", "\udcff@x"):
        with pytest.raises(WrongLogin) as refused:
            world.desk.log_in(email, "not the password", ADDRESS, AGENT)
        told.append(str(refused.value))
    assert len(set(told)) == 1


def test_wrong_and_unknown_are_the_same_work(world: World) -> None:
    """Who measures how long an answer takes must not learn who has an account.

    What is done is compared, not how long it took, which is the machine's own affair.
    """
    world.join(EMAIL)

    def wrong(desk: PeopleDesk, email: str) -> None:
        with pytest.raises(WrongLogin):
            desk.log_in(email, "not the password", ADDRESS, AGENT)

    known, unknown = (_work(world, wrong, email) for email in (EMAIL, STRANGER))
    assert any(done.startswith("verify") for done in known)
    assert known == unknown


def _sign_up(desk: PeopleDesk, email: str) -> None:
    desk.sign_up("Ada", email, PASSWORD, ADDRESS)


def _ask_reset(desk: PeopleDesk, email: str) -> None:
    desk.ask_reset(email, ADDRESS)


@pytest.mark.parametrize("act", [_sign_up, _ask_reset])
def test_letters_are_the_same_work_for_known_and_unknown(
    world: World, act: Callable[[PeopleDesk, str], None]
) -> None:
    world.join(EMAIL)
    known, unknown = (_work(world, act, email) for email in (EMAIL, STRANGER))
    assert any(done.startswith("INSERT") for done in known)
    assert known == unknown


def _work(world: World, act: Callable[[PeopleDesk, str], None], email: str) -> list[str]:
    """What the act asks of the database and of the hasher, in its order.

    A password is hashed as slowly as the costs say that stand in its hash. The first
    time makes the rows in which tries are counted; an hour later they count afresh.
    """
    act(world.desk, email)
    world.clock.pass_seconds(7200)
    hasher = Counted(world.desk.hasher)
    with queried(world.database, hasher.done):
        act(replace(world.desk, hasher=hasher), email)
    return hasher.done


def test_guessing_an_account_has_to_wait_ever_longer(world: World) -> None:
    world.join(EMAIL)
    _wrong(world.desk, 6)
    waits = []
    for number in range(7):
        with pytest.raises(TooManyAttempts) as refused:
            world.desk.log_in(EMAIL, PASSWORD, f"198.51.100.{number}", AGENT)
        waits.append(refused.value.retry_after_seconds)
        world.clock.pass_seconds(waits[-1])
        _wrong(world.desk, 1, address=f"192.0.2.{number}")
    assert waits == [30, 60, 120, 240, 480, 900, 900]


def test_an_unknown_account_has_to_wait_as_well(world: World) -> None:
    _wrong(world.desk, 6, "nobody@example.org")
    with pytest.raises(TooManyAttempts):
        world.desk.log_in("nobody@example.org", PASSWORD, ADDRESS, AGENT)


def test_one_source_cannot_try_many_accounts(world: World) -> None:
    for number in range(31):
        _wrong(world.desk, 1, f"user{number}@example.org", "2001:db8::1")
    with pytest.raises(TooManyAttempts):
        world.desk.log_in("other@example.org", PASSWORD, "2001:db8::ffff", AGENT)
    _wrong(world.desk, 1, "other@example.org", "2001:db8:0:1::1")


def test_the_right_password_makes_guesses_forgotten(world: World) -> None:
    world.join(EMAIL)
    for _ in range(12):
        _wrong(world.desk, 4, address="192.0.2.1")
        world.desk.log_in(EMAIL, PASSWORD, "192.0.2.2", AGENT)
        world.clock.pass_seconds(3601)


def test_who_logs_in_often_from_one_place_never_waits(world: World) -> None:
    world.join(EMAIL)
    for _ in range(40):
        world.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT)


def test_many_guesses_at_once_gain_nothing(world: World) -> None:
    """Each is counted before it is looked at."""
    world.join(EMAIL)
    desk = world.desk

    def guess(number: int) -> type[Exception] | None:
        try:
            desk.log_in(EMAIL, f"guess number {number}", ADDRESS, AGENT)
        except (WrongLogin, TooManyAttempts) as refused:
            return type(refused)
        return None

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(guess, range(16)))
    assert found.count(WrongLogin) == 6
    assert found.count(TooManyAttempts) == 10


def test_no_row_of_guesses_names_who_was_tried(world: World) -> None:
    _wrong(world.desk, 1)
    with world.database.rows.reading() as tx:
        told = " ".join(row.id for row in tx.find(Attempt))
    assert EMAIL not in told
    assert ADDRESS not in told


def test_a_reset_sets_the_password_and_ends_all_sessions(world: World) -> None:
    before = world.join(EMAIL)
    world.desk.ask_reset(EMAIL.upper(), ADDRESS)
    world.desk.reset(world.ticket(EMAIL), NEW, ADDRESS)
    assert world.desk.session(before.token) is None
    with pytest.raises(WrongLogin):
        world.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT)
    world.desk.log_in(EMAIL, NEW, ADDRESS, AGENT)
    assert world.letters.sent[-1].subject == "Your password was changed"


def test_a_reset_lets_in_who_was_locked_out(world: World) -> None:
    world.join(EMAIL)
    _wrong(world.desk, 6, address="192.0.2.1")
    world.desk.ask_reset(EMAIL, ADDRESS)
    world.desk.reset(world.ticket(EMAIL), NEW, ADDRESS)
    world.desk.log_in(EMAIL, NEW, ADDRESS, AGENT)


def test_a_poor_new_password_does_not_use_up_the_link(world: World) -> None:
    world.join(EMAIL)
    world.desk.ask_reset(EMAIL, ADDRESS)
    for poor in ("short", EMAIL):
        with pytest.raises(Invalid):
            world.desk.reset(world.ticket(EMAIL), poor, ADDRESS)
    world.desk.reset(world.ticket(EMAIL), NEW, ADDRESS)


@dataclass
class Counted:
    """`ports.PasswordHasher` that notes what it is asked, and counts what it hashes."""

    inner: PasswordHasher
    hashes: int = 0
    done: list[str] = field(default_factory=list)

    @property
    def decoy(self) -> str:
        return self.inner.decoy

    def hash(self, password: str) -> str:
        self.hashes += 1
        self.done.append("hash")
        return self.inner.hash(password)

    def verify(self, held: str, password: str) -> bool:
        self.done.append(f"verify {extract_parameters(held)}")
        return self.inner.verify(held, password)

    def needs_rehash(self, held: str) -> bool:
        return self.inner.needs_rehash(held)


def test_who_has_no_reset_link_has_nothing_hashed(world: World) -> None:
    """A hash takes much memory and time: strangers must not have them for the asking."""
    world.join(EMAIL)
    hasher = Counted(world.desk.hasher)
    desk = replace(world.desk, hasher=hasher)
    for ticket in ("x", "A" * 43):
        with pytest.raises(BadTicket):
            desk.reset(ticket, NEW, ADDRESS)
    assert hasher.hashes == 0
    desk.ask_reset(EMAIL, ADDRESS)
    desk.reset(world.ticket(EMAIL), NEW, ADDRESS)
    assert hasher.hashes == 1


def test_who_has_a_reset_link_has_only_so_much_hashed(world: World) -> None:
    """A password like the address is refused late, and leaves the link as it is."""
    world.join(EMAIL)
    hasher = Counted(world.desk.hasher)
    desk = replace(world.desk, hasher=hasher)
    desk.ask_reset(EMAIL, ADDRESS)
    for _ in range(6):
        with pytest.raises(Invalid):
            desk.reset(world.ticket(EMAIL), EMAIL, ADDRESS)
    with pytest.raises(TooManyAttempts) as refused:
        desk.reset(world.ticket(EMAIL), EMAIL, ADDRESS)
    assert hasher.hashes == 6
    world.clock.pass_seconds(refused.value.retry_after_seconds)
    desk.reset(world.ticket(EMAIL), NEW, ADDRESS)


def test_a_reset_link_works_once_for_an_hour_and_ends_the_others(world: World) -> None:
    world.join(EMAIL)
    world.desk.ask_reset(EMAIL, ADDRESS)
    first = world.ticket(EMAIL)
    world.desk.ask_reset(EMAIL, ADDRESS)
    second = world.ticket(EMAIL)
    world.desk.reset(second, NEW, ADDRESS)
    for used in (first, second):
        with pytest.raises(BadTicket):
            world.desk.reset(used, PASSWORD, ADDRESS)
    world.desk.ask_reset(EMAIL, ADDRESS)
    world.clock.pass_seconds(3600)
    with pytest.raises(BadTicket):
        world.desk.reset(world.ticket(EMAIL), PASSWORD, ADDRESS)


def test_a_link_of_one_kind_is_none_of_the_other(world: World) -> None:
    world.join(EMAIL)
    world.desk.ask_reset(EMAIL, ADDRESS)
    with pytest.raises(BadTicket):
        world.desk.confirm(world.ticket(EMAIL), PASSWORD, ADDRESS, AGENT)


def test_no_letter_goes_to_who_is_unknown_or_switched_off(world: World) -> None:
    world.join(EMAIL)
    world.desk.switch_person(EMAIL, disabled=True)
    sent = len(world.letters.sent)
    world.desk.ask_reset("nobody@example.org", ADDRESS)
    world.desk.ask_reset(EMAIL, ADDRESS)
    assert len(world.letters.sent) == sent


def test_who_is_switched_off_is_out_until_switched_on(world: World) -> None:
    signed_in = world.join(EMAIL)
    world.desk.switch_person(EMAIL, disabled=True)
    assert world.desk.session(signed_in.token) is None
    with pytest.raises(WrongLogin):
        world.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT)
    world.desk.switch_person(EMAIL, disabled=False)
    world.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT)


def test_another_password_keeps_one_session_and_needs_the_old_one(world: World) -> None:
    kept, other = world.join(EMAIL), world.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT)
    person = kept.person.id
    with pytest.raises(Invalid) as refused:
        world.desk.change_password(person, "not it at all", NEW, kept.session_id)
    assert [problem.field for problem in refused.value.problems] == ["old"]
    with pytest.raises(Invalid) as refused:
        world.desk.change_password(person, PASSWORD, "short", kept.session_id)
    assert [problem.field for problem in refused.value.problems] == ["new"]
    world.desk.change_password(person, PASSWORD, NEW, kept.session_id)
    assert world.desk.session(kept.token) is not None
    assert world.desk.session(other.token) is None
    world.desk.log_in(EMAIL, NEW, ADDRESS, AGENT)


def test_a_hash_of_other_costs_is_made_anew_at_the_next_log_in(world: World) -> None:
    from argon2 import PasswordHasher

    world.join(EMAIL)
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with world.database.rows.writing() as tx:
        (person,) = tx.find(Person, email=EMAIL)
        tx.update(person, password_hash=old)
    world.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT)
    with world.database.rows.reading() as tx:
        (person,) = tx.find(Person, email=EMAIL)
    assert person.password_hash is not None
    assert not world.desk.hasher.needs_rehash(person.password_hash)
    world.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT)


def test_what_the_database_holds_opens_nothing(world: World) -> None:
    """Neither passwords nor tokens are in it, nor in what a person's repr shows."""
    signed_in = world.join(EMAIL)
    world.desk.ask_reset(EMAIL, ADDRESS)
    with world.database.rows.reading() as tx:
        (person,) = tx.find(Person, email=EMAIL)
        tickets = tx.find(Ticket)
    assert PASSWORD not in repr(person.password_hash)
    assert "argon2" not in repr(person)
    assert all(ticket.password_hash is None for ticket in tickets)
    assert signed_in.token not in repr(signed_in)


def test_times_are_those_of_the_wall(world: World) -> None:
    live = replace(world.desk, office=replace(world.desk.office, clock=SystemClock()))
    live.sign_up("Ada", EMAIL, PASSWORD, ADDRESS)
    live.confirm(world.ticket(EMAIL), PASSWORD, ADDRESS, AGENT)
