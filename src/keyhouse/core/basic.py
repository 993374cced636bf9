"""A key in HTTP Basic (RFC 7617): its id as the user, its secret as the password.

Twilio's clients send keys so. A Basic that is none of ours belongs to the upstream.
"""

import re
from binascii import Error, a2b_base64
from typing import Final, NamedTuple

from keyhouse.core.ids import KEY, is_id
from keyhouse.core.secret import holds_ours

BASICS_MAX: Final = 8
"""So many are looked into; who sends more sends no key."""
NO_ID: Final = ""
"""Stands for a user that is no id: it is that of no key."""
_BASIC: Final = re.compile(rb"(?:\A|,)[ \t]*basic[ \t]+([^,]*)", re.IGNORECASE)


class Named(NamedTuple):
    """A secret as it came, and the id that came with it; None where none did."""

    secret: bytes
    key_id: str | None


def is_basic(authorization: bytes) -> bool:
    """Whether an Authorization is a Basic, whoever's."""
    return _BASIC.match(authorization) is not None


def basics_of_ours(authorization: bytes) -> list[Named]:
    """What the Basic credentials of ours name in an Authorization, a list or not."""
    tokens = _BASIC.findall(authorization)
    if len(tokens) > BASICS_MAX:
        return [Named(b"", NO_ID)]
    return [named for token in tokens if (named := _named(token.strip())) is not None]


def _named(token: bytes) -> Named | None:
    """It is ours where the user is the id of a key, or anything in it looks like

    a secret of ours. Without a colon all of it is the secret, and has no id.
    """
    pair = _decoded(token)
    user, colon, password = pair.partition(b":")
    name = user.decode("latin-1")
    if not is_id(name, KEY):
        name = NO_ID
        if not holds_ours(pair):
            return None
    return Named(password if colon else pair, name)


def _decoded(token: bytes) -> bytes:
    """The pair that a token68 stands for, b'' where it is none.

    What upstreams may forgive is forgiven here: what they could read must not
    go to them.
    """
    bare = token.rstrip(b"=")
    try:
        return a2b_base64(bare + b"=" * (-len(bare) % 4))
    except Error:
        return b""
