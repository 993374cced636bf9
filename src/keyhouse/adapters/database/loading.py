"""Loads parts of the data plane's cache, a query for each kind of row."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.selects import Select, select_where
from keyhouse.core import compilation, entities, plans
from keyhouse.core.plan_records import SubscriptionRecord
from keyhouse.core.records import (
    ApiRecord,
    ApplicationRecord,
    KeyRecord,
    Part,
    PartRef,
    UpstreamHeaders,
)
from keyhouse.core.upstream_headers import Unseal, compile_headers

E = TypeVar("E", bound=entities.Entity)
_Wanted = tuple[type[Any], str, tuple[str, ...]]
"""A kind of row, a column of it, and its values."""
_SHARED: Final = frozenset(("organization", "project", "api", "plan"))
_BATCH: Final = 50
"""Ids in one query; each number of them is compiled once."""


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name, loaded once."""
    return ZoneInfo(name)


class Loading:
    """Loads into `parts`, on a connection inside one snapshot.

    Headers for upstreams are left out without an `unseal`, and parts that are
    `held` and that many keys have in common. With `at_once` rows that are
    needed together are asked for so.
    """

    def __init__(
        self,
        connection: Connection,
        unseal: Unseal | None = None,
        held: Callable[[PartRef], bool] = lambda _ref: False,
        *,
        at_once: bool = False,
    ) -> None:
        self._connection = connection
        self._unseal = unseal
        self._held = held
        self._at_once = at_once
        self._ahead: dict[_Wanted, list[Sequence[Any]]] = {}
        self.parts: dict[PartRef, Part | None] = {}

    def load(self, refs: Iterable[PartRef]) -> None:
        """Add these parts, None for those that do not exist.

        Raises ValueError for a kind of part that there is not.
        """
        wanted: dict[str, list[str]] = {}
        for ref in refs:
            if ref not in self.parts and not self._is_held(ref):
                self.parts[ref] = None
                wanted.setdefault(ref.kind, []).append(ref.id)
        for kind, ids in wanted.items():
            if kind not in _LOADERS:
                raise ValueError(f"there is no part of kind {kind!r}")
            for start in range(0, len(ids), _BATCH):
                for part in _LOADERS[kind](self, ids[start : start + _BATCH]):
                    self.parts[PartRef(kind, part.id)] = part

    def load_key(self, id: str) -> None:
        """Add a key with all that decides whether it opens what it names."""
        ref = PartRef("key", id)
        self._ask_ahead([ref])
        self.load([ref])
        key = self.parts.get(ref)
        if not isinstance(key, KeyRecord):
            return
        apis = [
            PartRef("api", grant.resource_id)
            for grant in key.grants
            if grant.resource is entities.Resource.API
        ]
        refs = [
            PartRef("application", key.application_id),
            PartRef("project", key.project_id),
            PartRef("organization", key.organization_id),
            *apis,
        ]
        self._ask_ahead(refs)
        self.load(refs)
        self.load_owners(apis)
        self._load_customers(key)
        self._load_subscriptions(key)

    def _load_customers(self, key: KeyRecord) -> None:
        """Add those that its application is of, where the key opens something."""
        application = self.parts.get(PartRef("application", key.application_id))
        if isinstance(application, ApplicationRecord):
            providers = {grant.provider_id for grant in key.grants}
            self.load(
                PartRef("customer", id)
                for provider, id in application.customers.items()
                if provider in providers
            )

    def _load_subscriptions(self, key: KeyRecord) -> None:
        """Add those by which its application opens what the key names, and their plans."""
        application = self.parts.get(PartRef("application", key.application_id))
        if not isinstance(application, ApplicationRecord):
            return
        named = {grant.resource_id for grant in key.grants}
        refs = [
            PartRef("subscription", id)
            for api_id, id in application.subscriptions.items()
            if api_id in named
        ]
        self.load(refs)
        self.load(
            PartRef("plan", part.plan_id)
            for ref in refs
            if isinstance(part := self.parts.get(ref), SubscriptionRecord)
        )

    def load_api(self, id: str | None) -> None:
        """Add an API with its project and organization, if one was found."""
        if id is not None:
            ref = PartRef("api", id)
            self.load([ref])
            self.load_owners([ref])

    def load_owners(self, apis: Iterable[PartRef]) -> None:
        """Add project and organization of APIs that are loaded."""
        for ref in apis:
            api = self.parts.get(ref)
            if isinstance(api, ApiRecord):
                project = PartRef("project", api.project_id)
                self.load([project, PartRef("organization", api.organization_id)])

    def upstream_headers(self, ids: list[str]) -> Mapping[str, UpstreamHeaders | None]:
        """What the gateway adds for each of these APIs."""
        if self._unseal is None:
            return {}
        found: dict[str, list[entities.UpstreamHeader]] = {}
        for row in self.rows(entities.UpstreamHeader, "api_id", ids):
            found.setdefault(row.api_id, []).append(row)
        return {id: compile_headers(rows, self._unseal) for id, rows in found.items()}

    def imported(
        self, project_ids: Collection[str]
    ) -> Mapping[str, entities.ImportedStrings | None]:
        """Which strings of other systems these projects hold."""
        rows = self.rows(entities.Project, "id", sorted(project_ids)) if project_ids else []
        return {row.id: row.imported for row in rows}

    def unfinished(self, import_ids: Collection[str]) -> frozenset[str]:
        """Those of these imports whose keys are there for nobody."""
        if not import_ids:
            return frozenset()
        rows = self.rows(entities.KeyImport, "id", sorted(import_ids))
        done = {row.id for row in rows if row.state is entities.ImportState.DONE}
        return frozenset(import_ids) - done

    def rows(self, kind: type[E], column: str, values: list[str]) -> list[E]:
        """All rows of a kind with one of `values` in a column."""
        mapper = mapper_of(kind)
        found = self._ahead.pop((kind, column, tuple(values)), None)
        if found is None:
            found = self._select(kind, column, values).all(self._connection, values)
        return [mapper.row(row) for row in found]

    def _ask_ahead(self, refs: Iterable[PartRef]) -> None:
        """Have the rows that these parts are made of, as far as they name them."""
        if not self._at_once:
            return
        asked = []
        for ref in refs:
            if ref in self.parts or self._is_held(ref):
                continue
            for kind, column in _ROWS_OF[ref.kind]:
                wanted: _Wanted = (kind, column, (ref.id,))
                select = self._select(kind, column, wanted[2])
                asked.append((wanted, select, select.ask(self._connection, wanted[2])))
        for wanted, select, cursor in asked:
            self._ahead[wanted] = select.told(self._connection, cursor)

    def _is_held(self, ref: PartRef) -> bool:
        return ref.kind in _SHARED and self._held(ref)

    def _select(self, kind: type[Any], column: str, values: Sequence[str]) -> Select:
        table, dialect = mapper_of(kind).table, self._connection.dialect
        return select_where(table, (column,), len(values), dialect)


