"""What services need of the outside, as protocols; adapters implement them.

Calls may block and are made off the event loop, unless a protocol says
otherwise. A method that cannot reach what it stands for raises
`StoreUnavailable`; a refusal is a value, never an exception.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar

from keyhouse.core import entities
from keyhouse.core.limits import Left, Taken
from keyhouse.core.observations import Dimension
from keyhouse.core.quotas import Budget, Span
from keyhouse.core.records import Change, PartRef, RateUse, Snapshot
from keyhouse.core.usage import Completed, Served, UsageBatch, Use


class StoreUnavailable(Exception):
    """The database (or counter store) cannot be reached; try again later.

    `public` may be shown to anyone; the exception's own text is for the log.
    """

    public = "Keyhouse cannot reach its records now; try again shortly."


class Clash(StrEnum):
    """What a row that cannot be written, or removed, runs into."""

    TAKEN = "is taken already"
    MISSING = "names what does not exist"
    NEEDED = "is still referred to"


class Conflict(Exception):
    """A row clashes with those that are there. `field` names where."""

    def __init__(self, field: str, clash: Clash = Clash.TAKEN) -> None:
        super().__init__(f"{field} {clash}")
        self.field = field
        self.clash = clash


class Clock(Protocol):
    """Time. Never blocks."""

    def now_us(self) -> int:
        """The wall clock: microseconds since 1970, UTC."""

    def monotonic_us(self) -> int:
        """Microseconds of a clock that is never set, and runs on in suspension."""


class Entropy(Protocol):
    """Randomness fit for secrets. Never blocks."""

    def take(self, count: int) -> bytes:
        """`count` fresh random bytes."""


class Sealed(NamedTuple):
    """What was sealed, and with which key of the keyring."""

    key_id: str
    content: bytes


class Sealer(Protocol):
    """Keeps what must be read again from whoever reads the database. Never blocks."""

    @property
    def can_seal(self) -> bool:
        """Whether the keyring has a key for it."""

    def seal(self, text: bytes, context: bytes) -> Sealed:
        """Seal with the active key. Raises LookupError where there is none."""

    def unseal(self, sealed: Sealed, context: bytes) -> bytes | None:
        """What was sealed; None with another context or key, or where it was changed."""


class Signer(Protocol):
    """Signs what others are to believe is ours. Never blocks."""

    @property
    def can_sign(self) -> bool:
        """Whether the keyring has a key for it."""

    def sign(self, kind: str, claims: Mapping[str, object]) -> bytes:
        """A token of that `typ`. Raises LookupError where there is no key."""

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK set, those that no longer sign too."""


# -- records of the data plane ------------------------------------------------


class KeyStore(Protocol):
    """What the data plane reads. Each call sees one snapshot, and tells its seq."""

    def find_secret(self, candidates: Sequence[tuple[str, bytes]]) -> Snapshot:
        """Look up (pepper id, digest) pairs, all in one query.

        Where one is found, `found` is set and `parts` holds the key, its
        application, its project and organization, and each API that its
        access names with that API's project and organization. Otherwise
        `found` is None: an absence as of `seq`.
        """

    def find_api(self, slug: str) -> Snapshot:
        """The API with that slug, with its project and organization."""

    def find_host(self, host: str) -> Snapshot:
        """The API that a host leads to, with its project and organization.

        `host` is a whole name; one that an API has itself goes before a star.
        """

    def has_hosts(self) -> bool:
        """Whether any API has a host at all."""

    def load(self, refs: Iterable[PartRef]) -> Snapshot:
        """Exactly these parts, None for those that do not exist."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the change log holds after a seq. `forget_all` says that rows up

    to there are pruned, so nothing cached before `head` may be trusted.
    """

    head: int
    rows: tuple[Change, ...] = ()
    forget_all: bool = False


class ChangeFeed(Protocol):
    """The change log, followed. One thread at a time uses one feed."""

    def read(self, after: int) -> Changes:
        """All changes after seq `after`, at once."""

    def wait(self, after: int, seconds: float) -> Changes:
        """As `read`, but waits up to `seconds` for there to be any.

        Either way the return confirms that the log was read to `head` at a
        moment after the call began.
        """

    def close(self) -> None:
        """Let go of the connection; a `wait` in another thread ends soon."""


# -- counting -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slowed:
    """A take that was refused: every counter as it stands, spent or not."""

    taken: tuple[Taken, ...]


