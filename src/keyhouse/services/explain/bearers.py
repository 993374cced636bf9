"""The user's token that a request is asked about with: its claims, never itself."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Api, Application, Key, RevokedKind, TokenRevocation
from keyhouse.core.explain import Bearer, ToldToken, name_of, named_by
from keyhouse.core.records import Line
from keyhouse.core.scopes import is_scope
from keyhouse.core.usage import Use, user_of
from keyhouse.core.user_tokens import (
    LIMITS_MAX,
    NAME_LENGTH_MAX,
    SCOPES_MAX,
    is_user_name,
    issued_ms,
    read_limits,
    user_digest,
)
from keyhouse.core.validation import Problem, check_number
from keyhouse.services.refusals import refuse
from keyhouse.services.work import Look

_SECONDS_MAX: Final = 1 << 40
_AS_HELD: Final = "send it as the token has it"


class Claims(NamedTuple):
    """What is told of a token, by the names of its claims: of a user, `sub` alone.

    `iat` and `exp` are seconds, `scope` is set apart by spaces.
    """

    sub: str
    sid: str | None = None
    jti: str | None = None
    aud: str | None = None
    azp: str | None = None
    key: str | None = None
    iat: int | None = None
    exp: int | None = None
    scope: str | None = None
    limits: Sequence[Sequence[Any]] = ()


def read_claims(claims: Claims, key: Key, api: Api) -> ToldToken:
    """What the claims tell. Raises Invalid, also for a token that is not the key's."""
    refuse([*_problems(claims), *_other(claims, key)])
    issued_us = None if claims.iat is None else claims.iat * 1_000_000
    if claims.jti is not None:
        issued_us = issued_ms(claims.jti) * 1000
    return ToldToken(
        subject=claims.sub,
        session=claims.sid or "",
        id=claims.jti or "",
        api_id=api.id if claims.aud in (api.slug, api.id) else claims.aud or "",
        issued_us=issued_us,
        ends_us=None if claims.exp is None else claims.exp * 1_000_000,
        scopes=None if claims.scope is None else frozenset(claims.scope.split()),
        limits=read_limits(claims.limits),
    )


def logged_token(use: Use) -> ToldToken | None:
    """What the request log tells of the token of a line; None where none came."""
    seen = user_of(use)
    if seen is None:
        return None
    return ToldToken(
        *seen,
        api_id=use.api_id,
        issued_us=issued_ms(seen.id) * 1000,
        logged=True,
    )


def bearer_of(look: Look, told: ToldToken, line: Line, application: Application) -> Bearer:
    """The token with what names it among the revocations of its application."""
    named = named_by(told, line, look.now_us)
    rows = (
        look.tx.get(TokenRevocation, f"{application.id}/{kind}/{user_digest(value)}")
        for kind, _, value in (name.partition("/") for name in named)
    )
    held = [row for row in rows if row is not None and name_of(row) in named]
    order = [kind.value for kind in RevokedKind]
    return Bearer(told, sorted(held, key=lambda row: order.index(row.kind.value)), line)


def _problems(claims: Claims) -> list[Problem]:
    problems = []
    for field, value in (("sub", claims.sub), ("sid", claims.sid or None)):
        if value is not None and not is_user_name(value):
            mend = f"send 1 to {NAME_LENGTH_MAX} visible ASCII characters without spaces"
            problems.append(Problem(f"token.{field}", "is no name", mend))
    if claims.jti is not None and not ids.is_id(claims.jti, ids.TOKEN):
        problems.append(Problem("token.jti", "is no token's id", _AS_HELD))
    for field, seconds in (("iat", claims.iat), ("exp", claims.exp)):
        if seconds is not None:
            problems += check_number(f"token.{field}", seconds, 0, _SECONDS_MAX)
    scopes = (claims.scope or "").split()
    if len(scopes) > SCOPES_MAX or not all(map(is_scope, scopes)):
        problems.append(Problem("token.scope", "is no list of scopes", _AS_HELD))
    return [*problems, *_limit_problems(claims)]


def _limit_problems(claims: Claims) -> list[Problem]:
    try:
        known = len(read_limits(claims.limits)) <= LIMITS_MAX
    except (LookupError, TypeError, ValueError):
        known = False
    return [] if known else [Problem("token.limits", "are none of a token", _AS_HELD)]


def _other(claims: Claims, key: Key) -> list[Problem]:
    """A token is explained with the key that minted it: it is no wider than that."""
    told = (("azp", claims.azp, key.application_id), ("key", claims.key, key.id))
    mend = "explain the key that minted the token: its claim key names it"
    return [
        Problem(f"token.{field}", "is not that of the key that is asked about", mend)
        for field, value, own in told
        if value is not None and value != own
    ]
