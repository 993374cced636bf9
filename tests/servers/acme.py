"""An organization with an API and a key, on each kind of database, as fixtures."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.addresses import parse_network
from keyhouse.core.alerts import alert_of
from keyhouse.core.compilation import compile_quotas
from keyhouse.core.entities import AlertKind, Key, KeyKind, Limit, Resource
from keyhouse.core.latency import LATENCY_SLOTS
from keyhouse.core.observations import Dimension, ObservationGroup, Seen
from keyhouse.core.quotas import Budget, span_of
from keyhouse.core.records import GrantRecord
from keyhouse.core.usage import (
    Bucket,
    BucketKey,
    KeyPlace,
    UsageBatch,
    Use,
)
from keyhouse.core.verdict import Verdict
from keyhouse.ports import LeaseWanted
from keyhouse.services import issue
from keyhouse.services.actor import Actor
from keyhouse.services.catalog import ApiFields, create_api
from keyhouse.services.issue import AccessWish, Created, KeyWish
from keyhouse.services.tenants import bootstrap
from keyhouse.services.work import Look, Office, Work
from tests.contracts.conftest import (
    database,
    database_url,
    postgres,
    postgres_database,
    sqlite_template,
)
from tests.servers.control import office

__all__ = [
    "Acme",
    "acme",
    "database",
    "database_url",
    "office",
    "postgres",
    "postgres_database",
    "sqlite_template",
]

T = TypeVar("T")
MINUTE_US = 60_000_000


class _Still:
    """A clock that stands until a test moves it."""

    def __init__(self, at_us: int) -> None:
        self.at_us = at_us

    def now_us(self) -> int:
        return self.at_us

    def monotonic_us(self) -> int:
        return self.at_us


class Acme:
    """An organization as its owner sees it: `read` and `write` are use-cases of theirs."""

    def __init__(self, office: Office, database: Database, email: str) -> None:
        # Half past the hour that it is, so that no test runs over the end of one.
        hour_us = 60 * MINUTE_US
        self.clock = _Still(office.clock.now_us() // hour_us * hour_us + hour_us // 2)
        self.office = replace(office, clock=self.clock)
        self.database = database
        made = bootstrap(self.office, email, "Acme", "default", fresh_key=True)
        self.organization, self.project = made.organization_id, made.project_id
        assert made.management_key_id is not None
        self.management_key = made.management_key_id
        self.actor = self.holding("*")
        self._booked = 0

    def holding(self, *scopes: str, on: str | None = None) -> Actor:
        """Somebody with these scopes, for the organization or for one API or project."""
        kind = Resource.ORGANIZATION
        if on is not None:
            kind = Resource.API if on.startswith("api_") else Resource.PROJECT
        grant = GrantRecord(
            kind, on or self.organization, self.organization, None, frozenset(scopes)
        )
        return Actor("usr_test", self.organization, (grant,))

    def read(self, ask: Callable[[Look], T], actor: Actor | None = None) -> T:
        return self.office.read(actor or self.actor, ask)

    def write(self, act: Callable[[Work], T], actor: Actor | None = None) -> T:
        return self.office.write(actor or self.actor, act).value

    def go_on(self, seconds: float) -> None:
        """Move the clock."""
        self.clock.at_us += round(seconds * 1_000_000)

    def api(self, slug: str = "weather", **fields: object) -> str:
        """A new API's id."""
        given: ApiFields = {"name": slug, **fields}  # type: ignore[typeddict-item] # a test's
        made = self.write(
            lambda work: create_api(work, slug=slug, project=self.project, fields=given)
        )
        return made.id

    def key(self, name: str = "Planner", api: str = "weather", **fields: object) -> Created:
        """A new key and its secret."""
        scopes = ("keys:*",) if fields.get("kind") is KeyKind.MANAGEMENT else ()
        access = (AccessWish(Resource.API, api, scopes),)
        wish = KeyWish(name=name, access=access, **fields)  # type: ignore[arg-type]
        return self.write(lambda work: issue.create_key(work, wish))

    def book(
        self,
        made: Created,
        requests: int = 1,
        *,
        verdict: Verdict = Verdict.VALID,
        minutes_ago: int = 0,
        version: int = 1,
        errors: int = 0,
        slot: int = 3,
    ) -> None:
        """Requests with a key, as a node's flusher books them."""
        key, (opened, *_) = made.view.key, made.view.access
        at_us = self.clock.now_us() - minutes_ago * MINUTE_US
        where = key.environment.value if key.environment else ""
        own = key.organization_id
        use = Use(
            own, own, opened.resource_id, "", key.id, version, key.application_id, where, ""
        )
        latency = [0] * LATENCY_SLOTS
        latency[slot] = requests if verdict is Verdict.VALID else 0
        bucket = Bucket(requests, requests, errors, 0, 0, latency)
        batch = self._batch()
        batch.buckets[BucketKey(at_us // MINUTE_US, use, verdict.number)] = bucket
        batch.last_used[key.id, version] = at_us
        assert self.database.sink.book(batch)

    def attempt(
        self,
        api: str,
        networks: Mapping[str, int],
        *,
        verdict: Verdict = Verdict.UNKNOWN,
        minutes_ago: int = 0,
    ) -> None:
        """Requests with keys that are not known, by network, as a flusher books them."""
        at_us = self.clock.now_us() - minutes_ago * MINUTE_US
        use = Use(self.organization, "", api, "", "", 0, "", "", "")
        day, number = at_us // (24 * 60 * MINUTE_US), verdict.number
        group = ObservationGroup(
            day, self.organization, "", api, "", number, Dimension.NETWORK
        )
        batch = self._batch()
        bucket = Bucket(sum(networks.values()))
        batch.buckets[BucketKey(at_us // MINUTE_US, use, number)] = bucket
        batch.observations[group] = {
            network: Seen(requests, at_us, at_us) for network, requests in networks.items()
        }
        assert self.database.sink.book(batch)

    def spend(self, made: Created, limit: Limit, units: int) -> None:
        """Spend a quota of an API with a key, as a node does."""
        key, (opened, *_) = made.view.key, made.view.access
        where = key.environment.value if key.environment else ""
        subject = f"{key.id}/{opened.resource_id}"
        budget = Budget(key.organization_id, "key_api", subject, where, limit.name)
        (quota,) = compile_quotas([limit], ZoneInfo)
        span = span_of(quota, self.clock.now_us())
        batch = self._batch()
        wanted = LeaseWanted(budget, span, limit.amount, units, units)
        (leased,) = self.database.ledger.lease(batch.spool_id, [wanted])
        assert leased.granted == units
        batch.settled[leased.lease_id] = units
        assert self.database.sink.book(batch)

    def alert(self, key: Key, kind: AlertKind, at_us: int) -> None:
        """A secret of the key was seen where it must not be."""
        batch = self._batch()
        batch.alerts = [alert_of(key, self.organization, kind, at_us, "https://a.example")]
        assert self.database.sink.book(batch)

    def came(self, made: Created, network: str, *, days_ago: int = 0) -> None:
        """Calls with a key were let through from there."""
        at_us = self.clock.now_us() - days_ago * 24 * 60 * MINUTE_US
        batch = self._batch()
        key = made.view.key
        place = KeyPlace(key.organization_id, key.id, parse_network(network)[0])
        batch.key_networks[place] = at_us
        assert self.database.sink.book(batch)

    def _batch(self) -> UsageBatch:
        """The next batch of the organization's one node, empty."""
        spool = f"spl_{self.organization}"
        if not self._booked:
            self.database.sink.open_spool(spool, "nod_acme", "boot")
        self._booked += 1
        return UsageBatch(spool, self._booked - 1, self._booked)


@pytest.fixture
def acme(office: Office, database: Database) -> Acme:
    return Acme(office, database, "owner@example.com")
