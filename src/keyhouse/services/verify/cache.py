"""The normalised cache of records, and the fence that keeps old reads out.

Parts are held once and shared. A change drops the part that it names; what
refers to it finds that out by the cache's `generation`. A read of the
database is taken in only if no change was applied that it has not seen:
otherwise a slow read could bring back a key that was revoked meanwhile.
"""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Final

from keyhouse.core.records import (
    HOST,
    ApiRecord,
    Found,
    KeyRecord,
    Line,
    Part,
    PartRef,
    Snapshot,
)
from keyhouse.core.secret import DIGEST_BYTES
from keyhouse.core.user_tokens import UserToken
from keyhouse.core.validation import is_slug
from keyhouse.ports import Changes
from keyhouse.services.verify.hosts import HostIndex
from keyhouse.services.verify.ways import Held, Way, Ways
from keyhouse.services.verify.weight import FOUND_BYTES, TOKEN_BYTES, WAY_BYTES, weight_of

BYTES_MAX: Final = 1 << 28
REMEMBERED_CHANGES: Final = 4096
SHARING_MAX: Final = 1024
CALLERS_A_KEY: Final = 7
"""Kinds of parts of which each key may have one of its own: application, customer,

subscription, plan, revocations of tokens, project, organization.
"""
_KEY: Final = "key"
ABSENCES_MAX: Final = 65_536
ABSENCE_US: Final = 2_000_000
"""Long enough to slow a guesser, short enough that a new key works at once
even where the change that announces it is late."""


