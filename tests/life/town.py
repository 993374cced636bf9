"""Two organizations on a real database, and a node that decides on calls there."""

from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

from keyhouse.adapters.database import Database
from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.adapters.signing import KeyringSigner
from keyhouse.adapters.system import SystemEntropy
from keyhouse.core.addresses import UNKNOWN
from keyhouse.core.entities import Organization
from keyhouse.core.request import Request
from keyhouse.core.usage import UsageBatch
from keyhouse.services import catalog
from keyhouse.services.alerts.alarms import Alarms
from keyhouse.services.budgets import LeaseBook
from keyhouse.services.catalog import change_application, create_application
from keyhouse.services.refusals import Refusal
from keyhouse.services.rotation import begin_overlaps
from keyhouse.services.tenants import change_project, create_project
from keyhouse.services.tokens import UserDesk
from keyhouse.services.tokens.minting import Minted
from keyhouse.services.verify import Loading, MissBudget, Patience, RecordCache, Verifier
from keyhouse.services.work import Office, Work
from tests.life.facts import Facts
from tests.servers.acme import Acme
from tests.servers.control import KEYRING
from tests.services.rotation.working import claimed
from tests.services.verify.world import finish

T = TypeVar("T")
_numbers = count()
"""Many towns stand in one database, each with names of its own."""


class Node:
    """A data plane that was just started. It hears of a change when asked, not before."""

    def __init__(self, town: "Town") -> None:
        database, clock = town.database, town.seller.clock
        self._clock = clock
        self._feed = database.feed()
        cache = RecordCache(1000)
        cache.start(self._feed.read(1 << 62).head)
        misses = MissBudget(a_second=1_000_000)
        signer = KeyringSigner(KEYRING)
        self.verifier = Verifier(
            loading=Loading(database.keys, cache, KEYRING, misses, clock),
            cache=cache,
            read_changes=self._feed.read,
            rates=MemoryRateCounter(),
            book=LeaseBook(database.ledger, town.spool),
            clock=clock,
            patience=Patience(),
            alarms=Alarms(),
            checker=signer,
        )
        self._desk = UserDesk(
            self.verifier,
            signer,
            "https://keys.example",
            SystemEntropy(),
            clock.now_us,
            town.seller.office,
        )

    def code(self, secret: bytes, slug: str) -> str:
        """What a call comes to."""
        self._hear()
        request = Request(secret=secret, api=slug, address=UNKNOWN)
        return str(finish(self.verifier.verify(request)).code)

    def mint(self, secret: bytes, slug: str, user: str, session: str) -> Minted | None:
        """A token for a user, None where the key may not make one now."""
        self._hear()
        request = Request(secret=secret, api=slug, address=UNKNOWN)
        decision = finish(self._desk.minter(request))
        if not decision.allowed:
            return None
        made = self._desk.mint(decision.line, user, session)
        assert isinstance(made, Minted), made
        return made

    def _hear(self) -> None:
        changes = self._feed.read(self.verifier.applied)
        self.verifier.apply(changes, self._clock.monotonic_us())

    def close(self) -> None:
        """Stop reading."""
        self._feed.close()


class Town:
    """The seller has two APIs and two applications, one of them a customer's; the

    buyer has two applications. All four are in projects of their own.
    """

    def __init__(self, office: Office, database: Database) -> None:
        self.number = next(_numbers)
        self.database = database
        self.seller = Acme(office, database, f"seller{self.number}@example.com")
        self.buyer = Acme(office, database, f"buyer{self.number}@example.com")
        self.buyer.clock, self.buyer.office = self.seller.clock, self.seller.office
        self.spool = f"spl_life{self.number}"
        database.sink.open_spool(self.spool, f"nod_life{self.number}", "boot")
        self._booked = 0
        self.facts = Facts(self.seller.clock.now_us())
        self.sides = {self.seller.organization: self.seller}
        self.sides[self.buyer.organization] = self.buyer
        self.slugs = dict(self._api(name) for name in ("notes", "maps"))
        self.apis = tuple(self.slugs)
        self.applications = (
            self._application(self.seller, self.seller.project),
            self._application(self.seller, self._project(self.seller), "crm"),
            self._application(self.buyer, self.buyer.project),
            self._application(self.buyer, self._project(self.buyer)),
        )

    def _api(self, name: str) -> tuple[str, str]:
        slug = f"{name}-{self.number}"
        id = self.seller.api(slug)
        self.facts.homes[id] = (self.seller.project, self.seller.organization)
        return id, slug

    @staticmethod
    def _project(of: Acme) -> str:
        return of.write(lambda work: create_project(work, name="second")).id

    def _application(self, of: Acme, project: str, customer: str | None = None) -> str:
        home: tuple[str, ...] = (project, of.organization)
        if customer is not None:
            made = of.write(
                lambda work: catalog.create_customer(
                    work, external_id=customer, project=project, fields={}
                )
            )
            home = (*home, made.id)
        id = of.write(
            lambda work: create_application(
                work, name="caller", project=project, customer=customer
            )
        ).id
        self.facts.homes[id] = home
        return id

    def try_to(self, side: Acme, act: Callable[[Work], T]) -> T | None:
        """What a command gave; None where it was refused."""
        try:
            return side.write(act)
        except Refusal:
            return None

    def switch(self, id: str, *, off: bool) -> None:
        """Switch something off or on, whatever it is."""
        changes: Any = {"disabled": off}
        turns: dict[str, Callable[[Work], object]] = {
            "app": lambda work: change_application(work, id, changes),
            "prj": lambda work: change_project(work, id, changes),
            "api": lambda work: catalog.change_api(work, id, changes),
            "cus": lambda work: catalog.change_customer(work, id, changes),
        }
        kind = id.partition("_")[0]
        if kind == "org":
            self._switch_organization(id, off=off)
            return
        owners = [org for home in self.facts.homes.items() for org in self._owner(id, home)]
        self.sides[owners[0]].write(turns[kind])

    @staticmethod
    def _owner(id: str, home: tuple[str, tuple[str, ...]]) -> list[str]:
        held, around = home
        return [around[1]] if id in (held, *around) else []

    def _switch_organization(self, id: str, *, off: bool) -> None:
        """No command does that; whoever runs the installation writes the row."""
        with self.database.rows.writing() as tx:
            row = tx.get(Organization, id)
            assert row is not None
            tx.update(row, disabled_at=self.facts.now if off else None)

    def go_on(self, seconds: int) -> None:
        """Move the clock."""
        self.seller.go_on(seconds)
        self.facts.now = self.seller.clock.now_us()

    def book_use(self, key_id: str, version: int) -> None:
        """What a node's flusher tells of a secret that was used now."""
        batch = UsageBatch(self.spool, self._booked, self._booked + 1)
        batch.last_used[key_id, version] = self.facts.now
        self._booked += 1
        assert self.database.sink.book(batch)

    def begin_overlaps(self) -> None:
        """Have the worker do its round, whoever did the one before."""
        claim = claimed(self.seller, name=f"overlaps{next(_numbers)}")
        begin_overlaps(self.seller.office, claim)
