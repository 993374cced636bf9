"""From a form to an account: nothing is anybody's before the mailed link is used."""

from contextlib import suppress

from keyhouse.core import ids
from keyhouse.core.entities import Invitation, Member, Person, Purpose, Role, Ticket
from keyhouse.core.mailboxes import mailbox
from keyhouse.core.validation import NAME_LENGTH_MAX, Problem, check_email, check_name
from keyhouse.ports import Conflict, Mail, Transaction, WritingTransaction
from keyhouse.services.members import find_invitation, is_open, take_up
from keyhouse.services.people import letters, passwords, throttle
from keyhouse.services.people.means import Means, find_person
from keyhouse.services.people.refusals import BadTicket, SignUpClosed
from keyhouse.services.people.sessions import SignedIn, member_actor, open_session
from keyhouse.services.people.tickets import find_ticket, issue_confirmation, use_ticket
from keyhouse.services.refusals import Invalid, NotFound, refuse
from keyhouse.services.tenants import create_project, found_organization

_HOME = "default"
_NOT_CHOSEN = "is not the one that was chosen when this address was signed up"
_CHOOSE = "type that one or, if you did not choose it, sign up anew with your own"


def sign_up(
    means: Means,
    name: str,
    email: str,
    password: str,
    address: str,
    invitation: str | None,
) -> None:
    """Mail a link that makes the account, or word of the one that there is."""
    name, email = name.strip(), mailbox(email)
    refuse(
        [
            *check_name("name", name),
            *check_email("email", email),
            *passwords.check_password("password", password, email),
        ]
    )
    invited = _admitted(means, email, invitation)
    throttle.take(means, throttle.subjects("sign up", email, address))
    hashed = passwords.hashed(means.hasher, password)
    with means.office.rows.writing() as tx:
        known = _is_taken(find_person(tx, email))
        token = issue_confirmation(
            means,
            tx,
            email=email,
            name=name,
            password_hash=hashed,
            invitation_id=None if invited is None else invited.id,
            hours=letters.CONFIRM_HOURS,
            spent=known,
        )
    means.mailer.send(_letter(means, known, email, name, token))


def confirm(means: Means, ticket: str, password: str, address: str, agent: str) -> SignedIn:
    """Make the account that a link is for, a place for it to work in, and log in.

    Raises BadTicket, also where by now it takes an invitation that is open, or
    nobody may sign up.
    """
    _prove(means, ticket, password, address)
    with means.office.rows.writing() as tx:
        row = use_ticket(tx, Purpose.CONFIRM, ticket, means.now_us)
        _demand_admitted(means, tx, row)
        person = _settle(means, tx, row)
        if row.invitation_id is not None:
            _join(means, tx, row.invitation_id, person, address)
        if not tx.find(Member, person_id=person.id):
            found_home(means, tx, person, f"{person.name}'s organization", address)
        return open_session(means, tx, person, address, agent)


def _prove(means: Means, ticket: str, password: str, address: str) -> None:
    """Raise Invalid unless whoever has the mail also chose the password.

    A stranger may sign up with any address. Were the link enough, its owner would
    confirm an account that the stranger can log in to.
    """
    with means.office.rows.reading() as tx:
        row = find_ticket(tx, Purpose.CONFIRM, ticket, means.now_us)
    counted = throttle.subjects("confirm", row.id, address)
    throttle.take(means, counted)
    if not passwords.fits_hash(means.hasher, row.password_hash, password):
        raise Invalid([Problem("password", _NOT_CHOSEN, _CHOOSE)])
    throttle.forgive(means, counted)


def found_home(
    means: Means, tx: WritingTransaction, person: Person, name: str, address: str = ""
) -> str:
    """A new organization that the person owns, with a first project; its id."""
    id = means.office.new_id(ids.ORGANIZATION, means.now_us)
    work = means.office.work(tx, member_actor(person.id, id, Role.OWNER, address))
    found_organization(work, name[:NAME_LENGTH_MAX], person)
    create_project(work, name=_HOME)
    return id


def _admitted(means: Means, email: str, token: str | None) -> Invitation | None:
    """The invitation that came along. Raises SignUpClosed where it takes one."""
    if means.admits == "closed":
        raise SignUpClosed(invited=False)
    invitation = None
    if token:
        with means.office.rows.reading() as tx:
            invitation = find_invitation(tx, token, means.now_us)
    mine = invitation is not None and invitation.email == email
    if means.admits == "invited" and not mine:
        raise SignUpClosed(invited=True)
    return invitation if mine else None


def _demand_admitted(means: Means, tx: Transaction, ticket: Ticket) -> None:
    """Raise BadTicket for whom the form would not admit any more.

    The mail lies there for days: meanwhile the invitation may have been withdrawn,
    and signing up been closed.
    """
    if means.admits == "open":
        return
    invitation = None
    if means.admits == "invited" and ticket.invitation_id is not None:
        invitation = tx.get(Invitation, ticket.invitation_id)
    if invitation is None or not is_open(tx, invitation, means.now_us):
        raise BadTicket


def _is_taken(person: Person | None) -> bool:
    return person is not None and person.checked_at is not None


def _letter(means: Means, known: bool, email: str, name: str, token: str) -> Mail:
    if known:
        return letters.known_letter(email, means.public_url)
    return letters.confirm_letter(email, name, means.public_url, token)


def _settle(means: Means, tx: Transaction, ticket: Ticket) -> Person:
    """The person of a link that confirms: a new one, or one without a password yet."""
    now = means.now_us
    known = find_person(tx, ticket.email)
    if _is_taken(known) or (known is not None and known.disabled_at is not None):
        raise BadTicket
    if known is not None:
        return tx.update(
            known,
            name=ticket.name,
            password_hash=ticket.password_hash,
            checked_at=now,
            updated_at=now,
        )
    person = Person(
        id=means.office.new_id(ids.PERSON, now),
        email=ticket.email,
        name=ticket.name,
        created_at=now,
        updated_at=now,
        password_hash=ticket.password_hash,
        checked_at=now,
    )
    try:
        tx.insert(person)
    except Conflict:
        raise BadTicket from None
    return person


def _join(
    means: Means, tx: WritingTransaction, id: str, person: Person, address: str
) -> None:
    """Take up the invitation that led here, if it is open still."""
    row = tx.get(Invitation, id)
    if row is None:
        return
    actor = member_actor(person.id, row.organization_id, row.role, address)
    with suppress(NotFound):
        take_up(means.office.work(tx, actor), row.id)
