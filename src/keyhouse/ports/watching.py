"""What a worker reads of the use of keys to notice what is out of the ordinary."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class KeyUse(NamedTuple):
    """A key's requests in a quarter of an hour, whatever became of them.

    `provider_id` is the organization of the APIs, '' where there were several.
    """

    key_id: str
    provider_id: str
    requests: int


class UsageWatch(Protocol):
    """Sums of usage over all organizations, as far as it is rolled up.

    Only requests with a good secret count: with one that was revoked, or has ended, a
    stranger could have a key seem busy. Minutes are those since 1970, UTC.
    Raises StoreUnavailable.
    """

    def busy_keys(
        self, start: int, requests_min: int, *, after: str, limit: int
    ) -> list[KeyUse]:
        """Keys with at least so many requests in the quarter of an hour from minute

        `start`, in the order of their ids, from behind the id `after` ('' for none).
        """

    def busiest_days(
        self, key_ids: Sequence[str], since: int, until: int
    ) -> Mapping[str, int]:
        """The most requests that each key had on one of the days, UTC, that begin

        in that time; one without any is left out.
        """

    def busiest_quarters(
        self, key_ids: Sequence[str], since: int, until: int
    ) -> Mapping[str, int]:
        """The same of the quarters of an hour."""

    def first_days(self, key_ids: Sequence[str]) -> Mapping[str, int]:
        """The minute in which the first day began on which each key was used, as far

        back as days are kept; one that was never used is left out.
        """
