"""Strings of other systems: what they may be, and how they are found.

Of some we know the string, and keep it as we keep our own. Of others we know a
plain hash alone, and keep that until the string comes with a call; the keyed
hash takes its place then. A string of our own shape, checksum included, is
never an imported one: it is ours, and looked up as such.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256, sha384, sha512
from typing import Any, Final, NamedTuple

from keyhouse.core import secret as secrets
from keyhouse.core.entities import ImportedStrings
from keyhouse.core.secret import ALGORITHM, SECRET_LENGTH_MAX

LENGTH_MIN: Final = 16
"""Shorter ones can be guessed, and their plain hashes be undone."""
LENGTH_MAX: Final = SECRET_LENGTH_MAX
UNSALTED: Final[Mapping[str, Callable[..., Any]]] = {
    "sha256": sha256,
    "sha384": sha384,
    "sha512": sha512,
}
"""Hashes without a key or salt that a string may be known by."""
NO_PEPPER: Final = ""
HIDDEN: Final = "…"
"""The hint of a string of which no character may be told."""

_HINTED_FROM: Final = 24
_TAIL: Final = 4
_SENDABLE: Final = re.compile(r"[!-+\--~]+")  # ASCII that can be seen, but no comma


class Candidate(NamedTuple):
    """What a string may be kept as."""

    algorithm: str
    pepper_id: str
    digest: bytes


def candidates(
    secret: bytes, algorithms: Sequence[str], peppers: Sequence[tuple[str, bytes]]
) -> list[Candidate]:
    """All that an imported string may be kept as, keyed hashes first.

    `algorithms` are unsalted ones, `peppers` pairs of id and key.
    """
    keyed = [
        Candidate(ALGORITHM, id, secrets.digest(secret, pepper)) for id, pepper in peppers
    ]
    plain = [
        Candidate(name, NO_PEPPER, UNSALTED[name](secret).digest()) for name in algorithms
    ]
    return keyed + plain


def admits(imported: ImportedStrings | None, secret: bytes) -> bool:
    """Whether a string could be one that was imported, by its length."""
    return (
        imported is not None and imported.length_min <= len(secret) <= imported.length_max
    )


def merged(one: ImportedStrings | None, other: ImportedStrings | None) -> ImportedStrings:
    """What covers both. Raises ValueError where there is neither."""
    given = [each for each in (one, other) if each is not None]
    if not given:
        raise ValueError("there is nothing to merge")
    return ImportedStrings(
        algorithms=tuple(sorted({name for each in given for name in each.algorithms})),
        length_min=min(each.length_min for each in given),
        length_max=max(each.length_max for each in given),
    )


def fault_of_string(text: str) -> tuple[str, str] | None:
    """Why a string cannot be imported, and what to do; None where it can."""
    if not LENGTH_MIN <= len(text) <= LENGTH_MAX:
        reason = f"has not {LENGTH_MIN} to {LENGTH_MAX} characters"
        return reason, "give this caller a new key"
    if _SENDABLE.fullmatch(text) is None:
        reason = "has a space, a comma or a character that is not ASCII"
        return reason, "give this caller a new key"
    if secrets.is_well_formed(text.encode("ascii")):
        return "is a secret of Keyhouse's own form", "create a key instead"
    return None


def read_hash(text: str, algorithm: str) -> bytes | None:
    """The bytes of a hash in hex or base64 (padded or not); None for any other text."""
    size = UNSALTED[algorithm]().digest_size
    if len(text) == 2 * size:
        try:
            return bytes.fromhex(text)
        except ValueError:
            return None
    try:
        padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        found = b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        return None
    return found if len(found) == size else None


def hint_of(text: str) -> str:
    """The last four characters of a long string; nothing of another."""
    return HIDDEN + text[-_TAIL:] if len(text) >= _HINTED_FROM else HIDDEN
