"""The data plane in one piece. Compiled: each request asks it for half a dozen things."""

from collections.abc import Callable
from dataclasses import dataclass

from keyhouse.doors.gateway.needs import (
    Following,
    Metering,
    Reserving,
    Resolving,
    Signing,
    Users,
    Verifying,
)


@dataclass(frozen=True, slots=True)
class Plane:
    """The data plane as the gateway sees it.

    `new_request_id` gives `req_…` for a time in µs; `ready` says whether requests can be
    decided on now, `now_us` is the wall clock. `signer` and `issuer`, our own
    address, are for what is signed, `users` for their tokens.
    """

    verifier: Verifying
    resolver: Resolving
    meter: Metering
    new_request_id: Callable[[int], str]
    ready: Callable[[], bool]
    now_us: Callable[[], int]
    recent: Following
    reservations: Reserving
    signer: Signing | None = None
    issuer: str = ""
    users: Users | None = None
