"""What is asked, before anybody sends it: the one builder of both clients."""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

ATTEMPTS: Final = 4
"""How often a call is made at most, the first time included."""
PAUSE_SECONDS: Final = 0.1
PAUSE_SECONDS_MAX: Final = 5.0
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"

_NO_NAMES: Final = ("", ".", "..")


class WrongId(ValueError):
    """An id with which a call would mean another thing than the one named."""


def below(path: str, *ids: str) -> str:
    """The path of what is named below `path`. Raises WrongId for "", "." and "..".

    Escapes leave dots as they are, and on the way to the server `keys/..` becomes
    what is above it (RFC 3986, section 5.2.4): a DELETE would take that away.
    """
    for id in ids:
        if id in _NO_NAMES:
            raise WrongId(f'"{id}" is no id or name: below {path} it would mean another')
    return "/".join((path, *(quote(id, safe="") for id in ids)))


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the management API: `path` is absolute, as `/v1/keys`.

    Query values of None are left out, times are RFC 3339. A POST carries an
    idempotency key of its own, so that a repeat is not a second write.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = {name: value for name, value in self.query.items() if value is not None}
        object.__setattr__(self, "query", given)
        if self.method == "POST" and IDEMPOTENCY_HEADER not in self.headers:
            headers = {**self.headers, IDEMPOTENCY_HEADER: str(uuid.uuid4())}
            object.__setattr__(self, "headers", headers)

    @property
    def repeatable(self) -> bool:
        """Whether a repeat is harmless when the first may have been carried out.

        A second DELETE would be answered with 404, and a change that is bound to
        what was seen with 412 for the change of the first, so these are not.
        """
        bound = any(name.lower() == "if-match" for name in self.headers)
        return self.method != "DELETE" and not bound

    def after(self, cursor: str) -> "Call":
        """The same call for the page that `cursor` names."""
        return replace(self, query={**self.query, "cursor": cursor})


def pause_seconds(attempt: int, retry_after: str | None) -> float:
    """How long to wait after attempt number `attempt`, the first being 1.

    The server's `Retry-After` counts where it is longer. Never more than
    PAUSE_SECONDS_MAX, and spread by half so that callers do not come in step.
    """
    doubled = PAUSE_SECONDS * 2.0 ** (attempt - 1)
    spread = doubled * random.uniform(0.5, 1.0)  # noqa: S311  (spreads load, guards nothing)
    asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
    return min(max(spread, asked), PAUSE_SECONDS_MAX)
