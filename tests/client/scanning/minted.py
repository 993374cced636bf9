"""Secrets as Keyhouse makes them."""

import itertools
from hashlib import blake2b

from keyhouse.core.entities import Environment, KeyKind
from keyhouse.core.secret import mint

_NUMBERS = itertools.count()


def minted(
    kind: KeyKind = KeyKind.SERVER,
    environment: Environment = Environment.LIVE,
    prefix: str = "kh",
) -> str:
    """A secret that no other test has."""
    entropy = blake2b(str(next(_NUMBERS)).encode(), digest_size=32).digest()
    where = None if kind is KeyKind.MANAGEMENT else environment
    return mint(prefix, kind, where, entropy).reveal()


def hint_of(secret: str) -> str:
    head, _, body = secret.rpartition("_")
    return f"{head}_…{body[-4:]}"
