"""A process that checks keys: the verifier, kept up to date on one event loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from keyhouse.core.histogram import Histogram
from keyhouse.core.keyring import Keyring
from keyhouse.core.metrics import DELAY_BOUNDS
from keyhouse.core.verdict import Verdict
from keyhouse.ports import (
    BudgetLedger,
    ChangeFeed,
    Changes,
    Clock,
    Entropy,
    KeyStore,
    RateCounter,
    SettlementLedger,
    TokenKeys,
)
from keyhouse.services.alerts import Alarms
from keyhouse.services.budgets import LeaseBook
from keyhouse.services.signals import Rehashes
from keyhouse.services.verify import (
    Follower,
    Loading,
    ManagementKey,
    MissBudget,
    Patience,
    RecentChanges,
    RecordCache,
    Resolver,
    Verifier,
)

_BEFORE_ALL = 1 << 62


@dataclass(frozen=True, slots=True)
class Means:
    """The ports that checking takes. `open_feed` opens a feed of its own."""

    keys: KeyStore
    open_feed: Callable[[], ChangeFeed]
    ledger: BudgetLedger
    rates: RateCounter
    keyring: Keyring
    clock: Clock
    entropy: Entropy
    settlements: SettlementLedger
    signer: TokenKeys | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """`kind` is what the process is to the other nodes: gateway or guard.

    With `require_tls` nothing that came over plain HTTP is let through.
    """

    kind: str
    keys_max: int
    bytes_max: int
    stale_seconds_max: float
    keep_log: bool = True
    require_tls: bool = False


class CheckingPlane:
    """Checks management keys, and is what a `DataPlane` is built on.

    Opened and used on one event loop. `verifier`, `resolver`, `cache`, `book`
    and `recent` are there once it is open. `delays` are those of changes, in µs:
    from when one was committed, by the clock of who did, until it is in force here.
    The change log was last read at `confirmed_us`, by the monotonic clock.
    """

    verifier: Verifier
    resolver: Resolver
    recent: RecentChanges
    cache: RecordCache
    book: LeaseBook

    def __init__(self, means: Means, options: Options) -> None:
        self.means = means
        self.options = options
        self.alarms = Alarms()
        self.delays = Histogram([round(bound * 1_000_000) for bound in DELAY_BOUNDS])
        self.misses = MissBudget()
        self.confirmed_us: int | None = None
        self.rehashes = Rehashes(means.keyring, means.clock)
        self._follower: Follower | None = None
        self._loop: asyncio.AbstractEventLoop
        self._catching_up: ChangeFeed

    async def open(self) -> None:
        """Begin to follow the change log. Raises StoreUnavailable."""
        self._loop = asyncio.get_running_loop()
        await self._begin("")

    async def close(self) -> None:
        """Stop following; what is under way in threads is waited for."""
        await self._end()

    async def management(
        self, secret: bytes, address: int, key_id: str | None = None
    ) -> ManagementKey | Verdict:
        """Check a management key; a verdict is the refusal."""
        asked = self.verifier.management(secret, address, key_id)
        return await self.resolver.wait(asked)

    @property
    def is_ready(self) -> bool:
        """Whether the change log was read a moment ago: the database answers."""
        return self.verifier.is_current

    async def _begin(self, spool_id: str) -> LeaseBook:
        means = self.means
        feed = await asyncio.to_thread(means.open_feed)
        self._catching_up = await asyncio.to_thread(means.open_feed)
        head = (await asyncio.to_thread(feed.read, _BEFORE_ALL)).head
        cache = self.cache = RecordCache(
            self.options.keys_max, self.options.bytes_max, self._forgotten
        )
        cache.start(head)
        self.recent = RecentChanges(means.keyring.active.key)
        self.recent.start(head)
        # Read behind the head: what is added later is heard of.
        cache.hosts.in_use = await asyncio.to_thread(means.keys.has_hosts)
        book = self.book = LeaseBook(means.ledger, spool_id)
        self.resolver = Resolver(self._loop)
        loading = Loading(
            means.keys,
            cache,
            means.keyring,
            self.misses,
            means.clock,
            self.rehashes.note,
        )
        self.verifier = Verifier(
            loading=loading,
            cache=cache,
            read_changes=self._catching_up.read,
            rates=means.rates,
            book=book,
            clock=means.clock,
            alarms=self.alarms,
            checker=means.signer,
            patience=Patience(outage_us=int(self.options.stale_seconds_max * 1_000_000)),
        )
        self._follower = Follower(feed, means.clock, self._deliver, head)
        self._follower.start()
        return book

    def _deliver(self, changes: Changes, confirmed_us: int) -> None:
        self._loop.call_soon_threadsafe(self._hear, changes, confirmed_us)

    def _hear(self, changes: Changes, confirmed_us: int) -> None:
        # In this order: whoever is told of a change must not be answered from before it.
        self.verifier.apply(changes, confirmed_us)
        self.recent.hear(changes)
        self.confirmed_us = confirmed_us
        if changes.rows or changes.forget_all:
            self._changed()

    def _changed(self) -> None:
        """Changes have been applied, on the loop."""

    def _forgotten(self, made_us: int) -> None:
        """A change that was made at that time is in force here from now on."""
        self.delays.add(self.means.clock.now_us() - made_us)

    async def _end(self) -> None:
        if self._follower is not None:
            follower, self._follower = self._follower, None
            await asyncio.to_thread(follower.stop)
            await asyncio.to_thread(self.resolver.close)
            await asyncio.to_thread(self._catching_up.close)
            await self.means.rates.close()
