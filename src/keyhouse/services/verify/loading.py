"""From a secret to records: what the cache lacks is read, once for all askers."""

import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

from keyhouse.core.compilation import compile_line
from keyhouse.core.imported import admits, candidates
from keyhouse.core.keyring import Keyring
from keyhouse.core.pending import Pending
from keyhouse.core.plan_records import SubscriptionRecord
from keyhouse.core.records import (
    ApiRecord,
    ApplicationRecord,
    Found,
    KeyRecord,
    Line,
    Part,
    PartRef,
    Snapshot,
)
from keyhouse.core.secret import Fingerprints, digest, is_well_formed
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Clock, KeyStore
from keyhouse.services.verify.asker import Asker
from keyhouse.services.verify.cache import RecordCache
from keyhouse.services.verify.misses import MissBudget
from keyhouse.services.verify.pieces import (
    HeldKey,
    customer_of,
    owners_of,
    pieces_of,
    refs_of_api,
    refs_of_key,
    subscribed_of,
)
from keyhouse.services.verify.sources import Source
from keyhouse.services.verify.ways import Way

ATTEMPTS_MAX: Final = 8
"""Rounds of reading before an asker is given up: more than the three that a
key, its parts and its API take mean that they change faster than they load."""

READ_SECONDS_MAX: Final = 10.0
"""Nobody waits longer for the database: so long may a transaction wait for its turn."""

T = TypeVar("T")
_KEY: Final = "key"
_log = logging.getLogger(__name__)


class HeldLine(NamedTuple):
    """A line with the parts that it was made from."""

    line: Line
    parts: dict[PartRef, Part]


