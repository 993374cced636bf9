"""Which of the credentials in a request counts.

Only credentials of ours count. Beside a key in the key header, an
`Authorization` that is not ours belongs to the upstream and stays. Two
different keys are refused; the same key twice is one. A user's token comes as a
Bearer, alone or beside a key. With HTTP Basic comes
the id of the key; whether the secret is that key's is seen when it is found.
"""

from typing import NamedTuple

from keyhouse.core.basic import Named, basics_of_ours, is_basic
from keyhouse.core.secret import SECRET_LENGTH_MAX, holds_ours, looks_like_ours
from keyhouse.core.user_tokens import PREFIX, TOKEN_LENGTH_MAX, looks_like_token
from keyhouse.core.verdict import Verdict

_BEARER = b"bearer "


class Chosen(NamedTuple):
    """The credential to check, or the refusal; `own_authorization` says

    that the Authorization header is ours and must not travel on. `key_id` is
    whose secret it must be, where the caller named a key beside it. `token` is
    the user's token that came beside a key; where it came alone, it is `secret`.
    """

    secret: bytes | None
    refusal: Verdict | None
    own_authorization: bool
    key_id: str | None = None
    token: bytes | None = None


_NONE = Chosen(None, Verdict.MISSING, False)


def choose(
    key_header: bytes | None, authorization: bytes | None, parameter: bytes | None
) -> Chosen:
    """Choose among the values of the key header, `Authorization` and the query.

    An empty value is none. A value that came more than once is joined by the
    door with `, `, as HTTP has it. Without any other credential a Bearer of
    any form is taken for a key, so that a mistyped one is told as malformed.
    An Authorization that holds a key of ours anywhere never travels on.
    """
    authorization = authorization or b""
    if key_header and not authorization and not parameter and b"," not in key_header:
        return _checked(key_header, own_authorization=False)
    bearer = _bearer(authorization)
    if bearer and not key_header and not parameter and b"," not in authorization:
        return _checked_bearer(bearer)
    if PREFIX in bearer:
        if b"," in authorization:
            return Chosen(None, Verdict.CONFLICTING_CREDENTIALS, True)
        return _beside_token(key_header, bearer, parameter)
    basics = basics_of_ours(authorization)
    ours = bool(basics) or holds_ours(authorization)
    values = [*_values(key_header), *_values(parameter)]
    if ours or not values:
        values += _values(bearer)
        ours = ours or bool(bearer)
    return _one_of([*(Named(one, None) for one in values), *basics], ours=ours)


def chosen_of(secret: bytes, token: bytes | None = None) -> Chosen:
    """As `choose`, where it is said which is which: a key or a user's token, and,

    beside a key, a token.
    """
    if token is None:
        return _checked_bearer(secret)
    return _beside_token(secret, token, None)


def _beside_token(
    key_header: bytes | None, bearer: bytes, parameter: bytes | None
) -> Chosen:
    """A user's token in Authorization, and a key elsewhere."""
    if not looks_like_token(bearer) or len(bearer) > TOKEN_LENGTH_MAX:
        return Chosen(None, Verdict.MALFORMED, True)
    chosen = choose(key_header, None, parameter)
    return chosen._replace(own_authorization=True, token=bearer)


def is_wrapped(authorization: bytes) -> bool:
    """Whether an Authorization is a Bearer or a Basic, which `choose` looks into.

    Where an API's key header is Authorization itself, any other is the key.
    """
    return authorization[:7].lower() == _BEARER or is_basic(authorization)


def _one_of(named: list[Named], *, ours: bool) -> Chosen:
    """The one key that all credentials name."""
    if not named:
        return _NONE._replace(own_authorization=ours)
    ids = {one.key_id for one in named} - {None}
    if len(ids) > 1 or any(one.secret != named[0].secret for one in named):
        return Chosen(None, Verdict.CONFLICTING_CREDENTIALS, ours)
    return _checked(named[0].secret, own_authorization=ours, key_id=next(iter(ids), None))


def _bearer(authorization: bytes) -> bytes:
    """The bearer tokens of an Authorization, joined by commas."""
    if b"," not in authorization:
        return authorization[7:].strip() if authorization[:7].lower() == _BEARER else b""
    parts = [part.strip() for part in authorization.split(b",")]
    tokens = [part[7:].strip() for part in parts if part[:7].lower() == _BEARER]
    return b",".join(tokens)


def _values(value: bytes | None) -> list[bytes]:
    """The keys of a header: more than one where each of them looks like ours."""
    if not value:
        return []
    parts = [part.strip() for part in value.split(b",")]
    return parts if all(map(looks_like_ours, parts)) else [value]


def _checked_bearer(value: bytes) -> Chosen:
    """A Bearer alone: a key, or a user's token, which is longer."""
    if looks_like_token(value) and len(value) <= TOKEN_LENGTH_MAX:
        return Chosen(value, None, True)
    return _checked(value, own_authorization=True)


def _checked(value: bytes, *, own_authorization: bool, key_id: str | None = None) -> Chosen:
    if not 0 < len(value) <= SECRET_LENGTH_MAX:
        return Chosen(None, Verdict.MALFORMED, own_authorization)
    return Chosen(value, None, own_authorization, key_id)
