"""From a request to a decision. All that a verification costs is in this file.

It begins in plain synchronous code. With a cached key and enough leased,
nothing is waited for; otherwise a `Pending` says what is needed, and goes on
from there. Nothing is spent unless everything passes: budgets are reserved
first, then rates taken, and a refusal gives the reservation back.
"""

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from keyhouse.core.addresses import UNKNOWN
from keyhouse.core.alerts import network_of
from keyhouse.core.decide import decide
from keyhouse.core.decision import Decision, exhausted
from keyhouse.core.entities import AlertKind
from keyhouse.core.limits import Left, left_of
from keyhouse.core.pending import Pending
from keyhouse.core.prefixes import Prefixes
from keyhouse.core.records import ApiRecord, Line
from keyhouse.core.request import Request
from keyhouse.core.secret import without_secret
from keyhouse.core.user_tokens import looks_like_token
from keyhouse.core.verdict import Verdict
from keyhouse.ports import (
    Changes,
    Clock,
    RateAnswer,
    RateCounter,
    SignatureChecker,
    Slowed,
    Uncounted,
)
from keyhouse.services.alerts.alarms import Alarms
from keyhouse.services.budgets import (
    Exhausted,
    Granted,
    LeaseBook,
    Reserved,
    Short,
    lease_together,
)
from keyhouse.services.verify.asker import Asker
from keyhouse.services.verify.cache import RecordCache
from keyhouse.services.verify.keeping_up import KeepingUp
from keyhouse.services.verify.loading import READ_SECONDS_MAX, Loading
from keyhouse.services.verify.management import ManagementKey, judge, refusal_of
from keyhouse.services.verify.managers import Managers
from keyhouse.services.verify.patience import Patience
from keyhouse.services.verify.pieces import HeldKey
from keyhouse.services.verify.token_loading import TokenLoading
from keyhouse.services.verify.ways import Way

T = TypeVar("T")
_VALID: Final = Verdict.VALID
_log = logging.getLogger(__name__)