class RateCounter(Protocol):
    """How fast. Volatile: it may start afresh. Called on the event loop."""

    def take(self, uses: Sequence[RateUse], cost: int, now_us: int) -> Left | Slowed:
        """Spend `cost` on all of `uses` or on none; results in their order.

        `Left` tells the counters after it passed, `Slowed` as they stand.
        """


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
    that was used and all that is leased. `lease_id` names the asker's lease
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
    ) -> bool:
        """Append a `usage.Completed`; False, and dropped, when the spool is full."""

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

    def stretch_after(self, start: int) -> Stretch:
        """All whole entries from position `start` to the end of what was written."""

    def close(self) -> None:
        """Let go of it and leave the file."""

    def discard(self) -> None:
        """Remove the file."""


class SpoolFolder(Protocol):
    """Where the spools of one data folder lie."""

    def create(self, spool_id: str) -> Spool:
        """A new spool, locked by this process."""

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


class Node(NamedTuple):
    """A process of the data plane as the others see it."""

    id: str
    boot_id: str
    kind: str
    pid: int
    applied_seq: int
    confirmed_at: int


class NodeRegistry(Protocol):
    """Which nodes live, and how far each has followed the change log."""

    def announce(self, node: Node) -> None:
        """Insert or refresh a node's row."""

    def leave(self, node_id: str) -> None:
        """Remove it, at a clean stop."""


# -- rows of the control plane ------------------------------------------------

E = TypeVar("E", bound=entities.Entity)


class Page(NamedTuple):
    """A page of rows and the cursor after it, None on the last page."""

    rows: list[Any]
    next_cursor: str | None


class Search(NamedTuple):
    """Text sought, case aside, in a row's `column` or in rows that refer to it:

    in `child_column` of those whose `reference` holds the row's id.
    """

    part: str
    column: str
    child: type[Any]
    reference: str
    child_column: str


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
        search: Search | None = None,
        **equals: object,
    ) -> Page:
        """Rows that fit, the newest id first, from behind cursor `after`.

        `contains` maps a text column to a part of it, case aside.
        Raises ValueError for a cursor that is not one of ours.
        """

    def spent(self, budget: Budget, span: Span) -> tuple[int, int]:
        """Units of a budget booked as used, and units leased and not yet settled."""

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


class Rows(Protocol):
    """The rows of the control plane."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """A read-only transaction on one snapshot."""

    def writing(self) -> AbstractContextManager["WritingTransaction"]:
        """A short writing transaction; commits unless an exception leaves it."""


class WritingTransaction(Transaction, Protocol):
    """A transaction that writes; `seq` is known after it has committed."""

    def spend(self, budget: Budget, span: Span, limit: int, units: int) -> bool:
        """Book units of a budget as used, if the transaction commits.

        False, and nothing is, where less than that is left: `limit` less all
        that was used and all that is out on leases.
        """

    @property
    def seq(self) -> int | None:
        """The change log's number of this transaction, None if it changed

        nothing that the data plane caches.
        """


class UsageRow(NamedTuple):
    """One row of a usage report: sums over a step of time and one grouping."""

    start_us: int
    group: Mapping[str, str]
    verdict: str
    requests: int
    units: int
    errors: int
    bytes_in: int
    bytes_out: int
    latency: tuple[int, ...]


class Tally(NamedTuple):
    """Counts alone: requests and upstream's errors by step, grouping and verdict."""

    start_us: int
    group: Mapping[str, str]
    verdict: str
    requests: int
    errors: int


class Observed(NamedTuple):
    """A value of a dimension at one API, with one verdict: how often it was seen,

    and when first and last. `observations.OTHER` stands for all that found no
    place; a value that was driven out of its place for a while is told from
    its return on, and is in the other count before.
    """

    api_id: str
    verdict: str
    value: str
    requests: int
    first_us: int
    last_us: int


