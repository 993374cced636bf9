"""The change log's writing end.

The number and the rows are the last two statements of the transaction: the
row lock on the head is held from the number to the commit, so that order of
numbers is order of commits and no reader passes over a late one. (With a
sequence, one would.)
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.tables import change, change_head
from keyhouse.core import entities
from keyhouse.core.records import HOST, PartRef

CHANNEL: Final = "keyhouse_changes"
"""The PostgreSQL channel that tells listeners to look at the log."""

_PART_OF: Final[Mapping[type[Any], Callable[[Any], PartRef]]] = {
    entities.Organization: lambda row: PartRef("organization", row.id),
    entities.Project: lambda row: PartRef("project", row.id),
    entities.Application: lambda row: PartRef("application", row.id),
    entities.ApplicationCustomer: lambda row: PartRef("application", row.application_id),
    entities.Customer: lambda row: PartRef("customer", row.id),
    entities.Plan: lambda row: PartRef("plan", row.id),
    entities.PlanVersion: lambda row: PartRef("plan", row.plan_id),
    entities.Subscription: lambda row: PartRef("subscription", row.id),
    entities.SubscriptionApi: lambda row: PartRef("application", row.application_id),
    entities.Api: lambda row: PartRef("api", row.id),
    entities.ApiHost: lambda row: PartRef(HOST, row.id),
    entities.UpstreamHeader: lambda row: PartRef("api", row.api_id),
    entities.Route: lambda row: PartRef("api", row.api_id),
    entities.Key: lambda row: PartRef("key", row.id),
    entities.Access: lambda row: PartRef("key", row.key_id),
    entities.SecretRow: lambda row: PartRef("key", row.key_id),
    entities.TokenRevocation: lambda row: PartRef("tokens", row.application_id),
}

_TAKE = sa.update(change_head).values(n=change_head.c.n + 1).returning(change_head.c.n)
_ADD = sa.insert(change)
_TELL = sa.select(sa.func.pg_notify(CHANNEL, ""))


def part_of(row: entities.Entity) -> PartRef | None:
    """The part of the data plane's cache that a row belongs to, if any."""
    find = _PART_OF.get(type(row))
    return find(row) if find else None


def write_changes(connection: Connection, parts: Mapping[PartRef, None]) -> int | None:
    """End a transaction that changed `parts`; the number it got, None for no parts."""
    if not parts:
        return None
    if connection.dialect.name == "postgresql":
        connection.execute(_TELL)
    seq: int = connection.execute(_TAKE).scalar_one()
    # With the number in hand nothing but the commit is left to wait for.
    at = time.time_ns() // 1000
    rows = [
        {"seq": seq, "position": place, "kind": part.kind, "entity_id": part.id, "at": at}
        for place, part in enumerate(parts)
    ]
    connection.execute(_ADD, rows)
    return seq