class RecordCache:
    """Records by reference, secrets by digest, APIs by slug.

    Bounded by keys, and by the bytes that these and what hangs on them take. One
    thread uses it. `generation` moves when anything is dropped; of each change that
    is applied `forgotten` is told when it was made, where that is known.
    """

    def __init__(
        self,
        keys_max: int,
        bytes_max: int = BYTES_MAX,
        forgotten: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._forgotten = forgotten
        self.generation = 0
        self.applied = 0
        self._secrets = Ways()
        # What is found by another digest than that of its secret: of tokens and imports.
        self._others = Ways()
        self._keys_max = keys_max
        self._bytes_max = bytes_max
        # By kind and id: a name of both for each part would take a tenth of its bytes.
        self._parts: defaultdict[str, dict[str, Held]] = defaultdict(dict)
        self._parts_bytes = 0
        self._sharing: dict[tuple[Held, ...], tuple[Held, ...]] = {}
        self._shared_at = 0
        self._callers: OrderedDict[PartRef, None] = OrderedDict()
        self.apis: dict[str, ApiRecord] = {}
        self.hosts = HostIndex()
        self._absent: OrderedDict[bytes | str, int] = OrderedDict()
        self.tokens: OrderedDict[bytes, UserToken] = OrderedDict()
        self._token_ways: OrderedDict[bytes, None] = OrderedDict()
        self._recent: deque[tuple[int, PartRef]] = deque(maxlen=REMEMBERED_CHANGES)
        self._fence_floor = 0

    def __len__(self) -> int:
        """How many secrets are held."""
        return len(self._secrets)

    @property
    def weight(self) -> int:
        """About how many bytes all of it takes, rather too much than too little."""
        return (
            self._parts_bytes
            + FOUND_BYTES * len(self._secrets)
            + WAY_BYTES * self.ways
            + TOKEN_BYTES * len(self.tokens)
        )

    @property
    def ways(self) -> int:
        """How many ways from secrets and tokens to APIs are held."""
        return self._secrets.count + self._others.count

    @property
    def records(self) -> int:
        """How many parts are held: keys, applications, APIs and the like."""
        return sum(len(parts) for parts in tuple(self._parts.values()))

    def start(self, seq: int) -> None:
        """Begin empty at change `seq`: nothing before it matters any more."""
        self.applied = max(self.applied, seq)
        self._fence_floor = self.applied
        self._forget_all()

    def part(self, ref: PartRef) -> Part | None:
        """The part, where it is held."""
        held = self._held(ref)
        return None if held is None else held.part

    def holds(self, ref: PartRef, seq: int) -> bool:
        """Whether the part is held as it was at change `seq`, or newer.

        Alone of all, this may be asked from any thread. By the time that the
        answer is used it may be so no more: then that part is read on its own.
        """
        return seq <= self.applied and ref.id in self._parts.get(ref.kind, ())

    def found(self, place: bytes) -> Found | None:
        """Where the secret with that digest leads, if it is held.

        The place of an imported one is its digest and then its project's id.
        """
        return self._secrets.found(place)

    def way(self, digest: bytes, slug: str) -> Way | None:
        """The way from a secret or token to the API, whether it still holds or not."""
        way = self._secrets.get(digest, slug)
        return self._others.get(digest, slug) if way is None else way

    def api(self, slug: str) -> ApiRecord | None:
        """The API with that slug, if it is held."""
        return self.apis.get(slug)

    def is_fresh(self, way: Way) -> bool:
        """Whether all parts of a way still hold; remembers it for the next time."""
        if way.generation == self.generation:
            return True
        key = way.key
        if self._parts[_KEY].get(key.part.id) is not key:
            return False
        for held in way.parts:
            if self._parts[held.kind].get(held.part.id) is not held:
                return False
        way.generation = self.generation
        return True

    def keep_way(self, digest: bytes, line: Line, refs: Iterable[PartRef]) -> Way:
        """Remember a line that was just made from these parts, which are held."""
        parts = [self._parts[kind][id] for kind, id in refs]
        key = next(part for part in parts if part.kind == _KEY)
        parts.remove(key)
        way = Way(line, key, self._shared(tuple(parts)), self.generation)
        (self._secrets if digest in self._secrets else self._others).keep(digest, way)
        # What was loaded for it may have grown. If it is evicted itself, it is good for
        # the request that it was made for.
        self._keep_bytes()
        return way

    def _shared(self, parts: tuple[Held, ...]) -> tuple[Held, ...]:
        """A tuple that keys of the same application have in common."""
        if self._shared_at != self.generation or len(self._sharing) >= SHARING_MAX:
            self._shared_at = self.generation
            self._sharing.clear()
        return self._sharing.setdefault(parts, parts)

    def install(self, snapshot: Snapshot) -> bool:
        """Take in what a read saw. False, and nothing of it is, if some of it

        was changed since by a change that is applied here: read again.
        """
        if not self._passes_fence(snapshot):
            return False
        for ref, part in snapshot.parts.items():
            if part is None:
                self._drop(ref, snapshot.seq)
            elif self._is_news(ref, snapshot.seq):
                self._put(ref, part, snapshot.seq)
        return True

    def _is_news(self, ref: PartRef, seq: int) -> bool:
        """Whether a read at change `seq` may know more of a part than is held of it.

        What is held and was not dropped by a change up to there is as it was read:
        to replace it, an API with each of its keys, would make all ways stale.
        """
        held = self._held(ref)
        return held is None or (held.seq <= seq and seq > self.applied)

    def keep_found(self, place: bytes, found: Found) -> None:
        """Remember where a secret leads; evicts the longest unused beyond the bound."""
        key = self.part(PartRef("key", found.key_id))
        if isinstance(key, KeyRecord):
            # The texts of the key's own ids, not copies of them.
            secret = key.secret(found.secret_id)
            secret_id = found.secret_id if secret is None else secret.id
            found = Found(key.id, secret_id, found.unsalted)
        self._secrets.keep_found(place, found)
        self._absent.pop(place, None)
        while len(self._secrets) > self._keys_max:
            self._evict()
        self._keep_bytes()

    def keep_token(self, digest: bytes, token: UserToken) -> None:
        """Remember a token whose signature was checked, and is not checked again."""
        self.tokens[digest] = token
        if len(self.tokens) > self._keys_max:
            self.tokens.popitem(last=False)
        self._keep_bytes()

    def keep_token_way(self, digest: bytes, line: Line, refs: Iterable[PartRef]) -> Way:
        """As `keep_way`, for what no secret leads to; so these are bounded too."""
        way = self.keep_way(digest, line, refs)
        self._token_ways[digest] = None
        # Its key may have been loaded for it alone.
        self._keep_caller(PartRef("key", way.line.key.id))
        if len(self._token_ways) > self._keys_max:
            oldest, _ = self._token_ways.popitem(last=False)
            self._others.forget(oldest)
        return way

    def forget(self, place: bytes) -> None:
        """Forget where a secret leads, and all of its ways."""
        self._secrets.forget(place)
        # The ways of an imported one are found by its fingerprint alone.
        self._others.forget(place[:DIGEST_BYTES])

    def keep_absent(self, what: bytes | str, now_us: int) -> None:
        """Remember that a secret (fingerprint), key (id) or API (slug) does not exist."""
        self._absent[what] = now_us + ABSENCE_US
        if len(self._absent) > ABSENCES_MAX:
            self._absent.popitem(last=False)

    def is_absent(self, what: bytes | str, now_us: int) -> bool:
        """Whether it is known not to exist. `now_us` is the monotonic clock.

        What is no slug is not asked for: it names no API, and there are texts that
        a database does not take.
        """
        if isinstance(what, str) and not is_slug(what):
            return True
        until = self._absent.get(what)
        return until is not None and now_us < until

    def apply(self, changes: Changes) -> None:
        """Drop what changed. Changes that were applied before do no harm."""
        if changes.forget_all:
            # The log was pruned, or a backup was restored and it begins anew.
            self._recent.clear()
            self._fence_floor = self.applied = changes.head
            self._forget_all()
        for seq, ref in changes.rows:
            if seq <= self.applied:
                continue
            if len(self._recent) == REMEMBERED_CHANGES:
                self._fence_floor = self._recent[0][0]
            self._recent.append((seq, ref))
            self._drop(ref, seq)
        for (seq, _), made_us in zip(changes.rows, changes.made_us, strict=False):
            if seq > self.applied and made_us:
                self._forgotten(made_us)
        if changes.rows:
            # A new key or API may be what was just said not to exist.
            self._absent.clear()
        self.applied = max(self.applied, changes.head)

    def _passes_fence(self, snapshot: Snapshot) -> bool:
        if snapshot.seq >= self.applied:
            return True
        if snapshot.seq < self._fence_floor:
            return False
        if snapshot.found is None and any(seq > snapshot.seq for seq, _ in self._recent):
            return False
        return not any(
            seq > snapshot.seq and ref in snapshot.parts for seq, ref in self._recent
        )

    def _put(self, ref: PartRef, part: Part, seq: int) -> None:
        old = self._take(ref)
        if old is not None:
            self.generation += 1
            self._forget_slug(old.part)
        self._parts[ref.kind][part.id] = Held(ref.kind, part, seq)
        self._parts_bytes += weight_of(part)
        if isinstance(part, ApiRecord):
            self.apis[part.slug] = part
        elif ref.kind != _KEY:
            self._keep_caller(ref)

    def _take(self, ref: PartRef) -> Held | None:
        """Take a part out, if it is held."""
        held = self._parts[ref.kind].pop(ref.id, None)
        if held is not None:
            self._parts_bytes -= weight_of(held.part)
        return held

    def _held(self, ref: PartRef) -> Held | None:
        return self._parts[ref.kind].get(ref.id)

    def _keep_caller(self, ref: PartRef) -> None:
        """Applications, whose they are and what is theirs: each may be as many as keys."""
        self._callers[ref] = None
        self._callers.move_to_end(ref)
        if len(self._callers) > CALLERS_A_KEY * self._keys_max:
            self._evict_caller()

    def _keep_bytes(self) -> None:
        """Evict until the rest fits; the last key stays, however much hangs on it."""
        while self.weight > self._bytes_max and (len(self._secrets) > 1 or self.tokens):
            if self.tokens:
                self.tokens.popitem(last=False)
            if self._token_ways:
                self._others.forget(self._token_ways.popitem(last=False)[0])
            # As many of these as there are for each key, or they would push all keys out.
            shares = len(self._callers) // max(len(self._secrets), 1)
            if len(self._secrets) > 1:
                self._evict()
            for _ in range(shares):
                self._evict_caller()

    def _evict_caller(self) -> None:
        oldest, _ = self._callers.popitem(last=False)
        if self._take(oldest) is not None:
            # Nobody would hear of its change: no way may be made of it still.
            self.generation += 1

    def _drop(self, ref: PartRef, seq: int) -> None:
        if ref.kind == HOST:
            self.hosts.changed()
        held = self._held(ref)
        if held is None or held.seq >= seq:
            return
        self._take(ref)
        self.generation += 1
        self._forget_slug(held.part)

    def _forget_slug(self, part: Part) -> None:
        """An API is gone or changed; another may have taken up its slug since."""
        if isinstance(part, ApiRecord) and self.apis.get(part.slug) is part:
            del self.apis[part.slug]

    def _evict(self) -> None:
        """Forget the secret that was taken in first and its key."""
        place = self._secrets.oldest()
        found = self._secrets.found(place)
        self.forget(place)
        if found is None:
            return
        held = self._take(PartRef("key", found.key_id))
        if held is not None and isinstance(held.part, KeyRecord):
            # A second secret of the key must not find a line without its key.
            self.generation += 1

    def _forget_all(self) -> None:
        self.generation += 1
        self._parts.clear()
        self._parts_bytes = 0
        self._callers.clear()
        self.apis.clear()
        self.hosts.changed()
        self._absent.clear()
        self._secrets.clear()
        self._others.clear()
        self.tokens.clear()
        self._token_ways.clear()
