"""Rates, budgets, and the way of usage into the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from keyhouse.core.limits import Left, Taken
from keyhouse.core.pending import Pending
from keyhouse.core.quotas import Budget, Span
from keyhouse.core.records import RateUse
from keyhouse.core.usage import NO_REFUND, Completed, Refund, Served, UsageBatch, Use


@dataclass(frozen=True, slots=True)
class Slowed:
    """A take that was refused: every counter as it stands, spent or not."""

    taken: tuple[Taken, ...]


class Uncounted:
    """The counters cannot be reached, and nothing is to pass without them."""

    __slots__ = ()


RateAnswer = Left | Slowed | Uncounted


class RateCounter(Protocol):
    """How fast. Volatile: it may start afresh. Called on the event loop."""

    def take(
        self, uses: Sequence[RateUse], cost: int, now_us: int
    ) -> RateAnswer | Pending[RateAnswer]:
        """Spend `cost` on all of `uses` or on none; results in their order.

        `Left` tells the counters after it passed, `Slowed` as they stand. Where
        others count as well the answer may be one to wait for.
        """

    @property
    def is_answered(self) -> bool | None:
        """Whether the counters that nodes share answer; None where there are none."""

    def share_among(self, nodes: int) -> None:
        """So many nodes are at work: what each may allow where it must count alone."""

    async def close(self) -> None:
        """End the connections, where there are any."""


class LeaseWanted(NamedTuple):
    """A wish to spend. `at_least` is what the request at hand needs, `up_to`

    what the asker would like to hold; `limit` is the quota's amount.
    """

    budget: Budget
    span: Span
    limit: int
    at_least: int
    up_to: int


class Leased(NamedTuple):
    """The answer: `granted` is 0 where less than `at_least` is left.

    `left` is what remains for anyone after this grant: the limit less all
    that was used and all that is leased; below 0 where more was used or leased by
    a larger limit. `lease_id` names the asker's lease
    on that budget and window, the same one each time.
    """

    lease_id: str
    granted: int
    left: int


class BudgetLedger(Protocol):
    """Quotas. Their truth is in the database, from the first unit on."""

    def lease(self, spool_id: str, wants: Sequence[LeaseWanted]) -> list[Leased]:
        """Grant in one transaction, committed on return; results in order.

        An asker with a lease on the same budget and window has it enlarged.
        Raises ValueError for a spool that is unknown or closed.
        """

    def give_back(self, spool_id: str, returns: Mapping[str, int]) -> None:
        """Return unspent units, lease id to amount. What is spent but not yet

        booked must not be in it. Raises ValueError, and returns nothing, if a
        lease holds less than is returned.
        """

    def used(self, budget: Budget, span: Span) -> tuple[int, int]:
        """Units booked as used, and units leased and not yet settled."""


class Spool(Protocol):
    """A node's journal: survives the death of the process. Never blocks.

    One thread appends; `stretch` and `booked` may be called from one other.
    """

    id: str

    @property
    def fill(self) -> float:
        """The share of it that waits to be booked, 0 to 1."""

    def served(
        self,
        request_id: str,
        at_us: int,
        use: Use,
        verdict: int,
        method: str,
        path: str,
        address: int,
        units: int,
        lease_ids: tuple[str, ...],
    ) -> bool:
        """Append a `usage.Served`; False when the spool is full, and then the request must

        be refused, because it could not be counted.
        """

    def completed(
        self,
        request_id: str,
        at_us: int,
        use: Use,
        verdict: int,
        status: int,
        latency_us: int,
        bytes_in: int,
        bytes_out: int,
        refund: Refund = NO_REFUND,
    ) -> bool:
        """Append a `usage.Completed`; False, and dropped, when the spool is full.

        Then nothing is refunded either.
        """

    def cut(self) -> int:
        """End the stretch here, on the appending thread; returns its end."""

    def stretch(self, end: int) -> "Stretch":
        """The entries from the booked position up to a cut."""

    def booked(self, end: int) -> None:
        """The entries up to `end` are in the database: their space is free."""

    def sync(self) -> None:
        """Have what was appended outlive a loss of power. Blocks; called by

        the other thread.
        """

    def close(self) -> None:
        """Release the file; `discard` is what removes it."""

    def discard(self) -> None:
        """Close and remove a spool all of whose entries are booked."""


class Stretch(NamedTuple):
    """Entries between two positions of a spool, in order."""

    start: int
    end: int
    entries: Sequence[Served | Completed]


class OrphanSpool(Protocol):
    """The spool of a process that is gone, held by us alone until closed."""

    id: str
    same_boot: bool
    """Whether it was written since the kernel last started."""
    is_blank: bool
    """Whether nothing was ever appended to it."""

    def stretch_after(self, start: int) -> Stretch:
        """All whole entries from position `start` to the end of what was written."""

    def close(self) -> None:
        """Let go of it and leave the file."""

    def discard(self) -> None:
        """Remove the file."""


class SpoolFolder(Protocol):
    """Where the spools of one data folder lie."""

    def create(self, spool_id: str) -> Spool:
        """A new spool, locked by this process. Raises NoSpool."""

    def orphans(self) -> Iterable[OrphanSpool]:
        """Spools whose process no longer lives; each is locked as it is given."""


class UsageSink(Protocol):
    """Where usage is booked."""

    def open_spool(self, spool_id: str, node_id: str, boot_id: str) -> None:
        """Make the spool known, booked up to 0. Its leases may then be made."""

    def booked_to(self, spool_id: str) -> int | None:
        """The position up to which a spool is booked, None if it is unknown."""

    def book(self, batch: UsageBatch) -> bool:
        """Book all of it in one transaction, and settle its leases.

        False, and nothing is booked, where the spool is booked beyond
        `batch.start` already. Raises ValueError where neither holds: for a
        spool that is unknown, and for a batch that would leave a gap.
        """

    def close_spool(self, spool_id: str, *, return_leases: bool) -> None:
        """End a spool that is booked to its end. What its leases have left is

        returned, or counts as spent for good.
        """
