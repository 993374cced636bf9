"""What a caller of verify sends: one request, or a batch of them."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.credentials import Chosen, choose, chosen_of
from keyhouse.core.entities import Environment
from keyhouse.core.request import Request
from keyhouse.core.scopes import is_entry
from keyhouse.core.user_tokens import looks_like_token
from keyhouse.core.validation import Problem, check_entry
from keyhouse.core.verdict import Verdict

REQUESTS_MAX: Final = 100
"""What a batch may hold."""
COST_MAX: Final = 1_000_000_000
_SCOPES_MAX: Final = 100
ADDRESSES_MAX: Final = 4_096
"""So many texts of addresses are known: users come back, and reading one is slow."""


class Faulty(Exception):
    """A field of the body is not what it must be."""

    def __init__(self, field: str, reason: str, mend: str, status: int = 422) -> None:
        super().__init__(reason)
        self.problem = Problem(field, reason, mend)
        self.status = status

    def at(self, place: int) -> "Faulty":
        """The same fault, in the request at that place of a batch."""
        field, reason, mend = self.problem
        named = f"requests.{place}.{field}" if field else f"requests.{place}"
        return Faulty(named, reason, mend, self.status)


class Asked(NamedTuple):
    """One request to be verified; `refusal` is that of its secret, if it is none.

    `reserves` says that its cost is reserved, and told when the call is done.
    """

    request: Request
    refusal: Verdict | None
    reserves: bool = False


class Batch(NamedTuple):
    """Many of them, each as it is or the fault in it, in the order of the caller.

    `watch`: the caller follows the change log, and is told what may be remembered.
    """

    entries: tuple[Asked | Faulty, ...]
    watch: bool


def read(body: bytes) -> Asked | Batch:
    """What a body asks. Raises Faulty, which names the field, where it is no question.

    A fault in one entry of a batch stands in the place of that entry.
    """
    try:
        given = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise Faulty("body", "is not JSON", "send one JSON object in UTF-8", 400) from None
    if not isinstance(given, dict):
        raise Faulty("body", "is not a JSON object", "send one object")
    return _batch(given) if "requests" in given else _asked(given)


def _batch(given: dict[str, Any]) -> Batch:
    entries, watch = given.pop("requests"), given.pop("watch", None)
    watch = watch is not None and _flag("watch", watch)
    for name in given:
        mend = "leave it out, or send it in each of the requests"
        raise Faulty(name[:64], "is not a field of a batch", mend)
    if not isinstance(entries, list) or len(entries) > REQUESTS_MAX:
        mend = f"send a list of at most {REQUESTS_MAX} requests"
        raise Faulty("requests", "is no list, or too long", mend)
    return Batch(tuple(map(_entry, entries)), watch)


def _entry(given: object) -> Asked | Faulty:
    if not isinstance(given, dict):
        return Faulty("", "is not a JSON object", "send one object")
    try:
        return _asked(given)
    except Faulty as faulty:
        return faulty


def _asked(given: dict[str, Any]) -> Asked:
    read: dict[str, Any] = {}
    for name, value in given.items():
        reader = _FIELDS.get(name)
        if reader is None:
            mend = f"leave it out; the fields are {', '.join(sorted(_FIELDS))}"
            raise Faulty(name[:64], "is not a field of verify", mend)
        if value is not None:
            read[name] = reader(name, value)
    for name in ("secret", "api"):
        if name not in read:
            raise Faulty(name, "is missing", "send a string")
    reserves = "reserve" in read
    if reserves:
        if "cost" in read:
            raise Faulty("reserve", "stands beside a cost", "send one of the two")
        read["cost"] = read.pop("reserve")
    if read.get("origin"):
        read["browser"] = True
    secret, refusal, _, _, token = _chosen(read.pop("secret"), read.pop("token", None))
    return Asked(Request(secret, token=token, **read), refusal, reserves)


def _chosen(secret: bytes, token: bytes | None) -> Chosen:
    """The key or the user's token, or both."""
    if token is None and not looks_like_token(secret):
        return choose(secret, None, None)
    return chosen_of(secret, token or None)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise Faulty(name, "is not a string", "send a string")
    return value


def _bytes(name: str, value: object) -> bytes:
    return _text(name, value).encode("utf-8", "replace")


def _method(name: str, value: object) -> str | None:
    return _text(name, value).upper() or None


_parsed: Final = lru_cache(ADDRESSES_MAX)(parse_address)


def _address(name: str, value: object) -> int:
    text = _text(name, value)
    try:
        return _parsed(text) if text else UNKNOWN
    except ValueError:
        mend = "send an IPv4 or IPv6 address, as 203.0.113.9"
        raise Faulty(name, "is no address", mend) from None


def _path(name: str, value: object) -> str | None:
    path = _text(name, value).partition("?")[0]
    if path and not path.startswith("/"):
        mend = "send what comes below the API's root, as /forecast"
        raise Faulty(name, "does not begin with /", mend)
    return path or None


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise Faulty(name, "is not a boolean", "send true or false")
    return value


def _environment(name: str, value: object) -> str | None:
    environment = _text(name, value)
    if environment and environment not in tuple(Environment):
        raise Faulty(name, "is no environment", "choose live or test")
    return environment or None


def _scopes(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _SCOPES_MAX:
        mend = f"send a list of at most {_SCOPES_MAX} scopes"
        raise Faulty(name, "is no list, or too long", mend)
    for place, scope in enumerate(value):
        if not isinstance(scope, str):
            raise Faulty(f"{name}.{place}", "is no scope", "write it as resource:action")
        if not is_entry(scope):
            [problem, *_] = check_entry(f"{name}.{place}", scope)
            raise Faulty(*problem)
    return tuple(value)


def _units(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= COST_MAX:
        mend = f"send one from 0 to {COST_MAX}"
        raise Faulty(name, "is no such whole number", mend)
    return value


_FIELDS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "secret": _bytes,
    "api": _text,
    "address": _address,
    "method": _method,
    "path": _path,
    "referrer": _text,
    "origin": _text,
    "app": _text,
    "tls": _flag,
    "environment": _environment,
    "scopes": _scopes,
    "cost": _units,
    "reserve": _units,
    "key_id": _text,
    "browser": _flag,
    "token": _bytes,
}
"""What a body may hold, and how each of it is read; null is as if it were left out."""
