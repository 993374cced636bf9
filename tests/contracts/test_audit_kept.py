"""Audit rows are only ever added: the database itself refuses all else."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from keyhouse.adapters.database import Database
from keyhouse.adapters.database.engine import writing
from keyhouse.adapters.database.tables import audit
from keyhouse.core.entities import AuditRow
from tests.contracts.world import World

FORBIDDEN = [
    sa.update(audit).values(actor="somebody else"),
    sa.delete(audit),
    sa.delete(audit).where(audit.c.id == "aud_1"),
]


def row(id: str, at: int = 1) -> AuditRow:
    return AuditRow(
        id=id,
        at=at,
        organization_id="org_1",
        provider_id="org_1",
        consumer_id="org_1",
        actor="usr_1",
        action="key.revoke",
        subject="key_1",
    )


@pytest.mark.parametrize("statement", FORBIDDEN, ids=str)
def test_no_statement_changes_what_was_written(
    database: Database, statement: sa.UpdateBase
) -> None:
    """Who gets hold of the database's password by the program cannot cover a trace."""
    with database.rows.writing() as tx:
        tx.insert(row("aud_1"))
    with (
        pytest.raises(DBAPIError, match="never changed"),
        writing(database.engine) as connection,
    ):
        connection.execute(statement)
    with database.rows.reading() as tx:
        assert tx.find(AuditRow) == [row("aud_1")]


def test_other_rows_of_the_transaction_do_not_come_through_either(
    database: Database, world: World
) -> None:
    with database.rows.writing() as tx:
        tx.insert(row("aud_1"))

    def rename_and_hide() -> None:
        with database.rows.writing() as tx:
            tx.update(world.key, name="renamed")
            tx.remove(row("aud_1"))

    with pytest.raises(DBAPIError):
        rename_and_hide()
    with database.rows.reading() as tx:
        key = tx.get(type(world.key), world.key.id)
    assert key == world.key


def test_a_stretch_is_in_order_and_goes_on_where_it_ended(database: Database) -> None:
    ids = [f"aud_{number}" for number in range(7)]
    with database.rows.writing() as tx:
        for number in (3, 0, 6, 1, 5, 2, 4):
            tx.insert(row(ids[number], at=number))
    found: list[str] = []
    with database.rows.reading() as tx:
        while part := tx.stretch(
            AuditRow, after=found[-1] if found else "", limit=3, organization_id="org_1"
        ):
            found += [one.id for one in part]
        middle = tx.stretch(AuditRow, after="", limit=9, within={"at": (2, 5)})
        page = tx.page(AuditRow, after=None, limit=9, within={"at": (None, 2)})
        none = tx.stretch(AuditRow, after="", limit=9, organization_id="org_2")
    assert found == ids
    assert [one.at for one in middle] == [2, 3, 4]
    assert [one.at for one in page.rows] == [1, 0]
    assert none == []
