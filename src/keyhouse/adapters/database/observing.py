"""Where values compete for a bounded number of places: `core.observations`.

The row of what found no place is written first, whether or not there is any:
so all who book in a group wait for each other there, in the order of the
groups, and what is moved out of its place is neither lost nor counted twice.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.inserts import insert_into, keys_of
from keyhouse.adapters.database.tables import observation
from keyhouse.core.observations import OTHER, VALUES_A_DAY, ObservationGroup, Seen

_NOTHING: Final = Seen(0, 0, 0)
_SEEN: Final = observation.c
_SAME_GROUP: Final = tuple(
    _SEEN[name] == sa.bindparam(f"of_{name}") for name in ObservationGroup._fields
)
_PLACES: Final = (
    sa.select(_SEEN.value)
    .where(*_SAME_GROUP, _SEEN.value != OTHER)
    .order_by(_SEEN.requests.desc(), _SEEN.last_at.desc(), _SEEN.value)
    .limit(VALUES_A_DAY)
)
_DRIVE_OUT: Final = (
    sa.delete(observation)
    .where(*_SAME_GROUP, _SEEN.value != OTHER, _SEEN.value.not_in(_PLACES))
    .returning(_SEEN.requests, _SEEN.first_at, _SEEN.last_at)
)


def observe(
    connection: Connection, observations: Mapping[ObservationGroup, Mapping[str, Seen]]
) -> None:
    """Add what was seen; in each group the busiest values keep their places."""
    groups = sorted(observations)
    if not groups:
        return
    others = [_row(of, OTHER, observations[of].get(OTHER, _NOTHING)) for of in groups]
    _add(connection, others)
    _add(connection, [row for of in groups for row in _named(of, observations[of])])
    moved = [_row(of, OTHER, seen) for of in groups if (seen := _drive_out(connection, of))]
    _add(connection, moved)


def _drive_out(connection: Connection, of: ObservationGroup) -> Seen | None:
    """Clear all places beyond those there are; what stood there, None if nothing did."""
    place = {f"of_{name}": value for name, value in of._asdict().items()}
    driven = connection.execute(_DRIVE_OUT, place).all()
    if not driven:
        return None
    requests, first_at, last_at = zip(*driven, strict=True)
    return Seen(sum(requests), min(first_at), max(last_at))


def _named(of: ObservationGroup, values: Mapping[str, Seen]) -> Iterable[dict[str, Any]]:
    return (_row(of, value, values[value]) for value in sorted(values) if value != OTHER)


def _row(of: ObservationGroup, value: str, seen: Seen) -> dict[str, Any]:
    return {
        **of._asdict(),
        "value": value,
        "requests": seen.requests,
        "first_at": seen.first_us,
        "last_at": seen.last_us,
    }


def _add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Add to the rows that are there; a count of 0 has no times."""
    if not rows:
        return
    insert = insert_into(connection, observation)
    new = insert.excluded
    is_empty, adds_nothing = _SEEN.requests == 0, new.requests == 0
    statement = insert.on_conflict_do_update(
        index_elements=keys_of(observation),
        set_={
            "requests": _SEEN.requests + new.requests,
            "first_at": sa.case(
                (is_empty, new.first_at),
                (adds_nothing, _SEEN.first_at),
                (new.first_at < _SEEN.first_at, new.first_at),
                else_=_SEEN.first_at,
            ),
            "last_at": sa.case(
                (is_empty, new.last_at),
                (adds_nothing, _SEEN.last_at),
                (new.last_at > _SEEN.last_at, new.last_at),
                else_=_SEEN.last_at,
            ),
        },
    )
    connection.execute(statement, rows)
