"""A small world for the verifier: rows in memory, clocks that tests move."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any, cast

from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.core import compilation
from keyhouse.core.addresses import UNKNOWN as NOWHERE
from keyhouse.core.decision import Decision
from keyhouse.core.entities import (
    Access,
    Api,
    Application,
    ApplicationCustomer,
    Customer,
    Environment,
    Key,
    KeyKind,
    Limit,
    LimitKind,
    Organization,
    Project,
    Resource,
    SecretRow,
)
from keyhouse.core.hosts import cover_of
from keyhouse.core.imported import Candidate
from keyhouse.core.keyring import Keyring, KeyringState, Pepper
from keyhouse.core.pending import Pending
from keyhouse.core.prefixes import Prefixes
from keyhouse.core.quotas import Budget, Span
from keyhouse.core.records import HOST, Change, Found, Part, PartRef, Snapshot
from keyhouse.core.request import Request
from keyhouse.core.secret import Secret, digest, mint
from keyhouse.ports import (
    Changes,
    Held,
    Leased,
    LeaseWanted,
    StoreUnavailable,
    holds_none,
)
from keyhouse.services.alerts import Alarms
from keyhouse.services.budgets import LeaseBook
from keyhouse.services.verify import (
    Loading,
    MissBudget,
    Patience,
    RecordCache,
    Verifier,
)
from keyhouse.services.verify.sources import Sources

PEPPER = Pepper("p1", KeyringState.ACTIVE, b"p" * 32)
SECRET = mint("kh", KeyKind.SERVER, Environment.TEST, b"s" * 32)
UNKNOWN = mint("kh", KeyKind.SERVER, Environment.TEST, b"u" * 32)
MANAGING = mint("kh", KeyKind.MANAGEMENT, None, b"m" * 32)
_TIMES: dict[str, Any] = {"created_at": 0, "updated_at": 0}


class Clock:
    """Both clocks stand still until a test moves them."""

    def __init__(self) -> None:
        self.wall_us = 1_760_000_000_000_000
        self.up_us = 10_000_000

    def now_us(self) -> int:
        return self.wall_us

    def monotonic_us(self) -> int:
        return self.up_us


class Ledger:
    """Budgets in a dict; grants what is wanted while there is some."""

    def __init__(self) -> None:
        self.leased: dict[tuple[Budget, Span], int] = {}
        self.gone = False

    def lease(self, spool_id: str, wants: Sequence[LeaseWanted]) -> list[Leased]:
        if self.gone:
            raise StoreUnavailable("the test took it away")
        return [self._lease(spool_id, want) for want in wants]

    def _lease(self, spool_id: str, want: LeaseWanted) -> Leased:
        place = (want.budget, want.span)
        left = want.limit - self.leased.get(place, 0)
        granted = max(min(want.up_to, left), 0) if left >= want.at_least else 0
        self.leased[place] = self.leased.get(place, 0) + granted
        return Leased(f"{spool_id}/{want.budget.limit_name}", granted, left - granted)

    def give_back(self, spool_id: str, returns: Mapping[str, int]) -> None:
        raise NotImplementedError

    def used(self, budget: Budget, span: Span) -> tuple[int, int]:
        raise NotImplementedError


class Store:
    """Rows, a change log, and counters of what was asked of them."""

    def __init__(self) -> None:
        self.seq = 1
        self.log: list[Change] = []
        self.asked = 0
        self.gone = False
        self.rows: dict[PartRef, Any] = {}
        self.secrets: dict[bytes, SecretRow] = {}
        self.access: dict[str, list[Access]] = {}
        self.links: dict[str, list[ApplicationCustomer]] = {}
        self.hosts: dict[str, str | Prefixes] = {}
        self.imported: dict[tuple[object, ...], SecretRow] = {}

    def put(self, kind: str, row: Any) -> None:
        """Write a row and its change."""
        self.seq += 1
        ref = PartRef(kind, row.id)
        self.rows[ref] = row
        self.log.append(Change(self.seq, ref))

    def remove(self, kind: str, row_id: str) -> None:
        self.seq += 1
        ref = PartRef(kind, row_id)
        del self.rows[ref]
        self.log.append(Change(self.seq, ref))

    def add_key(self, key: Key, secret: Secret, *access: Access) -> None:
        hashed = digest(secret.reveal().encode(), PEPPER.key)
        self.secrets[hashed] = SecretRow(
            id=f"sec_{key.id}",
            key_id=key.id,
            version=1,
            namespace="",
            algorithm="blake2b-256-keyed",
            pepper_id=PEPPER.id,
            digest=hashed,
            hint=secret.hint,
            starts_at=0,
            created_by="t",
            created_at=0,
        )
        self.access[key.id] = list(access)
        self.put("key", key)

    def add_imported(self, key: Key, kept: Candidate, *access: Access) -> None:
        """A key of another system, by what its string is kept as."""
        self.imported[(key.project_id, *kept)] = SecretRow(
            id=f"sec_{key.id}",
            key_id=key.id,
            version=1,
            namespace=key.project_id,
            algorithm=kept.algorithm,
            pepper_id=kept.pepper_id,
            digest=kept.digest,
            hint="…",
            starts_at=0,
            created_by="t",
            created_at=0,
        )
        self.access[key.id] = list(access)
        self.put("key", key)

    def change(self, kind: str, row_id: str, **changes: object) -> None:
        self.put(kind, replace(self.rows[PartRef(kind, row_id)], **changes))

    # -- ports.KeyStore and the reading half of ports.ChangeFeed

    def find_secret(
        self, candidates: Sequence[tuple[str, bytes]], held: Held = holds_none
    ) -> Snapshot:
        self._ask()
        for _, hashed in candidates:
            row = self.secrets.get(hashed)
            if row is not None:
                found = Found(row.key_id, row.id)
                return Snapshot(self.seq, self._around(row.key_id, held), found)
        return Snapshot(self.seq)

    def find_imported(
        self,
        project_id: str,
        candidates: Sequence[Candidate],
        held: Held = holds_none,
    ) -> Snapshot:
        self._ask()
        for one in candidates:
            row = self.imported.get((project_id, *one))
            if row is not None:
                found = Found(row.key_id, row.id, row.algorithm != "blake2b-256-keyed")
                return Snapshot(self.seq, self._around(row.key_id, held), found)
        return Snapshot(self.seq)

    def _around(self, key_id: str, held: Held) -> dict[PartRef, Part | None]:
        """The key, and all that is no key and that is not held."""
        refs = [ref for ref in self.rows if ref.kind != "key" or ref.id == key_id]
        return {ref: self._part(ref) for ref in refs if not self._is_held(ref, held)}

    def _is_held(self, ref: PartRef, held: Held) -> bool:
        shared = ref.kind in ("organization", "project", "api", "plan")
        return shared and held(ref, self.seq)

    def find_api(self, slug: str) -> Snapshot:
        self._ask()
        for ref, row in self.rows.items():
            if ref.kind == "api" and row.slug == slug:
                refs = [
                    ref,
                    PartRef("project", row.project_id),
                    PartRef("organization", row.organization_id),
                ]
                parts = {r: self._part(r) for r in refs}
                return Snapshot(self.seq, parts, api_id=row.id)
        return Snapshot(self.seq)

    def add_host(self, host: str, lead: str | Prefixes) -> None:
        self.hosts[host] = lead
        self.seq += 1
        self.log.append(Change(self.seq, PartRef(HOST, host)))

    def find_host(self, host: str) -> Snapshot:
        lead = self.hosts.get(host) or self.hosts.get(cover_of(host))
        if isinstance(lead, str):
            return self.find_api(lead)
        self._ask()
        if lead is not None:
            return Snapshot(self.seq, prefixes=lead)
        return Snapshot(self.seq)

    def has_hosts(self) -> bool:
        return bool(self.hosts)

    def load(self, refs: Iterable[PartRef]) -> Snapshot:
        self._ask()
        return Snapshot(self.seq, {ref: self._part(ref) for ref in refs})

    def read(self, after: int) -> Changes:
        self._ask()
        return Changes(self.seq, tuple(row for row in self.log if row.seq > after))

    def _ask(self) -> None:
        if self.gone:
            raise StoreUnavailable("the test took it away")
        self.asked += 1

    def _part(self, ref: PartRef) -> Part | None:
        row = self.rows.get(ref)
        if row is None:
            return None
        if ref.kind == "key":
            known = (*self.secrets.values(), *self.imported.values())
            secrets = [s for s in known if s.key_id == ref.id]
            return compilation.compile_key(row, self.access[ref.id], secrets, _zone)
        if ref.kind == "api":
            project = self.rows[PartRef("project", row.project_id)]
            return compilation.compile_api(row, [], _zone, imported=project.imported)
        if ref.kind == "application":
            links = self.links.get(ref.id, ())
            return compilation.compile_application(row, _zone, links)
        if ref.kind == "project":
            return compilation.compile_project(row)
        if ref.kind == "tokens":
            return cast("Part", row)
        compilers: dict[str, Callable[[Any, Any], Part]] = {
            "organization": compilation.compile_organization,
            "customer": compilation.compile_customer,
        }
        return compilers[ref.kind](row, _zone)


def _zone(_name: str) -> Any:
    return UTC


def limit(name: str, amount: int) -> Limit:
    """A rate limit of `amount` a minute."""
    return Limit(name=name, kind=LimitKind.RATE, amount=amount, period_seconds=60)


def access(key_id: str, resource: Resource, resource_id: str, *scopes: str) -> Access:
    return Access(
        id=f"{key_id}/{resource_id}",
        key_id=key_id,
        resource=resource,
        resource_id=resource_id,
        provider_id="org_1",
        scopes=scopes,
        created_at=0,
    )


def key(key_id: str, kind: KeyKind = KeyKind.SERVER, **more: Any) -> Key:
    usual = None if kind is KeyKind.MANAGEMENT else Environment.TEST
    environment = more.pop("environment", usual)
    return Key(
        id=key_id,
        organization_id="org_1",
        project_id="prj_1",
        application_id="app_1",
        name=key_id,
        kind=kind,
        environment=environment,
        created_by="t",
        **_TIMES,
        **more,
    )


class World:
    """One organization with an API `weather`, a key for it, a management key."""

    def __init__(self, keys_max: int = 100, **key_fields: Any) -> None:
        self.store = Store()
        self.clock = Clock()
        own = {"organization_id": "org_1", "project_id": "prj_1", **_TIMES}
        self.store.put("organization", Organization(id="org_1", name="o", **_TIMES))
        self.store.put(
            "project", Project(id="prj_1", organization_id="org_1", name="p", **_TIMES)
        )
        self.store.put("application", Application(id="app_1", name="caller", **own))
        self.store.put("api", Api(id="api_1", slug="weather", name="w", **own))
        opens = access("key_1", Resource.API, "api_1", "forecast:read")
        self.store.add_key(key("key_1", **key_fields), SECRET, opens)
        manages = access("key_m", Resource.ORGANIZATION, "org_1", "keys:*")
        self.store.add_key(key("key_m", KeyKind.MANAGEMENT), MANAGING, manages)
        self.cache = RecordCache(keys_max)
        sources = Sources(a_second=5, burst=20)
        self.misses = MissBudget(at_once=4, a_second=100, sources=sources)
        self.ledger = Ledger()
        self.rates = MemoryRateCounter()
        self.alarms = Alarms()
        self.rehashed: list[tuple[str, bytes]] = []
        self.verifier = self._verifier()
        self.confirm()

    def _verifier(self) -> Verifier:
        ring = Keyring((PEPPER,))
        return Verifier(
            loading=Loading(
                self.store, self.cache, ring, self.misses, self.clock, self.rehash
            ),
            cache=self.cache,
            read_changes=self.store.read,
            rates=self.rates,
            book=LeaseBook(self.ledger, "spl_1"),
            clock=self.clock,
            patience=Patience(feed_us=250_000, outage_us=60_000_000),
            alarms=self.alarms,
        )

    def rehash(self, secret_id: str, hashed: bytes) -> None:
        """What the node would tell a worker."""
        self.rehashed.append((secret_id, hashed))

    def link(self, customer_id: str, **fields: Any) -> None:
        """Make the application one of a new customer."""
        own = {"organization_id": "org_1", "project_id": "prj_1", **_TIMES}
        row = Customer(
            id=customer_id, external_id=f"crm {customer_id}", name="c", **own, **fields
        )
        self.store.put("customer", row)
        self.store.links["app_1"] = [
            ApplicationCustomer(
                id="app_1/org_1",
                application_id="app_1",
                provider_id="org_1",
                customer_id=customer_id,
                created_at=0,
            )
        ]
        self.store.change("application", "app_1")

    def confirm(self) -> None:
        """What the follower does: read the log and hand it over."""
        changes = self.store.read(self.verifier.applied)
        self.verifier.apply(changes, self.clock.monotonic_us())

    def ask(
        self,
        secret: Secret | None = SECRET,
        api: str = "weather",
        address: int = NOWHERE,
    ) -> Request:
        raw = None if secret is None else secret.reveal().encode()
        return Request(secret=raw, api=api, address=address)

    def decide(
        self,
        secret: Secret | None = SECRET,
        api: str = "weather",
        address: int = NOWHERE,
    ) -> Decision:
        """Verify to the end, doing what it waits for at once."""
        asked = self.ask(secret, api, address)
        decision: Decision = finish(self.verifier.verify(asked))
        return decision


def finish(outcome: Any) -> Any:
    """Run a `Pending` to its end."""
    while isinstance(outcome, Pending):
        outcome = outcome.resume(result_of(outcome))
    return outcome


def result_of(pending: Pending[Any]) -> object:
    """What a pending's work gives: its result or its exception."""
    try:
        return pending.work()
    except StoreUnavailable as error:
        return error