class Loading:
    """Finds records in the cache or makes a `Pending` that reads them.

    Where something cannot be had at all, the asker's refusal is returned.
    `rehash` is told the id of a secret that was found by a plain hash, and the
    keyed hash of its string with the active pepper.
    """

    def __init__(
        self,
        store: KeyStore,
        cache: RecordCache,
        keyring: Keyring,
        misses: MissBudget,
        clock: Clock,
        rehash: Callable[[str, bytes], None] = lambda _id, _digest: None,
    ) -> None:
        self._store = store
        self._cache = cache
        self.fingerprints = Fingerprints(keyring.active.key)
        self._pepper = keyring.active.key
        self._peppers = [(pepper.id, pepper.key) for pepper in keyring.peppers]
        self._misses = misses
        self._clock = clock
        self._rehash = rehash
        self._flying: set[Hashable] = set()

    def way(
        self, secret: bytes, hashed: bytes, slug: str, asker: Asker[T]
    ) -> Way | T | Pending[T]:
        """A fresh `Way` from the secret to the API."""
        held = self.secret_line(secret, hashed, slug, asker)
        if not isinstance(held, HeldLine):
            return held
        return self._cache.keep_way(hashed, held.line, held.parts)

    def secret_line(
        self, secret: bytes, hashed: bytes, slug: str, asker: Asker[T]
    ) -> HeldLine | T | Pending[T]:
        """The line from the secret to the API, with the parts behind it, which are held."""
        found = self._find(secret, hashed, asker, slug)
        if not isinstance(found, Found):
            return found
        return self.line(found, slug, asker)

    def line(
        self, found: Found, slug: str, asker: Asker[T], more: Sequence[PartRef] = ()
    ) -> HeldLine | T | Pending[T]:
        """The line from what was found to the API, with the parts behind it and `more`."""
        api = self._cache.api(slug)
        if api is None:
            if self._cache.is_absent(slug, self._clock.monotonic_us()):
                return asker.refuse(Verdict.API_NOT_ALLOWED)
            return self._load_api(slug, asker)
        customers, subscriptions = self._links(found, api)
        refs = [*refs_of_api(api), *customers, *subscriptions, *more]
        held = self._held(found, asker, refs)
        if not isinstance(held, dict):
            return held
        pieces = pieces_of(found, held)
        if pieces is None:
            return asker.refuse(Verdict.UNKNOWN)
        line = compile_line(
            pieces.secret,
            pieces.key,
            pieces.application,
            api,
            owners=pieces.owners,
            providers=owners_of(held, api.organization_id, api.project_id),
            customer=customer_of(held, customers),
            subscribed=subscribed_of(held, subscriptions),
        )
        return HeldLine(line, held)

    def key(
        self, secret: bytes, hashed: bytes, asker: Asker[T], slug: str = ""
    ) -> HeldKey | T | Pending[T]:
        """The `HeldKey` that the secret leads to. An imported one leads nowhere

        but at an API, whose slug it then takes.
        """
        found = self._find(secret, hashed, asker, slug)
        if not isinstance(found, Found):
            return found
        held = self._held(found, asker, [])
        if not isinstance(held, dict):
            return held
        return pieces_of(found, held) or asker.refuse(Verdict.UNKNOWN)

    def api(self, slug: str, asker: Asker[T]) -> T | Pending[T] | None:
        """The API with that slug, None where there is none, for routing.

        Any stranger can ask for any slug, so the budget for misses holds.
        """
        monotonic_us = self._clock.monotonic_us()
        if self._cache.is_absent(slug, monotonic_us):
            return None
        load = self._load_api(slug, asker)
        return self.admitted(load, asker, asker.source(), monotonic_us)

    def api_by_id(self, id: str, asker: Asker[T]) -> ApiRecord | T | Pending[T]:
        """The API with that id. For those who hold a key or a token of ours."""
        ref = PartRef("api", id)
        held = self._cache.part(ref)
        if isinstance(held, ApiRecord):
            return held
        if asker.attempt >= ATTEMPTS_MAX:
            return asker.refuse(Verdict.UNAVAILABLE)
        load = self._load([ref], asker)
        monotonic_us = self._clock.monotonic_us()
        return self.admitted(load, asker, asker.source(), monotonic_us, _found_none)

    def host(self, name: str, asker: Asker[T]) -> T | Pending[T]:
        """Have the cache know where a host leads. For any stranger, as `api`."""
        if asker.attempt >= ATTEMPTS_MAX:
            return asker.refuse(Verdict.UNAVAILABLE)

        def take_in(snapshot: Snapshot) -> None:
            self._cache.hosts.keep(name, snapshot.prefixes or _slug_of(snapshot))

        load = self._pending(
            ("host", name), lambda: self._store.find_host(name), take_in, asker
        )
        monotonic_us = self._clock.monotonic_us()
        return self.admitted(load, asker, asker.source(), monotonic_us)

    def _find(
        self, secret: bytes, hashed: bytes, asker: Asker[T], slug: str = ""
    ) -> Found | T | Pending[T]:
        """Where a secret leads."""
        found = self._known(hashed)
        if found is not None:
            return found
        monotonic_us = self._clock.monotonic_us()
        if self._cache.is_absent(hashed, monotonic_us):
            return asker.refuse(Verdict.UNKNOWN)
        if not is_well_formed(secret):
            return self._find_imported(secret, hashed, asker, slug)

        def work() -> Snapshot:
            keyed = [(name, digest(secret, pepper)) for name, pepper in self._peppers]
            return self._store.find_secret(keyed, self._cache.holds)

        return self._look_up(hashed, work, asker, slug)

    def _known(self, place: bytes) -> Found | None:
        """Where a secret is known to lead, unless its key was just found to be gone.

        It may lead elsewhere by now: a string that was imported again.
        """
        found = self._cache.found(place)
        if found is None or not self._is_gone(found.key_id):
            return found
        self._cache.forget(place)
        return None

    def _is_gone(self, key_id: str) -> bool:
        return self._cache.is_absent(_gone(key_id), self._clock.monotonic_us())

    def _find_imported(
        self, secret: bytes, hashed: bytes, asker: Asker[T], slug: str
    ) -> Found | T | Pending[T]:
        """Where a string leads that is none of ours: asked of the API's project,

        and of no other. Costs nothing where that has no such strings.
        """
        api = self._cache.api(slug)
        monotonic_us = self._clock.monotonic_us()
        if api is None:
            if not slug or self._cache.is_absent(slug, monotonic_us):
                return asker.refuse(Verdict.MALFORMED)
            load = self._load_api(slug, asker)
            return self.admitted(load, asker, asker.source(slug), monotonic_us)
        imported, project_id = api.imported, api.project_id
        if imported is None or not admits(imported, secret):
            return asker.refuse(Verdict.MALFORMED)
        place = hashed + project_id.encode("ascii")
        found = self._known(place)
        if found is not None:
            return found
        if self._cache.is_absent(place, monotonic_us):
            return asker.refuse(Verdict.UNKNOWN)

        def work() -> Snapshot:
            kept = candidates(secret, imported.algorithms, self._peppers)
            return self._store.find_imported(project_id, kept, self._cache.holds)

        return self._look_up(place, work, asker, slug, self._unsalted(secret))

    def _look_up(
        self,
        place: bytes,
        work: Callable[[], Snapshot],
        asker: Asker[T],
        slug: str,
        seen: Callable[[Found], None] | None = None,
    ) -> T | Pending[T]:
        """Have the cache know where a secret leads, or that it leads nowhere."""
        if asker.attempt >= ATTEMPTS_MAX:
            return asker.refuse(Verdict.UNAVAILABLE)

        def take_in(snapshot: Snapshot) -> None:
            if snapshot.found is None:
                self._cache.keep_absent(place, self._clock.monotonic_us())
                return
            self._cache.keep_found(place, snapshot.found)
            if seen is not None:
                seen(snapshot.found)

        load = self._pending(("secret", place), work, take_in, asker)
        monotonic_us = self._clock.monotonic_us()
        return self.admitted(load, asker, asker.source(slug), monotonic_us)

    def _unsalted(self, secret: bytes) -> Callable[[Found], None]:
        """Tells of a secret that is kept as a plain hash what it is to be kept as."""

        def seen(found: Found) -> None:
            if found.unsalted:
                self._rehash(found.secret_id, digest(secret, self._pepper))

        return seen

    def _held(
        self, found: Found, asker: Asker[T], more: list[PartRef]
    ) -> dict[PartRef, Part] | T | Pending[T]:
        """The parts of a key and `more`, by reference."""
        refs = refs_of_key(self._cache.part(PartRef("key", found.key_id)), found) + more
        held: dict[PartRef, Part] = {}
        missing = []
        for ref in refs:
            part = self._cache.part(ref)
            if part is None:
                missing.append(ref)
            else:
                held[ref] = part
        if not missing:
            return held
        if self._is_gone(found.key_id):
            return asker.refuse(Verdict.UNKNOWN)
        if asker.attempt >= ATTEMPTS_MAX:
            return asker.refuse(Verdict.UNAVAILABLE)
        return self._load(missing, asker)

    def _links(self, found: Found, api: ApiRecord) -> tuple[list[PartRef], list[PartRef]]:
        """What the key's application has with the API's provider: the customer that

        it is of, and its subscription to the API with the plan. Before key and
        application are there they are not known, nor a way made; nor is the
        plan before the subscription is there.
        """
        key = self._cache.part(PartRef("key", found.key_id))
        if not isinstance(key, KeyRecord):
            return [], []
        application = self._cache.part(PartRef("application", key.application_id))
        if not isinstance(application, ApplicationRecord):
            return [], []
        customer_id = application.customers.get(api.organization_id)
        customers = [] if customer_id is None else [PartRef("customer", customer_id)]
        subscription_id = application.subscriptions.get(api.id)
        if subscription_id is None:
            return customers, []
        ref = PartRef("subscription", subscription_id)
        subscription = self._cache.part(ref)
        if not isinstance(subscription, SubscriptionRecord):
            return customers, [ref]
        return customers, [ref, PartRef("plan", subscription.plan_id)]

    def _load(self, missing: list[PartRef], asker: Asker[T]) -> T | Pending[T]:
        if asker.gone:
            return asker.refuse(Verdict.UNAVAILABLE)

        def resume(result: object) -> T | Pending[T]:
            if not isinstance(result, Snapshot):
                return self._lost(result, asker)
            whole = self._cache.install(result)
            lacking = [ref for ref in missing if result.parts.get(ref) is None]
            if not whole or not lacking:
                return asker.again()
            gone = [ref.id for ref in lacking if ref.kind == _KEY]
            if not gone:
                return asker.refuse(Verdict.UNKNOWN)
            for key_id in gone:
                self._cache.keep_absent(_gone(key_id), self._clock.monotonic_us())
            return asker.again()

        return Pending(
            ("parts", *missing),
            lambda: self._store.load(missing),
            resume,
            seconds_max=READ_SECONDS_MAX,
        )

    def _load_api(self, slug: str, asker: Asker[T]) -> T | Pending[T]:
        if asker.attempt >= ATTEMPTS_MAX:
            return asker.refuse(Verdict.UNAVAILABLE)

        def take_in(snapshot: Snapshot) -> None:
            if snapshot.api_id is None:
                self._cache.keep_absent(slug, self._clock.monotonic_us())

        return self._pending(
            ("api", slug), lambda: self._store.find_api(slug), take_in, asker
        )

    def _pending(
        self,
        need: tuple[object, ...],
        work: Callable[[], Snapshot],
        take_in: Callable[[Snapshot], None],
        asker: Asker[T],
    ) -> T | Pending[T]:
        if asker.gone:
            return asker.refuse(Verdict.UNAVAILABLE)

        def resume(result: object) -> T | Pending[T]:
            if not isinstance(result, Snapshot):
                return self._lost(result, asker)
            if self._cache.install(result):
                take_in(result)
            return asker.again()

        return Pending(need, work, resume, seconds_max=READ_SECONDS_MAX)

    def admitted(
        self,
        load: T | Pending[T],
        asker: Asker[T],
        source: Source,
        monotonic_us: int,
        is_miss: Callable[[object], bool] | None = None,
    ) -> T | Pending[T]:
        """The look-up, if the budget for misses has room for it. `is_miss` tells

        whether what came of it was one.

        One that is under way already is joined, and costs nothing: a crowd
        that comes with one key to a gateway just started is one look-up.
        """
        if not isinstance(load, Pending) or load.need in self._flying:
            return load
        wait_us = self._misses.admit(source, monotonic_us)
        if wait_us:
            return asker.refuse(Verdict.UNAVAILABLE, wait_us)
        self._flying.add(load.need)

        def counting(result: object) -> T | Pending[T]:
            self._flying.discard(load.need)
            self._misses.done(source, missed=(is_miss or _is_miss)(result))
            return load.resume(result)

        return replace(load, resume=counting)

    def _lost(self, error: object, asker: Asker[T]) -> T:
        _log.warning("records cannot be read: %s", error)
        return asker.refuse(Verdict.UNAVAILABLE)


def _gone(key_id: str) -> bytes:
    """As what it is remembered that there is no such key: no fingerprint is as short."""
    return key_id.encode("ascii")


def _is_miss(result: object) -> bool:
    """Whether a look-up found neither secret nor API; one that failed did not look."""
    return (
        isinstance(result, Snapshot)
        and result.found is None
        and result.api_id is None
        and result.prefixes is None
    )


def _found_none(result: object) -> bool:
    """Whether none of the parts that were asked for is there."""
    return isinstance(result, Snapshot) and not any(result.parts.values())


def _slug_of(snapshot: Snapshot) -> str:
    """The slug of the API that was found; '' where there is none."""
    api = snapshot.parts.get(PartRef("api", snapshot.api_id or ""))
    return api.slug if isinstance(api, ApiRecord) else ""