class UsageReports(Protocol):
    """What was counted, read back. An organization sees what it provides and

    what it consumes.
    """

    def usage(
        self,
        organization_id: str,
        *,
        since_us: int,
        until_us: int,
        step_seconds: int,
        group_by: Sequence[str],
        equals: Mapping[str, str],
    ) -> list[UsageRow]:
        """Sums by step, by `group_by` and verdict, in order of time.

        Groups and filters are among key, api, application, environment, route.
        """

    def tallies(
        self,
        organization_id: str,
        *,
        since_us: int,
        until_us: int,
        step_seconds: int,
        group_by: Sequence[str],
        equals: Mapping[str, str | Sequence[str]],
    ) -> list[Tally]:
        """As `usage`, but counts alone; several values of a filter mean any of them."""

    def observed(
        self,
        organization_id: str,
        dimension: Dimension,
        *,
        since_us: int,
        until_us: int,
        equals: Mapping[str, str | Sequence[str]],
    ) -> list[Observed]:
        """What was seen on the days, UTC, that the time touches; the most first.

        Filters are among key, api and verdict; as those of `tallies`.
        """

    def requests(
        self,
        organization_id: str,
        *,
        after: str | None,
        limit: int,
        equals: Mapping[str, str | Sequence[str]],
    ) -> Page:
        """Lines of the request log as `usage.LogRow`, the newest first.

        Filters as those of `tallies`, and `request` for the id of one.
        """

    def last_used(self, key_ids: Sequence[str]) -> Mapping[str, int]:
        """When each key was last seen with a valid secret of it, in µs."""

    def secrets_last_used(self, key_id: str) -> Mapping[int, int]:
        """When each of a key's secrets was last seen: version to µs."""

    def spent(self, wanted: Sequence[tuple[Budget, Span]]) -> list[int]:
        """Units booked as used of each budget in its window, in their order."""


class Upkeep(Protocol):
    """What a worker does to the database so that it does not grow for ever."""

    def prune_requests(self, before_us: int, rows_max: int) -> int:
        """Delete old lines of the request log, a bounded number; returns how many."""

    def prune_usage(self, before_us: int, rows_max: int) -> int:
        """Delete old usage buckets, a bounded number."""

    def prune_observations(self, before_us: int, rows_max: int) -> int:
        """Delete old observations, a bounded number."""

    def prune_alerts(self, before_us: int, rows_max: int) -> int:
        """Delete alerts that were last raised before, a bounded number."""

    def prune_idempotency(self, before_us: int, rows_max: int) -> int:
        """Delete remembered answers, a bounded number; returns how many."""

    def prune_changes(self, keep: int, rows_max: int) -> int:
        """Delete the oldest rows of the change log, a bounded number, so that the

        newest `keep` stay. The rows of one number stay or go together, however many.
        Returns how many.
        """

    def prune_budgets(self, before_us: int, rows_max: int) -> int:
        """Delete budgets whose window ended before, with their leases, a bounded

        number; and closed spools that have no lease left. Returns how many budgets.
        """

    def prune_nodes(self, before_us: int) -> int:
        """Delete nodes that were last heard of before."""

    def prune_logins(self, before_us: int) -> int:
        """Delete sessions and mailed links that ended before, and guesses that

        were counted before.
        """


# -- people ---------------------------------------------------------------------


class PasswordHasher(Protocol):
    """Passwords, hashed slowly on purpose: use a thread."""

    @property
    def decoy(self) -> str:
        """A hash that no password fits, and that takes as long to find that out."""

    def hash(self, password: str) -> str:
        """A fresh hash, with its salt and costs in it."""

    def verify(self, hashed: str, password: str) -> bool:
        """Whether the hash is of that password; False for a hash it cannot read."""

    def needs_rehash(self, hashed: str) -> bool:
        """Whether the hash was made with other costs than those of today."""


class Mail(NamedTuple):
    """A message of plain text."""

    to: str
    subject: str
    text: str


class Mailer(Protocol):
    """Takes messages to where they are read. Never blocks."""

    def send(self, mail: Mail) -> None:
        """Take the message; it goes out later, tried again where that fails."""

    def close(self) -> None:
        """Wait a little for what is still to go out, and end."""


Deliver = Callable[[Changes, int], None]
"""Takes changes and the monotonic µs before which they are complete."""


# -- Keyhouse elsewhere -------------------------------------------------------


class RemoteRefused(Exception):
    """Keyhouse answered, and refuses the one who asks: its key or its address is wrong.

    The text says why, and holds no secret.
    """


class RemoteKeyhouse(Protocol):
    """A gateway elsewhere, spoken to on the event loop. Bodies are JSON.

    Both calls are bounded in time. They raise StoreUnavailable where no whole
    answer comes, and RemoteRefused.
    """

    async def get(self, path: str, seconds: float) -> Any:  # noqa: ANN401 - JSON
        """What is at `path`; the answer comes within `seconds`."""

    async def post(self, path: str, body: bytes, seconds: float) -> Any:  # noqa: ANN401 - JSON
        """What `path` answers to `body`."""

    async def close(self) -> None:
        """Close all connections."""
