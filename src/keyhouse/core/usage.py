"""What was counted: the entries of a spool, and the batch that books them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from keyhouse.core.entities import Alert
from keyhouse.core.latency import LATENCY_SLOTS
from keyhouse.core.observations import ObservationGroup, Seen

MINTING: Final = "tokens"
"""Stands for a route where a key minted a token: a call of the key, of no unit."""


class Use(NamedTuple):
    """Whose use it is: what a spool writes once and then refers to by number.

    Fields are '' where they are not known, as for a request without a key.
    """

    provider_id: str
    consumer_id: str
    api_id: str
    route_id: str
    key_id: str
    secret_version: int
    application_id: str
    environment: str
    subscription_id: str


class UseOfUser(Use):
    """A user's: `user` is `{application}/{user}`, `token` the id of what it came

    with, `session` that one's, '' for none. It is equal to the use that says the
    same without them: whose it is counts apart, and is no part of a bucket.
    """

    user: str = ""
    token: str = ""
    session: str = ""


class UserSeen(NamedTuple):
    """A user inside its application, and the token that it came with."""

    subject: str
    session: str
    id: str


def user_of(use: Use) -> UserSeen | None:
    """Whose a use is, None where it came without a token."""
    if not isinstance(use, UseOfUser):
        return None
    return UserSeen(use.user.partition("/")[2], use.session, use.token)


def words_of(use: Use) -> tuple[str | int, ...]:
    """All that a use says, for a spool to write: a user's has three words more."""
    if isinstance(use, UseOfUser):
        return (*use, use.user, use.token, use.session)
    return use


def use_from(words: Sequence[Any]) -> Use:
    """The use that said these words. TypeError for another number of them."""
    own = len(Use._fields)
    if len(words) <= own:
        return Use(*words)
    use = UseOfUser(*words[:own])
    use.user, use.token, use.session = _three(*words[own:])
    return use


def _three(user: str, token: str, session: str) -> tuple[str, str, str]:
    return user, token, session


class Served(NamedTuple):
    """A verification was answered: written before the answer's first byte."""

    request_id: str
    at_us: int
    use: Use
    verdict: int
    method: str
    path: str
    address: int
    units: int
    lease_ids: tuple[str, ...]


class Refund(NamedTuple):
    """Units that a call had reserved and did not spend, of each of these leases."""

    units: int
    lease_ids: tuple[str, ...]


NO_REFUND: Final = Refund(0, ())


class Completed(NamedTuple):
    """The exchange with the upstream ended; `status` 0 where it gave none.

    `at_us` and `use` are those of its `Served`, so that both fall in the same
    bucket. Bytes are those of the bodies. `refund` is what of the units served
    was not spent after all.
    """

    request_id: str
    at_us: int
    use: Use
    verdict: int
    status: int
    latency_us: int
    bytes_in: int
    bytes_out: int
    refund: Refund = NO_REFUND


class KeyPlace(NamedTuple):
    """Whose key was used from where: the first address of a network, as

    `core.addresses.source_network` gives it.
    """

    consumer_id: str
    key_id: str
    network: int


class BucketKey(NamedTuple):
    """One row of usage: a minute (of the epoch), whose use, which verdict."""

    minute: int
    use: Use
    verdict: int


@dataclass(slots=True)
class Bucket:
    """What is added to a row of usage."""

    requests: int = 0
    units: int = 0
    errors: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * LATENCY_SLOTS)


@dataclass(slots=True)
class LogRow:
    """One line of the request log. `path` has no query. A status of None is

    not known: the exchange had not ended when the row was booked.
    """

    request_id: str
    at_us: int
    use: Use
    verdict: int
    method: str
    path: str
    address: int
    status: int | None
    latency_us: int | None


class LogAmendment(NamedTuple):
    """The end of an exchange whose log row was booked by an earlier batch."""

    request_id: str
    status: int
    latency_us: int


@dataclass(slots=True)
class UsageBatch:
    """What one stretch of a spool comes to; booked whole or not at all.

    `start` and `end` are positions in the spool: a batch whose `start` is not
    where the database says the spool is booked up to was booked before.
    `settled` says how much of each lease was spent, less than 0 where more was
    refunded than spent; `observations` how often
    each value of a group was seen, `observations.OTHER` for the rest.
    `alerts` are what to add to the rows of the same ids; `key_networks` when calls of
    a key that were let through came from a network, the last time.
    """

    spool_id: str
    start: int
    end: int
    buckets: dict[BucketKey, Bucket] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)
    log: list[LogRow] = field(default_factory=list)
    amendments: list[LogAmendment] = field(default_factory=list)
    last_used: dict[tuple[str, int], int] = field(default_factory=dict)
    observations: dict[ObservationGroup, dict[str, Seen]] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    key_networks: dict[KeyPlace, int] = field(default_factory=dict)
