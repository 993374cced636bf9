"""Where something happened: in which project, and in what."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from keyhouse.core import ids
from keyhouse.core.entities import (
    Access,
    Api,
    Application,
    AuditRow,
    Customer,
    Entity,
    Key,
    KeyKind,
    Plan,
    Project,
    Route,
    SecretRow,
    Subscription,
    Webhook,
)
from keyhouse.ports import Transaction
from keyhouse.services.actor import Reach

E = TypeVar("E", bound=Entity)


class Place(NamedTuple):
    """A project and whose it is, None where it is in none; and what it is part of."""

    organization_id: str | None = None
    project_id: str | None = None
    parents: Mapping[str, str] = {}


NOWHERE: Final = Place()


def place_of(tx: Transaction, row: AuditRow) -> Place:
    """Where what an audit row is about is, or was until it was deleted."""
    found = place_of_id(tx, row.subject)
    if found is not NOWHERE:
        return found
    said = {**row.after, **row.before}
    if isinstance(said.get("api_id"), str):
        return place_of_id(tx, said["api_id"])
    project = said.get("project_id")
    return Place(None, project) if isinstance(project, str) else NOWHERE


def place_of_id(tx: Transaction, id: str) -> Place:
    """Where the thing with that id is; nothing is locked."""
    find = _FINDERS.get(id.partition("_")[0])
    return find(tx, id) if find is not None else NOWHERE


def _in_project(kind: type[Any]) -> Callable[[Transaction, str], Place]:
    def find(tx: Transaction, id: str) -> Place:
        for row in tx.find(kind, id=id):
            return Place(row.organization_id, row.project_id)
        return NOWHERE

    return find


def _key(tx: Transaction, id: str) -> Place:
    """In its project. A management key for more than that is in none:

    whoever chose an endpoint of the project may not read it.
    """
    for row in tx.find(Key, id=id):
        home = Reach(whole=False, project_ids=frozenset((row.project_id,)))
        managing = row.kind is KeyKind.MANAGEMENT
        opened = tx.find(Access, key_id=id) if managing else []
        inside = all(map(home.holds_access, opened))
        return Place(row.organization_id, row.project_id if inside else None)
    return NOWHERE


def _project(tx: Transaction, id: str) -> Place:
    for row in tx.find(Project, id=id):
        return Place(row.organization_id, row.id)
    return NOWHERE


def _route(tx: Transaction, id: str) -> Place:
    for row in tx.find(Route, id=id):
        return _below(place_of_id(tx, row.api_id), api=row.api_id)
    return NOWHERE


def _secret(tx: Transaction, id: str) -> Place:
    for row in tx.find(SecretRow, id=id):
        return _below(place_of_id(tx, row.key_id), key=row.key_id)
    return NOWHERE


def _subscription(tx: Transaction, id: str) -> Place:
    """In the project of the plan: its provider's; the consumer's is not told here."""
    for row in tx.find(Subscription, id=id):
        place = place_of_id(tx, row.plan_id)
        return _below(place, plan=row.plan_id, application=row.application_id)
    return NOWHERE


def _below(place: Place, **parents: str) -> Place:
    return place._replace(parents=parents)


_FINDERS: Final[Mapping[str, Callable[[Transaction, str], Place]]] = {
    ids.PROJECT: _project,
    ids.API: _in_project(Api),
    ids.APPLICATION: _in_project(Application),
    ids.CUSTOMER: _in_project(Customer),
    ids.PLAN: _in_project(Plan),
    ids.SUBSCRIPTION: _subscription,
    ids.KEY: _key,
    ids.ROUTE: _route,
    ids.SECRET: _secret,
    ids.WEBHOOK: _in_project(Webhook),
}
"""By the prefix of an id. What is not in it is in no project."""