def _organizations(loading: Loading, ids: list[str]) -> Iterable[Part]:
    rows = loading.rows(entities.Organization, "id", ids)
    return (compilation.compile_organization(row, zone) for row in rows)


def _projects(loading: Loading, ids: list[str]) -> Iterable[Part]:
    return map(compilation.compile_project, loading.rows(entities.Project, "id", ids))


def _applications(loading: Loading, ids: list[str]) -> Iterable[Part]:
    links: dict[str, list[entities.ApplicationCustomer]] = {}
    for link in loading.rows(entities.ApplicationCustomer, "application_id", ids):
        links.setdefault(link.application_id, []).append(link)
    opened: dict[str, list[entities.SubscriptionApi]] = {}
    for one in loading.rows(entities.SubscriptionApi, "application_id", ids):
        opened.setdefault(one.application_id, []).append(one)
    for row in loading.rows(entities.Application, "id", ids):
        yield compilation.compile_application(
            row, zone, links.get(row.id, ()), opened.get(row.id, ())
        )


def _customers(loading: Loading, ids: list[str]) -> Iterable[Part]:
    rows = loading.rows(entities.Customer, "id", ids)
    return (compilation.compile_customer(row, zone) for row in rows)


def _plans(loading: Loading, ids: list[str]) -> Iterable[Part]:
    rows = loading.rows(entities.Plan, "id", ids)
    newest = [entities.version_id(row.id, row.version) for row in rows]
    versions = loading.rows(entities.PlanVersion, "id", newest) if newest else []
    by_plan = {version.plan_id: version for version in versions}
    return (plans.compile_plan(row, by_plan[row.id], zone) for row in rows)


def _subscriptions(loading: Loading, ids: list[str]) -> Iterable[Part]:
    rows = loading.rows(entities.Subscription, "id", ids)
    return (plans.compile_subscription(row, zone) for row in rows)


def _apis(loading: Loading, ids: list[str]) -> Iterable[Part]:
    routes = loading.rows(entities.Route, "api_id", ids)
    headers = loading.upstream_headers(ids)
    rows = loading.rows(entities.Api, "id", ids)
    imported = loading.imported({row.project_id for row in rows})
    for row in rows:
        own = [route for route in routes if route.api_id == row.id]
        yield compilation.compile_api(
            row, own, zone, headers.get(row.id), imported.get(row.project_id)
        )


def _keys(loading: Loading, ids: list[str]) -> Iterable[Part]:
    rows = loading.rows(entities.Key, "id", ids)
    access: dict[str, list[entities.Access]] = {}
    secrets: dict[str, list[entities.SecretRow]] = {}
    for grant in loading.rows(entities.Access, "key_id", ids):
        access.setdefault(grant.key_id, []).append(grant)
    for secret in loading.rows(entities.SecretRow, "key_id", ids):
        secrets.setdefault(secret.key_id, []).append(secret)
    hidden = loading.unfinished({row.import_id for row in rows if row.import_id})
    for row in rows:
        if row.import_id in hidden:
            continue
        yield compilation.compile_key(
            row, access.get(row.id, ()), secrets.get(row.id, ()), zone
        )


def _tokens(loading: Loading, ids: list[str]) -> Iterable[Part]:
    """What is revoked for each application, also where that is nothing."""
    found: dict[str, list[entities.TokenRevocation]] = {id: [] for id in ids}
    for row in loading.rows(entities.TokenRevocation, "application_id", ids):
        found[row.application_id].append(row)
    return (compilation.compile_revocations(id, rows) for id, rows in found.items())


_LOADERS: Final[Mapping[str, Callable[[Loading, list[str]], Iterable[Part]]]] = {
    "organization": _organizations,
    "project": _projects,
    "application": _applications,
    "customer": _customers,
    "plan": _plans,
    "subscription": _subscriptions,
    "api": _apis,
    "key": _keys,
    "tokens": _tokens,
}

_ROWS_OF: Final[Mapping[str, Sequence[tuple[type[Any], str]]]] = {
    "organization": ((entities.Organization, "id"),),
    "project": ((entities.Project, "id"),),
    "application": (
        (entities.ApplicationCustomer, "application_id"),
        (entities.SubscriptionApi, "application_id"),
        (entities.Application, "id"),
    ),
    "api": ((entities.Route, "api_id"), (entities.Api, "id")),
    "key": (
        (entities.Key, "id"),
        (entities.Access, "key_id"),
        (entities.SecretRow, "key_id"),
    ),
}
"""Which rows the loader of a part asks for by the part's own id."""
