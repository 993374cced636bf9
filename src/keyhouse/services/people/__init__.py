"""People: signing up, logging in, sessions and passwords."""

from keyhouse.services.people.desk import PeopleDesk
from keyhouse.services.people.means import SignUp
from keyhouse.services.people.operator import KnownPerson
from keyhouse.services.people.refusals import (
    BadTicket,
    SignUpClosed,
    TooManyAttempts,
    WrongLogin,
)
from keyhouse.services.people.sessions import Membership, Signed, SignedIn

__all__ = [
    "BadTicket",
    "KnownPerson",
    "Membership",
    "PeopleDesk",
    "SignUp",
    "SignUpClosed",
    "Signed",
    "SignedIn",
    "TooManyAttempts",
    "WrongLogin",
]
