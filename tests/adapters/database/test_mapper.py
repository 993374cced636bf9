"""Each class of the core has its table, and rows survive their class's growth."""

from dataclasses import fields, is_dataclass
from typing import get_args

import pytest

from keyhouse.adapters.database.cursors import read_cursor, write_cursor
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.tables import ENTITY_TABLES, LATENCY, usage_bucket
from keyhouse.core import entities
from keyhouse.core.latency import LATENCY_SLOTS
from keyhouse.core.usage import (
    Use,
)


def test_every_entity_has_a_table_of_its_fields() -> None:
    assert set(ENTITY_TABLES) == set(get_args(entities.Entity))
    for kind, table in ENTITY_TABLES.items():
        assert is_dataclass(kind)
        assert [column.name for column in table.c] == [one.name for one in fields(kind)]


def test_a_field_may_be_null_where_it_may_be_none_and_nowhere_else() -> None:
    nullable = {
        f"{table.name}.{column.name}"
        for table in ENTITY_TABLES.values()
        for column in table.c
        if column.nullable
    }
    assert "key.environment" in nullable
    assert "secret.digest" not in nullable
    assert not {name for name in nullable if name.endswith(".id")}


def test_usage_is_kept_apart_by_all_that_names_it() -> None:
    keys = [column.name for column in usage_bucket.primary_key]
    assert keys == ["minute", *Use._fields, "verdict"]
    assert len(LATENCY) == LATENCY_SLOTS


def test_a_limit_written_by_another_version_is_read() -> None:
    """A rolling upgrade runs two versions on one database."""
    mapper = mapper_of(entities.Api)
    api = entities.Api(
        id="api_1",
        organization_id="org_1",
        project_id="prj_1",
        slug="slug",
        name="name",
        created_at=1,
        updated_at=1,
    )
    limit = {"name": "m", "kind": "rate", "amount": 5, "from_the_future": 1}
    values = {**mapper.values(api), "limits": [limit]}
    row = mapper.row([values[name] for name in mapper.names])
    assert row.limits == (entities.Limit(name="m", kind=entities.LimitKind.RATE, amount=5),)


@pytest.mark.parametrize("id", ["org_1", "org_1/usr_2", "key_" + "z" * 22])
def test_a_cursor_comes_back_as_the_id_it_stands_behind(id: str) -> None:
    assert read_cursor(write_cursor(id)) == id
