"""What callers of the token endpoints send: JSON, or a form as OAuth has it."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from keyhouse.core.entities import Limit, LimitKind, RevokedKind, Window
from keyhouse.doors.gateway.verify_body import Faulty

EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name
JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
USER: Final = "urn:keyhouse:params:oauth:token-type:user"
"""The type of a `subject_token` that is no token, but the name of a user."""
_FIXED: Final[Mapping[str, tuple[str, ...]]] = {
    "grant_type": (EXCHANGE,),
    "subject_token_type": (USER,),
    "requested_token_type": (ACCESS_TOKEN, JWT),
}
_SAME: Final[Mapping[str, str]] = {
    "audience": "api",
    "resource": "api",
    "subject_token": "sub",
    "scope": "scopes",
    "token_type_hint": "",
}
"""Fields by the names of RFC 8693 and RFC 7009, and by ours; '' is not used."""
_MINT: Final = frozenset(("api", "sub", "sid", "scopes", "expires_in", "limits"))
_NUMBERS: Final = ("rate", "quota", "period_seconds", "burst")
_LIMIT: Final = frozenset(("name", "window", *_NUMBERS))
_MEANT: Final[Mapping[str, RevokedKind]] = {
    "sub": RevokedKind.USER,
    "sid": RevokedKind.SESSION,
    "all": RevokedKind.APPLICATION,
}
_FIELDS_MAX: Final = 32


class Wanted(NamedTuple):
    """A token that is asked for."""

    api: str
    subject: str
    session: str
    scopes: tuple[str, ...] | None
    seconds: int | None
    limits: tuple[Limit, ...]


class Revocation(NamedTuple):
    """What is to be revoked: a token, or all of a `kind` that bear `value`."""

    token: bytes
    kind: RevokedKind | None
    value: str


def read_mint(body: bytes) -> Wanted:
    """The token that a body asks for. Raises Faulty."""
    given = _named(body, _MINT)
    return Wanted(
        _text(given, "api"),
        _text(given, "sub"),
        _text(given, "sid", ""),
        _scopes(given.get("scopes")),
        _seconds(given.get("expires_in")),
        _limits(given.get("limits")),
    )


def read_token(body: bytes) -> bytes:
    """The token that a body asks about. Raises Faulty."""
    return _text(_named(body, frozenset(("token",))), "token").encode("utf-8", "replace")


def read_revocation(body: bytes) -> Revocation:
    """What a body wants to have revoked. Raises Faulty."""
    given = _named(body, frozenset(("token", *_MEANT)))
    said = [name for name in given if given[name] not in (None, False, "")]
    if len(said) != 1:
        mend = "send exactly one of token, sub, sid and all"
        raise Faulty("token", "is not the one thing that is to be revoked", mend)
    [name] = said
    if name == "token":
        return Revocation(_text(given, name).encode("utf-8", "replace"), None, "")
    if name == "all":
        if given[name] not in (True, "true"):
            raise Faulty("all", "is not true", "send true, or leave it out")
        return Revocation(b"", RevokedKind.APPLICATION, "")
    return Revocation(b"", _MEANT[name], _text(given, name))


def _named(body: bytes, fields: frozenset[str]) -> dict[str, Any]:
    """The fields of a body by our names. Raises Faulty for one that is not known."""
    made: dict[str, Any] = {}
    for name, value in _pairs(body):
        fixed = _FIXED.get(name)
        if fixed is not None and "api" in fields:
            if value not in fixed:
                raise Faulty(name, "is not served", f"send {fixed[0]}, or leave it out")
            continue
        ours = _SAME.get(name, name)
        if not ours:
            continue
        if ours not in fields:
            mend = f"leave it out; the fields are {', '.join(sorted(fields))}"
            raise Faulty(name[:64], "is not a field of this", mend)
        if ours in made:
            raise Faulty(name[:64], "is there twice", "send it once")
        made[ours] = value
    return made


def _pairs(body: bytes) -> list[tuple[str, Any]]:
    if not body.lstrip().startswith(b"{"):
        try:
            return parse_qsl(
                body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS_MAX
            )
        except ValueError:
            raise Faulty("", "is neither JSON nor a form", "send one", 400) from None
    pairs: list[list[tuple[str, Any]]] = []

    def whole(found: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs.append(found)
        return dict(found)

    try:
        json.loads(body, object_pairs_hook=whole)
    except (ValueError, RecursionError):
        raise Faulty("", "is not JSON", "send one JSON object", 400) from None
    return pairs[-1]


def _text(given: dict[str, Any], name: str, otherwise: str | None = None) -> str:
    value = given.get(name, otherwise)
    if value is None:
        raise Faulty(name, "is missing", "send a string")
    if not isinstance(value, str):
        raise Faulty(name, "is not a string", "send a string")
    return value


def _scopes(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    scopes = value.split() if isinstance(value, str) else value
    if not isinstance(scopes, list) or not all(isinstance(one, str) for one in scopes):
        raise Faulty("scopes", "is no list of scopes", "send a list, or one text")
    return tuple(scopes)


def _seconds(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Faulty("expires_in", "is no whole number", "send seconds")
    return value


def _limits(value: object) -> tuple[Limit, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Faulty("limits", "is no list", "send a list of limits, as JSON")
    return tuple(_limit(f"limits.{place}", one) for place, one in enumerate(value))


def _limit(field: str, given: object) -> Limit:
    """A limit in the form that the management API has: it has a rate or a quota."""
    if not isinstance(given, dict):
        raise Faulty(field, "is no JSON object", "send name, and rate or quota")
    for name in given:
        if name not in _LIMIT:
            mend = f"leave it out; the fields are {', '.join(sorted(_LIMIT))}"
            raise Faulty(f"{field}.{name[:64]}", "is not a field of it", mend)
    for name in _NUMBERS:
        number = given.get(name)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
            raise Faulty(f"{field}.{name}", "is no whole number", "send one")
    rate, quota, window = given.get("rate"), given.get("quota"), given.get("window")
    amount: Any = quota if rate is None else rate
    if (rate is None) == (quota is None):
        raise Faulty(field, "has not one of rate and quota", "send one of them")
    if window is not None and window not in tuple(Window):
        raise Faulty(f"{field}.window", "is no window", f"choose {', '.join(Window)}")
    return Limit(
        name=_text(given, "name"),
        kind=LimitKind.QUOTA if rate is None else LimitKind.RATE,
        amount=amount,
        period_seconds=given.get("period_seconds"),
        burst=given.get("burst"),
        window=None if window is None else Window(window),
    )
