"""What a caller of verify sends: one request, or a batch of them."""

import json
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
_FIELDS: Final = frozenset(
    (
        "secret",
        "api",
        "address",
        "method",
        "path",
        "referrer",
        "origin",
        "app",
        "tls",
        "environment",
        "scopes",
        "cost",
        "reserve",
        "key_id",
        "browser",
        "token",
    )
)
COST_MAX: Final = 1_000_000_000
_SCOPES_MAX: Final = 100


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
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Faulty("body", "is not JSON", "send one JSON object in UTF-8", 400) from None
    if not isinstance(given, dict):
        raise Faulty("body", "is not a JSON object", "send one object")
    return _batch(given) if "requests" in given else _asked(given)


def _batch(given: dict[str, Any]) -> Batch:
    entries, watch = given.pop("requests"), _flag(given, "watch")
    given.pop("watch", None)
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
    for name in given:
        if name not in _FIELDS:
            mend = f"leave it out; the fields are {', '.join(sorted(_FIELDS))}"
            raise Faulty(name[:64], "is not a field of verify", mend)
    if given.get("reserve") is not None and given.get("cost") is not None:
        raise Faulty("reserve", "stands beside a cost", "send one of the two")
    chosen = _chosen(given)
    request = Request(
        chosen.secret,
        _text(given, "api", required=True),
        _address(given),
        _text(given, "method").upper() or None,
        _path(given),
        _text(given, "referrer"),
        _text(given, "origin"),
        _text(given, "app"),
        _flag(given, "tls"),
        _environment(given),
        _scopes(given),
        _units(given, "cost" if given.get("reserve") is None else "reserve"),
        _key_id(given),
        _flag(given, "browser") or bool(given.get("origin")),
        chosen.token,
    )
    return Asked(request, chosen.refusal, given.get("reserve") is not None)


def _chosen(given: dict[str, Any]) -> Chosen:
    """The key or the user's token, or both."""
    secret = _text(given, "secret", required=True).encode("utf-8", "replace")
    if given.get("token") is None and not looks_like_token(secret):
        return choose(secret, None, None)
    token = _text(given, "token").encode("utf-8", "replace")
    return chosen_of(secret, token or None)


def _text(given: dict[str, Any], name: str, *, required: bool = False) -> str:
    value = given.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        reason = "is missing" if value is None else "is not a string"
        raise Faulty(name, reason, "send a string")
    return value


def _address(given: dict[str, Any]) -> int:
    text = _text(given, "address")
    try:
        return parse_address(text) if text else UNKNOWN
    except ValueError:
        mend = "send an IPv4 or IPv6 address, as 203.0.113.9"
        raise Faulty("address", "is no address", mend) from None


def _path(given: dict[str, Any]) -> str | None:
    path = _text(given, "path").partition("?")[0]
    if path and not path.startswith("/"):
        mend = "send what comes below the API's root, as /forecast"
        raise Faulty("path", "does not begin with /", mend)
    return path or None


def _key_id(given: dict[str, Any]) -> str | None:
    return _text(given, "key_id") if given.get("key_id") is not None else None


def _flag(given: dict[str, Any], name: str) -> bool:
    flag = given.get(name)
    if flag is not None and not isinstance(flag, bool):
        raise Faulty(name, "is not a boolean", "send true or false")
    return bool(flag)


def _environment(given: dict[str, Any]) -> str | None:
    environment = _text(given, "environment")
    if environment and environment not in tuple(Environment):
        raise Faulty("environment", "is no environment", "choose live or test")
    return environment or None


def _scopes(given: dict[str, Any]) -> tuple[str, ...]:
    scopes = given.get("scopes")
    if scopes is None:
        return ()
    if not isinstance(scopes, list) or len(scopes) > _SCOPES_MAX:
        mend = f"send a list of at most {_SCOPES_MAX} scopes"
        raise Faulty("scopes", "is no list, or too long", mend)
    for place, scope in enumerate(scopes):
        if not isinstance(scope, str):
            raise Faulty(f"scopes.{place}", "is no scope", "write it as resource:action")
        if not is_entry(scope):
            [problem, *_] = check_entry(f"scopes.{place}", scope)
            raise Faulty(*problem)
    return tuple(scopes)


def _units(given: dict[str, Any], name: str) -> int | None:
    units = given.get(name)
    if units is None:
        return None
    if isinstance(units, bool) or not isinstance(units, int) or not 0 <= units <= COST_MAX:
        mend = f"send one from 0 to {COST_MAX}"
        raise Faulty(name, "is no such whole number", mend)
    return units
