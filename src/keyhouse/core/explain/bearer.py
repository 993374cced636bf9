"""A user's token in a request that is explained: what of it is told, and what it makes.

Neither the token nor anything that opens something is needed to ask: claims do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from keyhouse.core.compilation import compile_revocations
from keyhouse.core.entities import Limit, RevokedKind, TokenRevocation
from keyhouse.core.explain.finding import (
    Fact,
    Finding,
    Moment,
    Place,
    cannot_tell,
    passed,
    refused,
)
from keyhouse.core.quotas import FOREVER_US
from keyhouse.core.records import Line
from keyhouse.core.scopes import covers
from keyhouse.core.user_lines import user_line
from keyhouse.core.user_tokens import SECONDS_MAX, UserToken, revocable, revoked_name
from keyhouse.core.verdict import Verdict

_MINT_ANEW = "Have the application mint a new token."
_LONGEST_US = SECONDS_MAX * 1_000_000
_REVOKED = {
    RevokedKind.TOKEN: "The token was revoked.",
    RevokedKind.SESSION: "What the session {value} had before {since} is revoked.",
    RevokedKind.USER: "What the user {value} had before {since} is revoked.",
    RevokedKind.KEY: "What was minted with the key before {since} is revoked.",
    RevokedKind.APPLICATION: "All that its application had before {since} is revoked.",
}


class ToldToken(NamedTuple):
    """What is told of a token; '' and None are not told.

    Not told when it was issued, it is as one that is minted now; without an id,
    a session or an end it has none that stands against it. Where `scopes` are
    not told it holds all that its key holds, unless it comes from the request
    log, which does not keep them: `logged`. `api_id` is the API that it is for.
    """

    subject: str
    session: str = ""
    id: str = ""
    api_id: str = ""
    issued_us: int | None = None
    ends_us: int | None = None
    scopes: frozenset[str] | None = None
    limits: tuple[Limit, ...] = ()
    logged: bool = False

    @property
    def latest_us(self) -> int | None:
        """The last moment at which it can end, None where nothing tells."""
        if self.ends_us is not None:
            return self.ends_us
        return None if self.issued_us is None else self.issued_us + _LONGEST_US


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token with the revocations that name it, of its application's.

    `key_line` is the way of the key that minted it, without the token.
    """

    told: ToldToken
    revocations: Sequence[TokenRevocation]
    key_line: Line

    def line(self, now_us: int) -> Line:
        """What a door would decide on, if the token is as it is told."""
        of_key, told = self.key_line, self.told
        record = compile_revocations(of_key.application.id, self.revocations)
        return user_line(of_key, token_of(told, of_key, now_us), record)


def token_of(told: ToldToken, line: Line, now_us: int) -> UserToken:
    """A token of which this is told, minted with the key of `line`."""
    held = line.grant.scopes if line.grant else frozenset()
    latest = told.latest_us
    return UserToken(
        id=told.id,
        subject=told.subject,
        session=told.session,
        application_id=line.application.id,
        api_id=told.api_id or line.api.id,
        key_id=line.key.id,
        secret_id=line.secret.id,
        issued_us=now_us if told.issued_us is None else told.issued_us,
        ends_us=FOREVER_US if latest is None else latest,
        scopes=held if told.scopes is None else told.scopes,
        limits=told.limits,
    )


def named_by(told: ToldToken, line: Line, now_us: int) -> frozenset[str]:
    """The names of all revocations that would hold it."""
    return frozenset(revocable(token_of(told, line, now_us)))


def name_of(row: TokenRevocation) -> str:
    """What a revocation names."""
    return revoked_name(row.kind, row.value)


def revoked(bearer: Bearer) -> Iterator[Finding]:
    """Each revocation that names the token; one that it is younger than passes."""
    issued_us = bearer.told.issued_us
    holding = [
        row for row in bearer.revocations if issued_us is None or issued_us < row.before
    ]
    for row in holding:
        found = _REVOKED[row.kind]
        facts: dict[str, Fact] = {"value": row.value, "since": Moment(row.before)}
        if issued_us is None:
            found = f"{found} Cannot tell whether the token was issued before that."
            yield cannot_tell(Verdict.VALID, found, "Tell its jti, or its iat.", **facts)
        else:
            yield refused(Verdict.REVOKED, found, _MINT_ANEW, Place.CALLER, **facts)
    if not holding:
        yield passed("No revocation of tokens holds for it.")


def expired(bearer: Bearer, now_us: int) -> Iterator[Finding]:
    """The end of the token, or the last moment at which it can have one."""
    told, latest = bearer.told, bearer.told.latest_us
    if latest is None:
        yield passed("The end of the token is not told: it is taken for a new one.")
    elif latest <= now_us:
        found = "The token ended at {since}."
        if told.ends_us is None:
            found = "No token lasts for more than a day, so this one ended by {since}."
        since = Moment(latest)
        yield refused(Verdict.EXPIRED, found, _MINT_ANEW, Place.CALLER, since=since)
    elif told.ends_us is None:
        found = "When the token ends is not told; at {latest} it will have ended."
        yield cannot_tell(Verdict.VALID, found, "Tell its exp.", latest=Moment(latest))
    else:
        yield passed("The token works until {ends_at}.", ends_at=Moment(latest))


def audience(bearer: Bearer) -> Iterator[Finding]:
    """The one API that the token is for."""
    told, api = bearer.told, bearer.key_line.api
    if told.api_id and told.api_id != api.id:
        found = "The token is for another API, {audience}, and this is {api}."
        mend = "Have the application mint a token for {api}."
        facts = {"audience": told.api_id, "api": api.slug}
        verdict = Verdict.API_NOT_ALLOWED
        yield refused(verdict, found, mend, Place.CALLER, **facts)


def beyond(bearer: Bearer) -> Iterator[Finding]:
    """Scopes of the token that its key does not hold: they count for nothing."""
    grant = bearer.key_line.grant
    held = frozenset() if grant is None else grant.scopes
    wider = [one for one in sorted(bearer.told.scopes or ()) if not covers(held, one)]
    if wider:
        found = (
            "The token names {beyond}, which its key does not hold: it counts for nothing."
        )
        yield passed(found, beyond=tuple(wider))
