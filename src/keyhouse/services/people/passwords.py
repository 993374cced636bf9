"""Which passwords may be kept, and whether one fits."""

from typing import Final
from unicodedata import normalize

from keyhouse.core.entities import Person
from keyhouse.core.validation import Problem
from keyhouse.ports import PasswordHasher

LENGTH_MIN: Final = 10
LENGTH_MAX: Final = 200
DIFFERENT_MIN: Final = 5


def check_password(field: str, password: str, email: str | None) -> list[Problem]:
    """A new password: long enough to take guessing, and no echo of the address.

    `email` is None where it is not known yet.
    """
    if len(password) < LENGTH_MIN:
        mend = f"use {LENGTH_MIN} characters or more; three or four words are easy to keep"
        return [Problem(field, "is short", mend)]
    if len(password) > LENGTH_MAX:
        mend = f"use up to {LENGTH_MAX} characters"
        return [Problem(field, "is too long", mend)]
    if len(set(password)) < DIFFERENT_MIN:
        return [Problem(field, "repeats itself", "use more different characters")]
    if email and (password.lower() in email or email in password.lower()):
        return [Problem(field, "is like the address", "use one that nobody can guess")]
    return []


def hashed(hasher: PasswordHasher, password: str) -> str:
    """The hash of a password that has been checked."""
    return hasher.hash(_one_form(password))


def fits(hasher: PasswordHasher, person: Person | None, password: str) -> bool:
    """Whether the password is that person's.

    It takes as long where there is no such person, or none who may log in.
    """
    held = person.password_hash if person is not None else None
    right = fits_hash(hasher, held, password)
    return right and person is not None and person.disabled_at is None


def fits_hash(hasher: PasswordHasher, held: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed; as long where none was."""
    right = hasher.verify(held or hasher.decoy, _one_form(password[: LENGTH_MAX + 1]))
    return right and held is not None


def _one_form(password: str) -> str:
    """Keyboards write the same letter in different ways (NIST SP 800-63B, 3.1.1.2)."""
    return normalize("NFKC", password.encode("utf-8", "replace").decode())
