"""The request that is asked about: the fields of verify, all but the secret."""

from typing import Final, NamedTuple

from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.entities import Environment
from keyhouse.core.request import Request
from keyhouse.core.validation import Problem, check_needs, check_number
from keyhouse.services.explain.bearers import Claims
from keyhouse.services.refusals import refuse

COST_MAX: Final = 1_000_000_000
"""As the verify endpoint's."""


class Asked(NamedTuple):
    """A request as far as it is told. `api` is an id or slug; without it the

    key's only one is meant. `secret_version` is that of the secret it comes
    with; without it the newest that works. `token` are the claims of a user's
    token that it comes with, which that secret minted.
    """

    api: str | None = None
    address: str | None = None
    method: str | None = None
    path: str | None = None
    referrer: str | None = None
    origin: str | None = None
    app: str | None = None
    tls: bool | None = None
    environment: str | None = None
    scopes: tuple[str, ...] = ()
    cost: int | None = None
    secret_version: int | None = None
    token: Claims | None = None


def read_request(asked: Asked, slug: str) -> Request:
    """The request that every door would build of it. Raises Invalid."""
    refuse(_problems(asked))
    path = (asked.path or "").partition("?")[0]
    return Request(
        None,
        slug,
        parse_address(asked.address) if asked.address else UNKNOWN,
        (asked.method or "").upper() or None,
        path or None,
        asked.referrer or "",
        asked.origin or "",
        asked.app or "",
        bool(asked.tls),
        asked.environment or None,
        asked.scopes,
        asked.cost,
        browser=bool(asked.origin),
    )


def _problems(asked: Asked) -> list[Problem]:
    problems = check_needs("scopes", asked.scopes)
    if asked.address and not _is_address(asked.address):
        mend = "send an IPv4 or IPv6 address, as 203.0.113.9"
        problems.append(Problem("address", "is no address", mend))
    if asked.path and not asked.path.startswith("/"):
        mend = "send what comes below the API's root, as /forecast"
        problems.append(Problem("path", "does not begin with /", mend))
    if asked.environment and asked.environment not in tuple(Environment):
        mend = "choose live or test"
        problems.append(Problem("environment", "is no environment", mend))
    if asked.cost is not None:
        problems += check_number("cost", asked.cost, 0, COST_MAX)
    return problems


def _is_address(text: str) -> bool:
    try:
        parse_address(text)
    except ValueError:
        return False
    return True
