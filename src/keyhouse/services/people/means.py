"""What the use-cases of people work with."""

from dataclasses import dataclass
from typing import Literal

from keyhouse.core.entities import Person
from keyhouse.core.mailboxes import mailbox
from keyhouse.core.validation import check_email
from keyhouse.ports import Mailer, PasswordHasher, Transaction
from keyhouse.services.work import Office

SignUp = Literal["closed", "invited", "open"]

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Ports and settings. `admits` is who may sign up,
    `public_url` where mailed links lead, without a slash.
    """

    office: Office
    hasher: PasswordHasher
    mailer: Mailer
    admits: SignUp
    public_url: str

    @property
    def now_us(self) -> int:
        """The wall clock."""
        return self.office.clock.now_us()


def find_person(tx: Transaction, email: str) -> Person | None:
    """Who is known by that address, however it is written; any text may be given."""
    if check_email("email", mailbox(email)):
        return None
    found = tx.find(Person, email=mailbox(email))
    return found[0] if found else None
