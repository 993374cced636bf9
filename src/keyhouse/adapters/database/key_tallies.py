"""How many keys applications have, and when those were last used."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.each import these
from keyhouse.adapters.database.key_filters import conditions_of, is_active
from keyhouse.adapters.database.narrowly import read_narrowly
from keyhouse.adapters.database.tables import key, key_last_use
from keyhouse.ports import KeysWanted, KeyTally


def tally_keys(
    connection: Connection,
    wanted: KeysWanted,
    application_ids: Sequence[str],
    looked_at_max: int,
) -> Mapping[str, KeyTally]:
    """For each application what there is of its keys that fit.

    Of each no more than so many are looked at, the newest, fit or not.
    """
    if not application_ids:
        return {}
    read_narrowly(connection)
    floors = _floors(application_ids, looked_at_max)
    above = key.c.id > sa.func.coalesce(floors.c.floor, "")
    own = sa.and_(key.c.application_id == floors.c.value, above)
    # As conditions of the rows they would lead to other indexes, and to all keys there.
    fits = sa.and_(*conditions_of(wanted))
    counts = sa.case((sa.and_(fits, is_active(wanted.now_us)), 1), else_=0)
    used = sa.select(sa.func.max(key_last_use.c.at)).where(
        key_last_use.c.key_id == key.c.id
    )
    query = sa.select(
        floors.c.value,
        floors.c.floor,
        sa.func.sum(counts),
        sa.func.max(sa.case((fits, used.scalar_subquery()))),
    )
    query = query.outerjoin_from(floors, key, own).group_by(floors.c.value, floors.c.floor)
    return {
        id: KeyTally(active, used_at, are_all=floor is None)
        for id, floor, active, used_at in connection.execute(query)
    }


def _floors(application_ids: Sequence[str], looked_at_max: int) -> sa.CTE:
    """Each application with the id that the keys to look at are above, NULL for all."""
    each = these(application_ids)
    floor = sa.select(key.c.id).where(key.c.application_id == each.c.value)
    floor = floor.order_by(key.c.id.desc()).limit(1).offset(looked_at_max).correlate(each)
    found = sa.select(each.c.value, floor.scalar_subquery().label("floor"))
    return found.cte("floors").prefix_with("MATERIALIZED")
