"""The desk where people come who are nobody yet, and where they are known again."""

from dataclasses import dataclass

from keyhouse.core.entities import Member, Organization, Person, Role, Session
from keyhouse.core.validation import Problem, check_name
from keyhouse.services.actor import Actor
from keyhouse.services.people import (
    logging_in,
    operator,
    sessions,
    signing_up,
)
from keyhouse.services.people.means import Means
from keyhouse.services.people.sessions import Signed, SignedIn
from keyhouse.services.refusals import Invalid, NotFound, refuse

OWNED_MAX = 20
"""Organizations of one owner: enough for anybody, dull for who would fill a disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleDesk(Means):
    """All that a person does before, and besides, working in an organization.

    Every method blocks: on the database, and on hashing. `address` is where a
    request came from, `agent` what its browser calls itself.
    """

    # -- without an account -----------------------------------------------------

    def sign_up(
        self,
        name: str,
        email: str,
        password: str,
        address: str,
        *,
        invitation: str | None = None,
    ) -> None:
        """Mail a link to `/confirm`, or to a known address word of its account.

        The answer and its time are the same. Raises Invalid, SignUpClosed
        and TooManyAttempts. `invitation` is the token of an invitation's link.
        """
        signing_up.sign_up(self, name, email, password, address, invitation)

    def confirm(self, ticket: str, password: str, address: str, agent: str) -> SignedIn:
        """Make the account of a mailed link and log in.

        `password` is the one typed at the sign-up. Who was invited joins that
        organization; who belongs to none gets one, with a project `default`.
        Raises BadTicket, and Invalid (`password`) and TooManyAttempts, after which
        the link works on.
        """
        return signing_up.confirm(self, ticket, password, address, agent)

    def log_in(self, email: str, password: str, address: str, agent: str) -> SignedIn:
        """A new session. Raises WrongLogin and TooManyAttempts."""
        return logging_in.log_in(self, email, password, address, agent)

    def ask_reset(self, email: str, address: str) -> None:
        """Mail a link to `/reset`, where there is an account; the answer is the same.

        Raises Invalid and TooManyAttempts.
        """
        logging_in.ask_reset(self, email, address)

    def reset(self, ticket: str, password: str, address: str) -> None:
        """Set a new password by a mailed link; all sessions end.

        Raises BadTicket, and Invalid for a password that may not be kept: the
        link works on.
        """
        logging_in.reset(self, ticket, password, address)

    # -- with a session -----------------------------------------------------------

    def session(self, token: str) -> Signed | None:
        """Who a cookie's token stands for; None where it opens nothing (any more)."""
        return sessions.find_session(self, token)

    def actor(
        self, signed: Signed, organization_id: str, address: str, request_id: str
    ) -> Actor | None:
        """The person at work in that organization; None where they are no member."""
        return sessions.actor_of(signed, organization_id, address, request_id)

    def log_out(self, session_id: str) -> None:
        """End a session; nothing happens where it has ended."""
        with self.office.rows.writing() as tx:
            row = tx.get(Session, session_id)
            if row is not None and row.ended_at is None:
                now = self.now_us
                tx.update(row, ends_at=min(now, row.ends_at), ended_at=now)

    def sessions(self, person_id: str) -> list[Session]:
        """The person's living sessions, the last seen first."""
        return sessions.list_sessions(self, person_id)

    def end_session(self, person_id: str, session_id: str) -> None:
        """End one of the person's sessions; NotFound for any other."""
        sessions.end_session(self, person_id, session_id)

    def end_other_sessions(self, person_id: str, keep: str) -> None:
        """End all sessions of the person but `keep`."""
        with self.office.rows.writing() as tx:
            sessions.end_sessions(tx, person_id, self.now_us, keep)

    def change_password(
        self, person_id: str, old: str, new: str, keep_session: str | None
    ) -> None:
        """Set another password; all sessions but `keep_session` end.

        Raises Invalid (`old`, `new`) and TooManyAttempts.
        """
        logging_in.change_password(self, person_id, old, new, keep_session)

    def change_name(self, person_id: str, name: str) -> Person:
        """Call the person otherwise. Raises Invalid (`name`)."""
        return logging_in.change_name(self, person_id, name)

    def create_organization(
        self, person_id: str, name: str, address: str = ""
    ) -> Organization:
        """A new organization of that person, with a project `default`.

        Raises Invalid (`name`).
        """
        name = name.strip()
        refuse(check_name("name", name))
        with self.office.rows.writing() as tx:
            person = tx.get(Person, person_id)
            if person is None:
                raise NotFound("person")
            if len(tx.find(Member, person_id=person_id, role=Role.OWNER)) >= OWNED_MAX:
                reason = f"would be one more than {OWNED_MAX} organizations"
                raise Invalid([Problem("name", reason, "use one that you own")])
            id = signing_up.found_home(self, tx, person, name, address)
            made = tx.get(Organization, id)
        if made is None:
            raise LookupError("the organization that was just made is gone")
        return made

    # -- on the machine itself ------------------------------------------------------

    def people(self) -> list[operator.KnownPerson]:
        """Everybody that this installation knows."""
        return operator.list_people(self)

    def add_person(self, email: str, name: str = "") -> Person:
        """Somebody who may log in once a password is set. Raises Invalid and Taken."""
        return operator.add_person(self, email, name)

    def reset_link(self, email: str) -> str:
        """A link to `/reset` for that person. Raises NotFound and Taken."""
        return operator.reset_link(self, email)

    def switch_person(self, email: str, *, disabled: bool) -> Person:
        """Let somebody log in no more, or again. Raises NotFound."""
        return operator.switch_person(self, email, disabled=disabled)

    def has_password(self, email: str) -> bool:
        """Whether that person has set a password."""
        return operator.has_password(self, email)
