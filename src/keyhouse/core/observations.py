"""What requests are told apart by besides their bucket, such as where they came from.

Strangers choose these values, so they compete for a bounded number of places:
what finds none is counted as `other`, and all counts together stay exact.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from keyhouse.core.verdict import Verdict

OTHER: Final = "other"
"""Stands for all values that found no place; no dimension has such a value."""

VALUES_A_BATCH: Final = 128
"""Places in what one batch books, for each group."""

VALUES_A_BATCH_IN_ALL: Final = 512
"""Places in what one batch books, for all groups: a flood that goes round all APIs

must not keep others from the database.
"""

VALUES_A_DAY: Final = 100
"""Places in the database, for each group; the busiest have them."""

STRANGE: Final = frozenset((Verdict.MALFORMED, Verdict.UNKNOWN, Verdict.UNAVAILABLE))
"""What becomes of a key that is not known, or not looked up. A request without

a key tried none.
"""


class Dimension(StrEnum):
    """What is told apart."""

    NETWORK = "network"
    USER = "user"
    """`{application}/{user}`, for users are known inside their application alone."""


class ObservationGroup(NamedTuple):
    """A day (of the epoch, UTC), whose requests and what became of them: the

    values of one dimension that compete for the same places. Ids are '' where
    they are not known, as those of strangers are.
    """

    day: int
    provider_id: str
    consumer_id: str
    api_id: str
    key_id: str
    verdict: int
    dimension: Dimension


@dataclass(slots=True)
class Seen:
    """How often a value was seen, and when first and last, in µs."""

    requests: int
    first_us: int
    last_us: int

    def again(self, at_us: int) -> None:
        """Once more; entries may come out of order."""
        self.requests += 1
        self.first_us = min(self.first_us, at_us)
        self.last_us = max(self.last_us, at_us)
