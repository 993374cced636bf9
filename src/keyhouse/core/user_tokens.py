"""Tokens of users: what they claim, and what can be read of one before it is believed.

A token is a JWT in the profile of RFC 9068. Its header begins with what no
other JWT begins with, so that one of ours is known by a look at its first
bytes; whether it is ours is known when its signature was checked.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Limit, LimitKind, RevokedKind, Window
from keyhouse.core.limits import MICROSECONDS
from keyhouse.core.scopes import is_scope

KIND: Final = "at+jwt"
"""The token's `typ` (RFC 9068, 2.1): an identity token has another (RFC 8725, 3.11)."""
MARK: Final[Mapping[str, object]] = {"typ": KIND, "cty": "vnd.keyhouse+json"}
"""What the header of each token begins with. Members of RFC 7515 alone: there are

libraries that refuse a header with any other.
"""
_BEGUN: Final = b'{"typ":"at+jwt","cty":"vnd.keyhouse+json"'
PREFIX: Final = urlsafe_b64encode(_BEGUN[: len(_BEGUN) // 3 * 3])
"""What each token begins with: three bytes are four characters, whatever follows."""
TOKEN_LENGTH_MAX: Final = 4096
SECONDS_MAX: Final = 86_400
"""The longest life of any token; so long is kept what was revoked."""
SECONDS_USUAL: Final = 3600
NAME_LENGTH_MAX: Final = 255
"""Characters of a user and of a session."""
SCOPES_MAX: Final = 64
LIMITS_MAX: Final = 4
"""The most limits that one token gives its user. They count by UTC."""
_NUMBER_MAX: Final = 1 << 53
_is_name: Final = re.compile(rf"[!-~]{{1,{NAME_LENGTH_MAX}}}").fullmatch
_ALGORITHMS: Final = frozenset(("EdDSA", "ES256"))
_PERSON: Final = b"keyhouse-user"


class Signed(NamedTuple):
    """A JWT taken apart: what was signed, how, with which key, and the signature."""

    algorithm: str
    key_id: str
    content: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class UserToken:
    """What a token says, each of it of the right type. `limits` are what its

    minter allows the user. `ends_us` is the first moment at which it is no more.
    """

    id: str
    subject: str
    session: str
    application_id: str
    api_id: str
    key_id: str
    secret_id: str
    issued_us: int
    ends_us: int
    scopes: frozenset[str]
    issuer: str = ""
    limits: tuple[Limit, ...] = field(default=())


class Mint(NamedTuple):
    """All that goes into a new token."""

    id: str
    issuer: str
    subject: str
    session: str
    application_id: str
    api_id: str
    key_id: str
    secret_id: str
    environment: str
    now_us: int
    seconds: int
    scopes: Sequence[str]
    limits: Sequence[Limit] = ()


def is_user_name(text: str) -> bool:
    """Whether `text` can name a user or session: visible ASCII, as a header takes it."""
    return _is_name(text) is not None


def looks_like_token(text: bytes) -> bool:
    """Whether `text` begins as each token of ours does."""
    return text.startswith(PREFIX)


def claims_of(mint: Mint) -> dict[str, object]:
    """The claims by the names of RFC 9068 (2.2) and, beside them, our own."""
    issued = mint.now_us // MICROSECONDS
    claims: dict[str, object] = {
        "iss": mint.issuer,
        "sub": mint.subject,
        "aud": mint.api_id,
        "azp": mint.application_id,
        "client_id": mint.application_id,
        "jti": mint.id,
        "iat": issued,
        "exp": issued + mint.seconds,
        "scope": " ".join(mint.scopes),
        "key": mint.key_id,
        "secret": mint.secret_id,
        "environment": mint.environment,
    }
    if mint.session:
        claims["sid"] = mint.session
    if mint.limits:
        claims["limits"] = [_limit_told(limit) for limit in mint.limits]
    return claims


def taken_apart(token: bytes) -> tuple[Signed, UserToken] | None:
    """What a token is made of and says, None where it is none of ours.

    Nothing of it is to be believed before the signature was checked.
    """
    if len(token) > TOKEN_LENGTH_MAX or not looks_like_token(token):
        return None
    try:
        head, body, signature = token.split(b".")
        header, claims = _object(head), _object(body)
        if header is None or claims is None or header["typ"] != KIND:
            return None
        algorithm, key_id = header["alg"], header["kid"]
        if algorithm not in _ALGORITHMS or not isinstance(key_id, str) or "crit" in header:
            return None
        content = b"%b.%b" % (head, body)
        signed = Signed(algorithm, key_id, content, _decoded(signature))
        return signed, _read(claims)
    except (LookupError, TypeError, ValueError, RecursionError, NotBase64):
        return None


def revocable(token: UserToken) -> tuple[str, ...]:
    """The names of all by which a token may be revoked."""
    names = [
        revoked_name(RevokedKind.TOKEN, token.id),
        revoked_name(RevokedKind.USER, token.subject),
        revoked_name(RevokedKind.KEY, token.key_id),
        revoked_name(RevokedKind.APPLICATION, token.application_id),
    ]
    if token.session:
        names.append(revoked_name(RevokedKind.SESSION, token.session))
    return tuple(names)


def revoked_name(kind: RevokedKind, value: str) -> str:
    """What is revoked, by one name."""
    return f"{kind.value}/{value}"


def issued_ms(token_id: str) -> int:
    """The millisecond at which a token was made, as its id tells it."""
    number = 0
    for letter in token_id.partition("_")[2]:
        number = number * 62 + ids.ALPHABET.index(letter)
    return number >> (8 * ids.ENTROPY_BYTES)


def read_limits(claim: Sequence[Any]) -> tuple[Limit, ...]:
    """The limits that a token's claim tells. LookupError, TypeError or ValueError."""
    return tuple(map(_limit, claim))


def user_digest(subject: str) -> str:
    """What stands for a user in the names of counters and budgets."""
    return blake2b(subject.encode(), digest_size=12, person=_PERSON).hexdigest()


def _read(claims: dict[str, Any]) -> UserToken:
    """The claims, each checked. Raises KeyError, TypeError or ValueError."""
    issued, ends = _number(claims["iat"]), _number(claims["exp"])
    scopes = _text(claims["scope"], 0).split()
    if not issued < ends <= issued + SECONDS_MAX or not all(map(is_scope, scopes)):
        raise ValueError("a token that we do not make")
    id = _name(claims["jti"])
    if not ids.is_id(id, ids.TOKEN):
        raise ValueError("a claim that is no id")
    return UserToken(
        id=id,
        subject=_name(claims["sub"]),
        session=_name(claims["sid"]) if "sid" in claims else "",
        application_id=_name(claims["azp"]),
        api_id=_name(claims["aud"]),
        key_id=_name(claims["key"]),
        secret_id=_name(claims["secret"]),
        issued_us=issued_ms(id) * 1000,
        ends_us=ends * MICROSECONDS,
        scopes=frozenset(scopes),
        issuer=_text(claims["iss"], 0),
        limits=read_limits(claims.get("limits", ())),
    )


def _text(value: object, least: int = 1) -> str:
    if not isinstance(value, str) or len(value) < least:
        raise TypeError("a claim that is no text")
    return value


def _name(value: object) -> str:
    text = _text(value)
    if not is_user_name(text):
        raise ValueError("a claim that is no name")
    return text


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("a claim that is no whole number")
    if not 0 <= value < _NUMBER_MAX:
        raise ValueError("a claim that is too large")
    return value


def _limit_told(limit: Limit) -> list[object]:
    """A limit in few bytes: name, amount, then period and burst, or the window."""
    if limit.kind is LimitKind.RATE:
        return [limit.name, limit.amount, limit.period_seconds, limit.burst]
    window = None if limit.window is None else limit.window.value
    return [limit.name, limit.amount, window]


def _limit(told: list[Any]) -> Limit:
    name, amount = _text(told[0]), _number(told[1])
    if isinstance(told[2], str):
        return Limit(
            name=name,
            kind=LimitKind.QUOTA,
            amount=amount,
            window=Window(told[2]),
        )
    burst = None if told[3] is None else _number(told[3])
    period = _number(told[2])
    return Limit(
        name=name, kind=LimitKind.RATE, amount=amount, period_seconds=period, burst=burst
    )


def _object(part: bytes) -> dict[str, Any] | None:
    """A JSON object in base64url; None where a name in it comes twice.

    Of two of a name others might take the other one (RFC 8725, 2.4).
    """
    pairs: list[list[tuple[str, Any]]] = []

    def whole(found: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs.append(found)
        return dict(found)

    made = json.loads(_decoded(part), object_pairs_hook=whole)
    if any(len(dict(found)) != len(found) for found in pairs):
        return None
    return made if isinstance(made, dict) else None


def _decoded(part: bytes) -> bytes:
    """The bytes of canonical base64url without padding; ValueError for any other."""
    decoded = urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    if urlsafe_b64encode(decoded).rstrip(b"=") != part:
        raise ValueError("no base64url")
    return decoded
