"""What a program tells of a request, as the request that is decided on."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.request import Request
from keyhouse.core.scopes import is_entry
from keyhouse.core.secret import Secret, without_secret
from keyhouse.core.validation import check_entry

T = TypeVar("T")


def put(  # noqa: PLR0913, PLR0917 - the request's facts; names cost time here
    ask: Callable[[Request, None, str], T],
    secret: str | Secret | None,
    api: str,
    address: str | None,
    method: str | None,
    path: str | None,
    referrer: str,
    origin: str,
    app: str,
    tls: bool,
    environment: str | None,
    scopes: Iterable[str],
    cost: int | None,
    key_id: str | None,
    browser: bool,
    token: str | None,
) -> T:
    """What `ask` says to the request and its path as it may be written down.

    Raises ValueError for an address, scopes or a cost that are none.
    """
    if cost is not None and cost < 0:
        raise ValueError("cost: is at least 0")
    needed = tuple(scopes)
    if needed:
        refuse_wrong(needed)
    request = Request(
        _bytes_of(secret),
        api,
        UNKNOWN if address is None else address_number(address),
        method,
        path,
        referrer,
        origin,
        app,
        tls,
        environment,
        needed,
        cost,
        key_id,
        browser or bool(origin),
        None if token is None else _bytes_of(token),
    )
    return ask(request, None, _told_path(request) if path else "")


def _told_path(request: Request) -> str:
    """The path without any secret."""
    path = request.path or ""
    return without_secret(without_secret(path, request.secret), request.token)


def refuse_wrong(scopes: tuple[str, ...]) -> None:
    """Raise ValueError for a list of needed scopes that is none, and say why."""
    for place, scope in enumerate(scopes):
        if not is_entry(scope):
            [problem, *_] = check_entry(f"scopes.{place}", scope)
            raise ValueError(f"{problem.field}: {problem.reason}; {problem.mend}")


def _bytes_of(secret: str | Secret | None) -> bytes | None:
    if secret is None:
        return None
    text = secret.reveal() if isinstance(secret, Secret) else secret
    try:
        return text.encode()  # in half the time that naming what else may be takes
    except UnicodeEncodeError:
        pass
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, as JSON can write it: no key holds one
        return text.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=4096)
def address_number(text: str) -> int:
    """`core.addresses.parse_address`, remembered: callers come back."""
    return parse_address(text)
