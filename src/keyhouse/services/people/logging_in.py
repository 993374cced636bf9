"""Address and password: to log in, to forget, to change."""

from keyhouse.core.entities import Person, Purpose
from keyhouse.core.mailboxes import mailbox
from keyhouse.core.validation import Problem, check_email, check_name
from keyhouse.ports import Transaction
from keyhouse.services.people import letters, passwords, throttle
from keyhouse.services.people.means import Means, find_person
from keyhouse.services.people.refusals import BadTicket, WrongLogin
from keyhouse.services.people.sessions import SignedIn, end_sessions, open_session
from keyhouse.services.people.tickets import find_ticket, issue_reset, use_ticket
from keyhouse.services.refusals import Invalid, NotFound, refuse

_LOG_IN = "log in"


def log_in(means: Means, email: str, password: str, address: str, agent: str) -> SignedIn:
    """A session for whoever knows the password."""
    counted = throttle.subjects(_LOG_IN, email, address)
    throttle.take(means, counted)
    with means.office.rows.reading() as tx:
        person = find_person(tx, email)
    if not passwords.fits(means.hasher, person, password) or person is None:
        raise WrongLogin
    throttle.forgive(means, counted)
    fresh = _rehashed(means, person, password)
    with means.office.rows.writing() as tx:
        now_held = tx.get(Person, person.id)
        if now_held is None or now_held.password_hash != person.password_hash:
            raise WrongLogin  # changed while we looked
        if fresh is not None:
            now_held = tx.update(now_held, password_hash=fresh)
        return open_session(means, tx, now_held, address, agent)


def ask_reset(means: Means, email: str, address: str) -> None:
    """Mail a link to set a new password, where there is an account."""
    refuse(check_email("email", mailbox(email)))
    throttle.take(means, throttle.subjects("reset", email, address))
    with means.office.rows.writing() as tx:
        person = find_person(tx, email)
        if person is not None and person.disabled_at is not None:
            person = None
        token = issue_reset(means, tx, mailbox(email), person, letters.RESET_HOURS)
    if person is not None:
        letter = letters.reset_letter(person.email, means.public_url, token)
        means.mailer.send(letter)


def reset(means: Means, ticket: str, password: str, address: str) -> Person:
    """Set the password of the link's person, and log all browsers out."""
    # A password that may not be kept must not use up the link.
    refuse(passwords.check_password("password", password, None))
    now = means.now_us
    # To hash is dear: it is done for who has a link, and not as often as they like.
    with means.office.rows.reading() as tx:
        found = find_ticket(tx, Purpose.RESET, ticket, now)
    counted = throttle.subjects("set password", found.id, address)
    throttle.take(means, counted)
    hashed = passwords.hashed(means.hasher, password)
    with means.office.rows.writing() as tx:
        row = use_ticket(tx, Purpose.RESET, ticket, now)
        person = tx.get(Person, row.person_id or "")
        if person is None or person.disabled_at is not None:
            raise BadTicket
        refuse(passwords.check_password("password", password, person.email))
        checked = person.checked_at or now
        person = tx.update(person, password_hash=hashed, checked_at=checked, updated_at=now)
        end_sessions(tx, person.id, now)
    logging_in, _ = throttle.subjects(_LOG_IN, person.email, address)
    throttle.forgive(means, (*counted, logging_in))
    means.mailer.send(letters.changed_letter(person.email, means.public_url))
    return person


def change_password(
    means: Means, person_id: str, old: str, new: str, keep_session: str | None
) -> None:
    """Set another password, and log out all browsers but one."""
    person = _person(means, person_id)
    counted = throttle.subjects(_LOG_IN, person.email, person.id)
    throttle.take(means, counted)
    if not passwords.fits(means.hasher, person, old):
        mend = "type the one that you logged in with"
        raise Invalid([Problem("old", "is not your password", mend)])
    throttle.forgive(means, counted)
    refuse(passwords.check_password("new", new, person.email))
    hashed = passwords.hashed(means.hasher, new)
    now = means.now_us
    with means.office.rows.writing() as tx:
        tx.update(person, password_hash=hashed, updated_at=now)
        end_sessions(tx, person.id, now, keep_session)
    means.mailer.send(letters.changed_letter(person.email, means.public_url))


def change_name(means: Means, person_id: str, name: str) -> Person:
    """Call the person otherwise."""
    name = name.strip()
    refuse(check_name("name", name))
    with means.office.rows.writing() as tx:
        return tx.update(_held(tx, person_id), name=name, updated_at=means.now_us)


def _rehashed(means: Means, person: Person, password: str) -> str | None:
    """The password hashed at today's costs, where its hash was made at others."""
    held = person.password_hash
    if held is None or not means.hasher.needs_rehash(held):
        return None
    return passwords.hashed(means.hasher, password)


def _person(means: Means, person_id: str) -> Person:
    with means.office.rows.reading() as tx:
        return _held(tx, person_id)


def _held(tx: Transaction, person_id: str) -> Person:
    person = tx.get(Person, person_id)
    if person is None:
        raise NotFound("person")
    return person
