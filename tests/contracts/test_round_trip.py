"""Whatever a row holds, it holds after it was written and read."""

from contextlib import suppress
from dataclasses import is_dataclass
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from keyhouse.adapters.database import Database
from keyhouse.adapters.database.tables import ENTITY_TABLES
from keyhouse.core import entities
from keyhouse.ports import Conflict
from tests.contracts import world as make
from tests.contracts.world import World

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
IDS = st.text("0123456789ABCXYZabcxyz", min_size=1).map("new_{}".format)
NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """All values of a field's type."""
    options = get_args(hint)
    if NoneType in options:
        return st.none() | values_of(options[0])
    if get_origin(hint) is tuple:
        return st.lists(values_of(options[0]), max_size=3).map(tuple)
    if get_origin(hint) is dict:
        of = JSON if options[1] is Any else values_of(options[1])
        return st.dictionaries(TEXT, of, max_size=3)
    if issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    if is_dataclass(hint):
        return rows_of(hint, {})
    return {str: TEXT, int: NUMBERS, bytes: st.binary()}[hint]


def rows_of(kind: Any, fixed: dict[str, str]) -> st.SearchStrategy[Any]:
    """All rows of a class, with some fields given."""
    fields = {
        name: st.just(fixed[name])
        if name in fixed
        else IDS
        if name == "id"
        else values_of(hint)
        for name, hint in get_type_hints(kind).items()
    }
    return st.builds(kind, **fields)


class RollBack(Exception):
    """Leaves the database as it was, for the next example."""


@pytest.mark.parametrize("kind", ENTITY_TABLES, ids=lambda kind: kind.__name__)
def test_every_row_is_read_as_it_was_written(
    database: Database, world: World, kind: type[entities.Entity]
) -> None:
    person = entities.Person(id="usr_1", email="a@b", name="A", created_at=1, updated_at=1)
    more = (
        person,
        make.customer(),
        make.plan(),
        make.subscription(),
        make.held_host("api.example.com"),
    )
    with database.rows.writing() as rows:
        for row in more:
            rows.insert(row)
    there = {ENTITY_TABLES[type(row)].name: row.id for row in (*world, *more)}
    parents = {
        foreign.parent.name: there[foreign.column.table.name]
        for foreign in ENTITY_TABLES[kind].foreign_keys
        if foreign.column.primary_key
    }

    @settings(
        max_examples=25,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.nested_given],
    )
    @given(rows_of(kind, parents))
    def check(row: entities.Entity) -> None:
        with suppress(RollBack), database.rows.writing() as rows:
            try:
                rows.insert(row)
            except Conflict:
                reject()  # as a row of the world, such as version 1 of its key
            assert rows.get(kind, row.id) == row
            if kind is not entities.AuditRow:  # which no database lets anybody change
                same = {name: getattr(row, name) for name in changeable}
                assert rows.update(row, **same) == row
            raise RollBack

    changeable = set(get_type_hints(kind)) - {"id"}
    check()
