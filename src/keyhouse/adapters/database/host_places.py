"""The places on a host, and the APIs that they lead to."""

from functools import lru_cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from keyhouse.adapters.database.selects import Select
from keyhouse.adapters.database.tables import api, api_host
from keyhouse.core.hosts import cover_of


class HostPlace(NamedTuple):
    """A place on a host, with the API that it leads to. `id` is as in `Api.hosts`."""

    id: str
    host_id: str
    api_id: str
    slug: str


def places_on(connection: Connection, host: str) -> list[HostPlace]:
    """All places on a host; on the star that covers it where it has none itself.

    A host that is held is all its holder's: the star leads nowhere there, not
    even paths that no place on the host has.
    """
    rows = _select(connection.dialect).all(connection, (host, cover_of(host)))
    places = [HostPlace(*row) for row in rows]
    return [place for place in places if place.host_id == host] or places


@lru_cache(maxsize=8)
def _select(dialect: Dialect) -> Select:
    names = ("name", "cover")
    fits = [api_host.c.host_id == sa.bindparam(name) for name in names]
    columns = (api_host.c.id, api_host.c.host_id, api.c.id.label("api"), api.c.slug)
    query = sa.select(*columns).where(api.c.id == api_host.c.api_id, sa.or_(*fits))
    return Select(query, names, dialect)