class Verifier(KeepingUp):
    """Decides on requests. One thread calls it, that of its event loop.

    `known_api` gives the API with a slug, if it is in the cache; `hosts` is
    what is known of hosts.
    """

    def __init__(
        self,
        *,
        loading: Loading,
        cache: RecordCache,
        read_changes: Callable[[int], Changes],
        rates: RateCounter,
        book: LeaseBook,
        clock: Clock,
        patience: Patience,
        alarms: Alarms,
        checker: SignatureChecker | None = None,
    ) -> None:
        self.loading = loading
        self.tokens = TokenLoading(loading, cache, clock, checker)
        super().__init__(cache, read_changes, clock, patience)
        self._managers = Managers(cache)
        self.known_api: Callable[[str], ApiRecord | None] = cache.apis.get
        self.hosts = cache.hosts
        self.fingerprint = loading.fingerprints.of
        self._hasher = loading.fingerprints.hasher
        self._take = rates.take
        self._book = book
        self._reserve = book.reserve
        self._now_us = clock.now_us
        self._alarms = alarms
        self._leaseless = False

    # -- the way of a request -------------------------------------------------

    def look_again(self, request: Request) -> Decision | Pending[Decision]:
        """Whether what was let through may still go on, by what its key is.

        No limit has a say in it, and none is touched.
        """
        return self.verify(request, spends=False)

    def verify(
        self,
        request: Request,
        attempt: int = 0,
        *,
        caught_up: bool = False,
        spends: bool = True,
    ) -> Decision | Pending[Decision]:
        """Decide on `request`, spending what it costs if it may pass.

        `attempt` and `caught_up` are for those that go on from a `Pending`.
        Who has waited for anything but the change log catches up again: the
        process may have been stopped meanwhile.
        """
        now_us = self._now_us()
        secret = request.secret
        if secret is None:
            return Decision(Verdict.MISSING, now_us)
        if self._monotonic_us() > self._fresh_until_us and not caught_up:
            return self._catch_up(self._asker(request, attempt, spends=spends))
        way = request.way
        if not isinstance(way, Way) or way.generation != self._cache.generation:
            way = self._way(request, secret, attempt, spends=spends)
            if not isinstance(way, Way):
                return way
        line = way.line
        verdict, route_id, units, missing = decide(line, request, now_us)
        if verdict is _VALID and spends:
            if line.on_route is not None:
                line = line.on_route(line, route_id, now_us)
            outcome = self._spend(request, attempt, line, route_id, units, now_us)
        else:
            shown = None if verdict is Verdict.UNKNOWN else line
            outcome = Decision(verdict, now_us, shown, route_id, 0, missing)
        if request.browser and spends and not _comes_again(outcome):
            self._seen_in_browser(request, line, verdict, now_us)
        return outcome

    def _way(
        self, request: Request, secret: bytes, attempt: int, *, spends: bool
    ) -> Way | Decision | Pending[Decision]:
        """Where the secret leads, by its fingerprint."""
        kept = request.way
        if isinstance(kept, bytes):
            hashed = kept
        else:
            hasher = self._hasher()
            hasher.update(secret)
            if request.token is not None:
                hasher.update(b" " + request.token)
            # It comes back with the same when what it lacks was loaded.
            request.way = hashed = hasher.digest()
        way = self._cache.way(hashed, request.api)
        if way is None or not self._cache.is_fresh(way):
            asker = self._asker(request, attempt, spends=spends)
            if request.token is None and not looks_like_token(secret):
                made = self.loading.way(secret, hashed, request.api, asker)
            else:
                token, slug = request.token, request.api
                made = self.tokens.way(secret, token, hashed, slug, asker)
            if not isinstance(made, Way):
                return made
            way = made
        request.way = way
        return way

    def _spend(
        self,
        request: Request,
        attempt: int,
        line: Line,
        route_id: str,
        units: int,
        now_us: int,
    ) -> Decision | Pending[Decision]:
        lease_ids: tuple[str, ...] = ()
        left: Left = ()
        if line.quotas:
            outcome = self._reserve(line.quotas, units, now_us)
            if not isinstance(outcome, Reserved):
                passed = (line, route_id, units)
                return self._unreserved(outcome, request, attempt, passed, now_us)
            lease_ids, left = outcome
        if line.rates:
            spent = self._take(line.rates, units, now_us)
            if spent.__class__ is not tuple:
                passed = (line, route_id, units)
                return self._rated(spent, passed, Reserved(lease_ids, left), now_us)
            left = spent + left
        return Decision(_VALID, now_us, line, route_id, units, (), left, None, lease_ids)

    def toll(self, line: Line, route_id: str, now_us: int) -> Decision | Pending[Decision]:
        """A call on us instead of the API: one of each rate limit, of no quota anything.

        `route_id` is what it is counted as. Whether the key may is seen before.
        """
        there = line if line.on_route is None else line.on_route(line, route_id, now_us)
        if not there.rates:
            return Decision(_VALID, now_us, line, route_id)
        spent = self._take(there.rates, 1, now_us)
        return self._rated(spent, (line, route_id, 0), Reserved((), ()), now_us)

    def _rated(
        self,
        spent: RateAnswer | Pending[RateAnswer],
        passed: tuple[Line, str, int],
        reserved: Reserved,
        now_us: int,
    ) -> Decision | Pending[Decision]:
        """What the rate counters say, be it later; what was reserved waits for it."""
        if isinstance(spent, Pending):
            waits = spent.resume

            def resume(result: object) -> Decision | Pending[Decision]:
                return self._rated(waits(result), passed, reserved, now_us)

            return Pending(spent.need, spent.work, resume, spent.begin)
        line, route_id, units = passed
        if isinstance(spent, Slowed):
            refused = Decision(Verdict.RATE_LIMITED, now_us, line, route_id)
            return self._slowed(refused, units, spent, reserved)
        if isinstance(spent, Uncounted):
            self._book.refund(reserved.lease_ids, units)
            return Decision(Verdict.UNAVAILABLE, now_us, line, route_id)
        left = spent + reserved.left
        leases = reserved.lease_ids
        return Decision(_VALID, now_us, line, route_id, units, (), left, None, leases)

    def _unreserved(
        self,
        outcome: Exhausted | Short,
        request: Request,
        attempt: int,
        passed: tuple[Line, str, int],
        now_us: int,
    ) -> Decision | Pending[Decision]:
        """There is no quota (or credit) left, or a lease is to be had first."""
        if isinstance(outcome, Short):
            return self._lease(outcome, self._asker(request, attempt))
        line, route_id, units = passed
        refused = Decision(exhausted(line, units, outcome.left), now_us, line, route_id)
        refused.left = outcome.left
        if refused.verdict is Verdict.QUOTA_EXCEEDED:
            refused.retry_us = outcome.retry_us
        return refused

    def _slowed(
        self, refused: Decision, units: int, slowed: Slowed, reserved: Reserved
    ) -> Decision:
        """Complete a refusal by a rate limit; what was reserved goes back."""
        self._book.refund(reserved.lease_ids, units)
        quotas = [
            number if place % 2 else number + units
            for place, number in enumerate(reserved.left)
        ]
        refused.left = (*left_of(slowed.taken), *quotas)
        waits = [one.retry_us for one in slowed.taken if not one.allowed]
        known = [wait for wait in waits if wait is not None]
        refused.retry_us = max(known, default=None) if len(known) == len(waits) else None
        return refused

    def release(self, decision: Decision) -> None:
        """Give back what an allowed decision reserved, if it cannot be counted.

        Only before the spool has seen it. What its rates took stays taken.
        """
        if decision.lease_ids:
            self._book.refund(decision.lease_ids, decision.units)
            decision.lease_ids = ()

    def refund(self, decision: Decision, units: int) -> None:
        """Have units of a reservation spent again, once the spool says they are back.

        What its rates took stays taken.
        """
        self._book.refund(decision.lease_ids, units)

    # -- secrets where they must not be -------------------------------------------

    def _seen_in_browser(
        self, request: Request, line: Line, verdict: Verdict, now_us: int
    ) -> None:
        """Flag a server key that is good, whatever else refused it: its secret is out."""
        if line.exposed_by_pages and not verdict.shows_no_good_secret:
            kind = AlertKind.SERVER_KEY_IN_BROWSER
            origin = without_secret(request.origin, request.secret)
            sample = origin or network_of(request.address)
            provider = line.api.organization_id
            self._alarms.sound(line.key, provider, kind, now_us, sample)

    def exposed(self, request: Request) -> Pending[None] | None:
        """Flag the key whose secret came over plain HTTP, if it is a good one.

        The caller is not to wait for it: the time that it takes would tell.
        """
        if request.secret is None:
            return None
        return self._exposed(request, request.secret, 0)

    def _exposed(
        self, request: Request, secret: bytes, attempt: int
    ) -> Pending[None] | None:
        asker: Asker[None] = Asker(
            lambda: self._exposed(request, secret, attempt + 1),
            lambda _verdict, _retry=None: None,
            attempt,
            request.address,
        )
        hashed = self.fingerprint(secret)
        held = self.loading.key(secret, hashed, asker, request.api)
        if not isinstance(held, HeldKey):
            return held
        now_us = self._now_us()
        if refusal_of(held, request.key_id, now_us) is None:
            api = self.known_api(request.api)
            provider = "" if api is None else api.organization_id
            kind, sample = AlertKind.SECRET_OVER_PLAIN_HTTP, network_of(request.address)
            self._alarms.sound(held.key, provider, kind, now_us, sample)
        return None

    # -- what else is asked of the cache ----------------------------------------

    def api(
        self, slug: str, address: int = UNKNOWN
    ) -> ApiRecord | Verdict | Pending[ApiRecord | Verdict | None] | None:
        """The API with that slug, None where there is none.

        The verdict is `unavailable`, where that cannot be found out. `address`
        is that of the caller who asks for it.
        """
        known = self.known_api(slug)
        if known is not None:
            return known
        asker: Asker[ApiRecord | Verdict | None] = Asker(
            lambda: self.api(slug, address),
            lambda verdict, _=None: verdict,
            address=address,
            gone=self._is_gone,
        )
        return self.loading.api(slug, asker)

    def host(
        self, name: str, address: int = UNKNOWN, attempt: int = 0
    ) -> str | Prefixes | Verdict | Pending[str | Prefixes | Verdict]:
        """The slug of the API that a host leads to, '' where it leads to none.

        `Prefixes`, where not all of its paths lead to one API. The verdict is
        `unavailable`, where that cannot be found out. `address` is that of the
        caller who asks for it.
        """
        known = self.hosts.lead(name)
        if known is not None:
            return known
        asker: Asker[str | Prefixes | Verdict] = Asker(
            lambda: self.host(name, address, attempt + 1),
            lambda verdict, _=None: verdict,
            attempt,
            address,
            self._is_gone,
        )
        return self.loading.host(name, asker)

    def management(
        self, secret: bytes, address: int, key_id: str | None = None
    ) -> ManagementKey | Verdict | Pending[ManagementKey | Verdict]:
        """Check a management key. A verdict is the refusal.

        `key_id` is the id that came with the secret, where one did.
        """
        hashed = self.fingerprint(secret)
        if self._monotonic_us() <= self._fresh_until_us:
            known = self._managers.of(hashed)
            if known is not None:
                return judge(known, address, key_id, self._now_us())
        return self._management(secret, hashed, address, key_id)

    def _management(
        self,
        secret: bytes,
        hashed: bytes,
        address: int,
        key_id: str | None,
        attempt: int = 0,
        *,
        caught_up: bool = False,
    ) -> ManagementKey | Verdict | Pending[ManagementKey | Verdict]:
        asker: Asker[ManagementKey | Verdict] = Asker(
            lambda: self._management(secret, hashed, address, key_id, attempt + 1),
            lambda verdict, _=None: verdict,
            attempt,
            address,
            self._is_gone,
            lambda: self._management(
                secret, hashed, address, key_id, attempt, caught_up=True
            ),
        )
        late = None if caught_up else self.behind(asker)
        if late is not None:
            return late
        held = self.loading.key(secret, hashed, asker)
        if not isinstance(held, HeldKey):
            return held
        self._managers.keep(hashed, held)
        return judge(held, address, key_id, self._now_us())

    # -- what it goes on from ------------------------------------------------------

    def _lease(self, short: Short, asker: Asker[T]) -> T | Pending[T]:
        if asker.gone:
            return asker.refuse(Verdict.UNAVAILABLE)

        def resume(result: object) -> T | Pending[T]:
            if not isinstance(result, Granted):
                # Once: each request that waits for a database that is away comes here.
                if not self._leaseless:
                    _log.warning("a lease cannot be had: %s", result)
                self._leaseless = True
                return asker.refuse(Verdict.UNAVAILABLE)
            self._leaseless = False
            self._book.install(result, self._clock.now_us())
            return asker.again()

        def late(result: object) -> None:
            if isinstance(result, Granted):
                self._book.install(result, self._clock.now_us())

        return Pending(
            short.need,
            short.work,
            resume,
            seconds_max=READ_SECONDS_MAX,
            late=late,
            together=lease_together,
            part=short,
        )

    def _asker(
        self, request: Request, attempt: int, *, spends: bool = True
    ) -> Asker[Decision]:
        return Asker(
            lambda: self.verify(request, attempt + 1, spends=spends),
            self._refused,
            attempt,
            request.address,
            self._is_gone,
            lambda: self.verify(request, attempt, caught_up=True, spends=spends),
        )

    def _refused(self, verdict: Verdict, retry_us: int | None = None) -> Decision:
        return Decision(verdict, self._clock.now_us(), retry_us=retry_us)


def _comes_again(outcome: Decision | Pending[Decision]) -> bool:
    """Whether the request is verified once more, from its beginning."""
    return isinstance(outcome, Pending) and outcome.begin is None
