"""Which of the credentials in a request counts.

Only credentials of ours count. Beside a key in the key header, an
`Authorization` that is not ours belongs to the upstream and stays. Two
different keys are refused; the same key twice is one.
"""

from typing import NamedTuple

from keyhouse.core.secret import SECRET_LENGTH_MAX, looks_like_ours
from keyhouse.core.verdict import Verdict

_BEARER = b"bearer "


class Chosen(NamedTuple):
    """The credential to check, or the refusal; `own_authorization` says

    that the Authorization header is ours and must not travel on.
    """

    secret: bytes | None
    refusal: Verdict | None
    own_authorization: bool


_NONE = Chosen(None, Verdict.MISSING, False)


def choose(
    key_header: bytes | None, authorization: bytes | None, parameter: bytes | None
) -> Chosen:
    """Choose among the values of the key header, `Authorization` and the query.

    A value that came more than once is joined by the door with `, `, as HTTP
    has it, and so is no key. Without any other credential a Bearer of any
    form is taken for a key, so that a mistyped one is told as malformed.
    """
    if authorization is None and parameter is None:
        return _NONE if key_header is None else _checked(key_header, False)
    bearer = _bearer(authorization)
    ours = bearer is not None and looks_like_ours(bearer)
    named = [value for value in (key_header, parameter) if value is not None]
    if bearer is not None and (ours or not named):
        named.append(bearer)
        ours = True
    if not named:
        return _NONE
    if any(value != named[0] for value in named):
        return Chosen(None, Verdict.CONFLICTING_CREDENTIALS, ours)
    return _checked(named[0], ours)


def _bearer(authorization: bytes | None) -> bytes | None:
    if authorization is None or authorization[:7].lower() != _BEARER:
        return None
    return authorization[7:].strip()


def _checked(value: bytes, own_authorization: bool) -> Chosen:
    if not value:
        return Chosen(None, Verdict.MISSING, own_authorization)
    if len(value) > SECRET_LENGTH_MAX:
        return Chosen(None, Verdict.MALFORMED, own_authorization)
    return Chosen(value, None, own_authorization)
