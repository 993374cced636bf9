"""Revoking tokens of users, also such as nobody has seen."""

from typing import Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Application, Key, RevokedKind, TokenRevocation
from keyhouse.core.secret import holds_ours
from keyhouse.core.user_tokens import (
    SECONDS_MAX,
    is_user_name,
    taken_apart,
    user_digest,
)
from keyhouse.core.validation import Problem
from keyhouse.services.actor import Actor
from keyhouse.services.catalog.queries import reached_application
from keyhouse.services.refusals import NotFound, Taken, refuse
from keyhouse.services.work import Office, Work, Written

WRITE: Final = "keys:write"
REVOCATIONS_MAX: Final = 10_000
"""For each application: a gateway that serves tokens of it holds them all."""
LIFE_US: Final = (SECONDS_MAX + 3600) * 1_000_000
"""So long after it a revocation is kept: an hour more than any token lasts, for

clocks that differ.
"""


class RevokeWish(NamedTuple):
    """What is to be revoked of an application's tokens: exactly one of these.

    `token` is the token itself or its id.
    """

    application: str
    token: str | None = None
    session: str | None = None
    user: str | None = None
    key: str | None = None
    all: bool = False


class Revoked(NamedTuple):
    """What was revoked: tokens issued before `before` that bear `value`."""

    application_id: str
    kind: RevokedKind
    value: str
    before: int


def revoke_tokens(work: Work, wish: RevokeWish) -> Revoked:
    """Revoke tokens of an application within reach. Doing it again does no harm."""
    application = reached_application(work, WRITE, wish.application)
    return _revoke(work, application, *_meant(work, application, wish))


def revoke_of_key(
    office: Office,
    actor: Actor,
    application_id: str,
    kind: RevokedKind,
    value: str,
) -> Written[Revoked]:
    """Revoke tokens of the application of a key, whose holder asks: `actor`.

    Whether the key is one of that application was asked before.
    """

    def act(work: Work) -> Revoked:
        refuse(_check(kind, value))
        application = work.own(Application, application_id)
        return _revoke(work, application, kind, value)

    return office.write(actor, act)


def _meant(
    work: Work, application: Application, wish: RevokeWish
) -> tuple[RevokedKind, str]:
    given = {
        RevokedKind.TOKEN: wish.token,
        RevokedKind.SESSION: wish.session,
        RevokedKind.USER: wish.user,
        RevokedKind.KEY: wish.key,
        RevokedKind.APPLICATION: application.id if wish.all else None,
    }
    named = [(kind, value) for kind, value in given.items() if value is not None]
    if len(named) != 1:
        mend = "send exactly one of token, session, user, key and all"
        refuse([Problem("token", "is not the one thing that is to be revoked", mend)])
    kind, value = named[0]
    if kind is RevokedKind.TOKEN:
        apart = taken_apart(value.encode("utf-8", "replace"))
        if apart is not None and apart[1].application_id != application.id:
            raise NotFound("token")
        value = value if apart is None else apart[1].id
    refuse(_check(kind, value))
    if kind is RevokedKind.KEY:
        key = work.own(Key, value)
        if key.application_id != application.id:
            raise NotFound("key")
    return kind, value


def _check(kind: RevokedKind, value: str) -> list[Problem]:
    # What is revoked is written down as it is, and told to all who may read audits.
    if holds_ours(value.encode("utf-8", "replace")):
        return [Problem(kind.value, "is a key", "POST it to /v1/secrets/revoke")]
    if kind is RevokedKind.TOKEN and not ids.is_id(value, ids.TOKEN):
        return [Problem(kind.value, "is no token", "send the token, or its `jti`")]
    if not is_user_name(value):
        return [Problem(kind.value, "is no name", "send it as the token has it")]
    return []


def _revoke(work: Work, application: Application, kind: RevokedKind, value: str) -> Revoked:
    expires_at = work.now_us + LIFE_US
    # A token is named by its id, whenever it was made and by whose clock.
    before = expires_at if kind is RevokedKind.TOKEN else work.now_us + 1
    id = f"{application.id}/{kind.value}/{user_digest(value)}"
    if kind is RevokedKind.APPLICATION:
        # All tokens are revoked, so nothing else need be said. The row that comes in
        # their place tells gateways, whichever were there.
        work.tx.remove_many(TokenRevocation, application_id=application.id)
    row = work.tx.get(TokenRevocation, id)
    if row is not None:
        work.tx.update(row, before=before, expires_at=expires_at, updated_at=work.now_us)
    else:
        _refuse_more(work, application)
        work.tx.insert(
            TokenRevocation(
                id=id,
                organization_id=application.organization_id,
                application_id=application.id,
                kind=kind,
                value=value,
                before=before,
                expires_at=expires_at,
                created_at=work.now_us,
                updated_at=work.now_us,
            )
        )
    told = {"kind": kind.value, "value": value}
    work.note("token.revoke", application.id, after=told)
    return Revoked(application.id, kind, value, before)


def _refuse_more(work: Work, application: Application) -> None:
    held = work.tx.count_each(
        TokenRevocation, "application_id", [application.id], REVOCATIONS_MAX
    )
    if held[application.id] >= REVOCATIONS_MAX:
        mend = "revoke all tokens of the application, or wait until some have ended"
        raise Taken("application", f"has {REVOCATIONS_MAX} revocations", mend)
