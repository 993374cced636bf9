"""How long what is known may go unconfirmed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How old the cache's knowledge may be, in µs.

    `feed_us`: since the change log was last read, before it is read again
    within the request. `outage_us`: while the database is known to be gone.
    """

    feed_us: int = 250_000
    outage_us: int = 300_000_000
