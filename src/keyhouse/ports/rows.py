"""The rows of the control plane."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, TypeVar

from keyhouse.core import entities
from keyhouse.core.grains import Grain
from keyhouse.core.quotas import Budget, Span
from keyhouse.ports.keys import KeysWanted, KeyTally
from keyhouse.ports.rotation import Planned, Waiting

E = TypeVar("E", bound=entities.Entity)


class Page(NamedTuple):
    """A page of rows and the cursor after it, None on the last page."""

    rows: list[Any]
    next_cursor: str | None


Range = tuple[Any, Any]
"""From the first, if it is not None, up to the second, which is not in it."""


class Transaction(Protocol):
    """One transaction over the rows. `kind` is a class of `core.entities`.

    Equality filters name columns; a tuple as a value means any of its items.
    A write to what the data plane caches adds itself to the change log.
    """

    def get(self, kind: type[E], id: str, /) -> E | None:
        """The row with that id."""

    def find(self, kind: type[E], /, **equals: object) -> list[E]:
        """All rows that fit, by id. For what is few by nature."""

    def page(
        self,
        kind: type[E],
        /,
        *,
        after: str | None,
        limit: int,
        contains: Mapping[str, str] | None = None,
        within: Mapping[str, Range] | None = None,
        unless: Mapping[str, Sequence[str]] | None = None,
        either: Mapping[str, object] | None = None,
        **equals: object,
    ) -> Page:
        """Rows that fit, the newest id first, from behind cursor `after`.

        `contains` maps a text column to a part of it, case aside; `within` a
        column to a range of it, `unless` one to values of rows that do not fit.
        Of the columns in `either` at least one has its value; each has an index.
        Raises ValueError for a cursor that is not one of ours.
        """

    def stretch(
        self,
        kind: type[E],
        /,
        *,
        after: str,
        limit: int,
        within: Mapping[str, Range] | None = None,
        either: Mapping[str, object] | None = None,
        **equals: object,
    ) -> list[E]:
        """Rows that fit, the oldest id first, from behind the id `after` ('' for none)."""

    @property
    def late_us(self) -> int:
        """How much older than now a row may be that is not to be seen yet, as the

        transaction that adds it has not committed.
        """

    def page_of_keys(self, wanted: KeysWanted, *, after: str | None, limit: int) -> Page:
        """Keys that fit, the newest id first, from behind cursor `after`.

        However many there are, no more than a bounded number of rows is looked
        at: so a page may hold less than `limit`, and yet have a next.
        Raises ValueError for a cursor that is not one of ours.
        """

    def tally_keys(
        self, wanted: KeysWanted, application_ids: Sequence[str], looked_at_max: int
    ) -> Mapping[str, KeyTally]:
        """For each application what there is of its keys that fit.

        Of each no more than so many are looked at, the newest, fit or not.
        """

    def count_each(
        self, kind: type[entities.Entity], column: str, values: Sequence[str], most: int
    ) -> Mapping[str, int]:
        """How many rows have each of these values there, each counted up to `most`."""

    def newest_each(self, kind: type[E], column: str, values: Sequence[str]) -> list[E]:
        """Of the rows with each of these values there, the one with the newest id."""

    def keys_deleted_before(self, before_us: int, rows_max: int) -> Sequence[entities.Key]:
        """Keys of all organizations that were deleted before, the longest ago first."""

    def last_used(self, key_ids: Sequence[str]) -> Mapping[str, int]:
        """As that of `UsageReports`; in here no second connection is held for it."""

    def spent(self, budget: Budget, span: Span) -> tuple[int, int]:
        """Units of a budget booked as used, and units leased and not yet settled.

        Never below 0, though a call may be settled before it is booked.
        """

    def spent_of(self, wanted: Sequence[tuple[Budget, Span]]) -> list[tuple[int, int]]:
        """As `spent`, of many budgets, in their order."""

    def waiting(self, limit: int) -> list[Waiting]:
        """Secrets that wait for a newer one that has been used; at most so many."""

    def keys_with_dates(
        self,
        organization_id: str | None,
        *,
        after: str | None,
        limit: int,
        ends_from_us: int,
        ends_until_us: int,
    ) -> Page:
        """Ids of keys, of one organization or all, in the order of ids.

        Of those that have a schedule of rotation, their own or their
        application's, and those that end in that time; with them comes any key of
        an application that has a plan with a schedule, whatever the key opens.
        Keys that an import may yet take back are left out. Raises ValueError for
        a cursor that is not one of ours.
        """

    def plans_with_schedule(self, application_ids: Sequence[str]) -> list[Planned]:
        """What these applications open by plans that have a schedule of rotation;

        of subscriptions in one of `core.rotation.GRANTED`, whatever the plan opens now.
        """

    def usage_waits(self, grain: Grain, before: int) -> bool:
        """Whether there is usage of that grain, begun before that minute, to be rolled

        up into the coarser one.
        """

    def insert(self, row: entities.Entity) -> None:
        """Add a row. Raises Conflict when a unique column is taken, or when a row

        that it refers to does not exist; the transaction can go on after it.
        """

    def update(self, row: E, **changes: object) -> E:
        """Write changed columns and return the new row, as it is now stored.

        Raises LookupError when it is gone, and Conflict as `insert` does.
        """

    def remove(self, row: entities.Entity) -> None:
        """Delete a row for good. Raises Conflict while others refer to it."""

    def add_many(self, rows: Sequence[entities.Entity]) -> None:
        """Add rows of one kind that nobody can have cached or will look for yet:

        the change log does not hear of them. Raises Conflict as `insert` does,
        and adds none then.
        """

    def remove_many(self, kind: type[entities.Entity], /, **equals: object) -> int:
        """Delete rows that nobody can have cached, and tell how many there were.

        Raises Conflict while others refer to one of them, and none is deleted.
        """

    def touch(self, row: entities.Entity) -> None:
        """Have the change log tell of a row in which nothing was written, but

        what the data plane makes of it was.
        """


class Rows(Protocol):
    """The rows of the control plane."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """A read-only transaction on one snapshot."""

    def writing(self) -> AbstractContextManager["WritingTransaction"]:
        """A short writing transaction; commits unless an exception leaves it."""


class WritingTransaction(Transaction, Protocol):
    """A transaction that writes; `seq` is known after it has committed."""

    def forget_use(self, key_id: str) -> None:
        """Forget when a key's secrets were last used; for one that is removed."""

    def spend(self, budget: Budget, span: Span, limit: int, units: int) -> bool:
        """Book units of a budget as used, if the transaction commits.

        False, and nothing is, where less than that is left: `limit` less all
        that was used and all that is out on leases.
        """

    def roll_up_usage(self, grain: Grain, before: int, rows_max: int) -> int:
        """Roll usage that began before that minute up into the coarser grain, at most

        so many rows; returns how many. Once, if the transaction commits.
        """

    @property
    def seq(self) -> int | None:
        """The change log's number of this transaction, None if it changed

        nothing that the data plane caches.
        """
