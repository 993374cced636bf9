"""The rows of the control plane, on each database."""

from dataclasses import replace

import pytest
from sqlalchemy.engine import Connection

from keyhouse.adapters.database import Database
from keyhouse.adapters.database.rows import DatabaseTransaction
from keyhouse.core import entities
from keyhouse.core.records import PartRef
from keyhouse.ports import Clash, Conflict
from tests.contracts import world as make
from tests.contracts.test_rotation import explained
from tests.contracts.world import NOW, World


def test_what_was_written_is_read(database: Database, world: World) -> None:
    with database.rows.reading() as rows:
        for row in world:
            assert rows.get(type(row), row.id) == row


def test_an_absent_row_is_none(database: Database) -> None:
    with database.rows.reading() as rows:
        assert rows.get(entities.Key, "key_none") is None


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.rows.writing() as rows:
            rows.insert(make.organization())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.rows.reading() as rows:
        assert rows.get(entities.Organization, make.organization().id) is None
    assert database.keys.load([]).seq == 0


def test_a_transaction_that_commits_is_seen_by_the_next(
    database: Database, world: World
) -> None:
    with database.rows.writing() as rows:
        new = rows.update(world.key, name="renamed", disabled_at=NOW)
    assert new.name == "renamed"
    assert new.disabled_at == NOW
    with database.rows.reading() as rows:
        assert rows.get(entities.Key, world.key.id) == new


def test_update_keeps_what_another_wrote_to_other_fields(
    database: Database, world: World
) -> None:
    with database.rows.writing() as rows:
        rows.update(world.key, name="first")
    with database.rows.writing() as rows:
        new = rows.update(world.key, disabled_at=NOW)
    assert (new.name, new.disabled_at) == ("first", NOW)


def test_update_of_a_row_that_is_gone_is_an_error(database: Database, world: World) -> None:
    with database.rows.writing() as rows:
        rows.remove(world.route)
        with pytest.raises(LookupError):
            rows.update(world.route, cost=2)


def test_a_removed_row_is_gone(database: Database, world: World) -> None:
    with database.rows.writing() as rows:
        rows.remove(world.secret)
    with database.rows.reading() as rows:
        assert rows.get(entities.SecretRow, world.secret.id) is None


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (make.organization(), "id"),
        (make.api(number=2), "slug"),
        (make.secret(number=2), "secret"),
        (make.access(), "access"),
        (make.application(number=3, external_id="cust-7"), "external_id"),
    ],
)
def test_a_taken_value_is_a_conflict_on_its_field_and_the_transaction_goes_on(
    database: Database, world: World, row: entities.Entity, field: str
) -> None:
    with database.rows.writing() as rows:
        rows.insert(make.application(number=2, external_id="cust-7"))
        with pytest.raises(Conflict) as raised:
            rows.insert(row)
        rows.update(world.key, name="after the conflict")
    assert (raised.value.field, raised.value.clash) == (field, Clash.TAKEN)
    with database.rows.reading() as rows:
        kept = rows.get(entities.Key, world.key.id)
        assert kept is not None
        assert kept.name == "after the conflict"


def test_a_conflict_is_raised_by_an_update_too(database: Database, world: World) -> None:
    with database.rows.writing() as rows:
        other = make.api(number=2, slug="maps")
        rows.insert(other)
        with pytest.raises(Conflict) as raised:
            rows.update(other, slug=world.api.slug)
    assert raised.value.field == "slug"


def test_people_share_no_email(database: Database) -> None:
    first = entities.Person(
        id="usr_1", email="a@example.org", name="A", created_at=1, updated_at=1
    )
    with database.rows.writing() as rows:
        rows.insert(first)
        with pytest.raises(Conflict) as raised:
            rows.insert(replace(first, id="usr_2"))
    assert raised.value.field == "email"


def test_many_applications_may_have_no_external_id(
    database: Database, world: World
) -> None:
    with database.rows.writing() as rows:
        rows.insert(make.application(number=2))
        rows.insert(make.application(number=3))
    with database.rows.reading() as rows:
        assert len(rows.find(entities.Application, external_id=None)) == 3


def test_two_namespaces_may_hold_the_same_digest(database: Database, world: World) -> None:
    imported = replace(world.secret, id="sec_2", version=2, namespace=world.project.id)
    with database.rows.writing() as rows:
        rows.insert(imported)
    found = database.keys.find_secret([("p1", make.DIGEST)]).found
    assert found is not None
    assert found.secret_id == world.secret.id


def test_a_row_cannot_refer_to_what_does_not_exist(
    database: Database, world: World
) -> None:
    with database.rows.writing() as rows:
        with pytest.raises(Conflict) as raised:
            rows.insert(make.key(number=2, application=9))
        assert (raised.value.field, raised.value.clash) == ("application_id", Clash.MISSING)


def test_what_is_referred_to_cannot_be_removed(database: Database, world: World) -> None:
    with database.rows.writing() as rows, pytest.raises(Conflict) as raised:
        rows.remove(world.application)
    assert raised.value.clash is Clash.NEEDED
    with database.rows.reading() as rows:
        assert rows.get(entities.Application, world.application.id) == world.application


def test_find_takes_values_tuples_and_none(database: Database, world: World) -> None:
    second = make.key(number=2)
    with database.rows.writing() as rows:
        rows.insert(second)
    with database.rows.reading() as rows:
        assert rows.find(entities.Key) == [world.key, second]
        assert rows.find(entities.Key, name="key 2") == [second]
        assert rows.find(entities.Key, id=(second.id, world.key.id), ends_at=None) == [
            world.key,
            second,
        ]
        assert rows.find(entities.Key, id=()) == []
        assert rows.find(entities.Key, kind=entities.KeyKind.MANAGEMENT) == []


def test_an_unknown_field_is_an_error(database: Database) -> None:
    with database.rows.reading() as rows, pytest.raises(TypeError):
        rows.find(entities.Key, colour="red")


def test_a_reading_transaction_does_not_write(database: Database) -> None:
    with pytest.raises(TypeError), database.rows.reading() as rows:
        rows.insert(make.organization())


def test_pages_are_complete_without_doubles_while_rows_are_added(
    database: Database, world: World
) -> None:
    """A person who pages through keys sees each that was there, newest first."""
    with database.rows.writing() as rows:
        for number in range(2, 24):
            rows.insert(make.key(number=number))
    seen: list[str] = []
    cursor: str | None = None
    added = 24
    while True:
        with database.rows.reading() as rows:
            page = rows.page(
                entities.Key,
                after=cursor,
                limit=5,
                organization_id=world.organization.id,
            )
        seen += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
        with database.rows.writing() as rows:
            rows.insert(make.key(number=added))
        added += 1
    assert seen == [make.id_of("key", number) for number in range(23, 0, -1)]


def test_the_last_page_has_no_cursor_even_when_it_is_full(
    database: Database, world: World
) -> None:
    with database.rows.reading() as rows:
        assert rows.page(entities.Key, after=None, limit=1).next_cursor is None


def test_ids_sort_as_ascii(database: Database) -> None:
    """Upper case before lower case, whatever the server's language is."""
    ids = ["org_0", "org_9", "org_A", "org_Z", "org_a", "org_z"]
    with database.rows.writing() as rows:
        for id in sorted(ids, key=lambda one: one.lower()):
            rows.insert(entities.Organization(id=id, name="x", created_at=1, updated_at=1))
    with database.rows.reading() as rows:
        assert [row.id for row in rows.find(entities.Organization)] == ids
        page = rows.page(entities.Organization, after=None, limit=4)
        assert [row.id for row in page.rows] == ids[:1:-1]


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!!", "MTo=", "MTo", "MjprZXlfMQ", "MTpr\0", "MTprAA", "é", "a" * 999],
)
def test_a_foreign_cursor_is_refused(database: Database, cursor: str) -> None:
    with database.rows.reading() as rows, pytest.raises(ValueError, match="cursor"):
        rows.page(entities.Key, after=cursor, limit=5)


@pytest.mark.parametrize("part", ["ärz", "ÄRZ", "100%", "_"])
def test_contains_ignores_case_and_takes_signs_as_they_are(
    database: Database, part: str
) -> None:
    with database.rows.writing() as rows:
        rows.insert(make.organization(1, "Ärzte"))
        rows.insert(make.organization(2, "100% _sure_"))
        rows.insert(make.organization(3, "100 other"))
    with database.rows.reading() as rows:
        page = rows.page(
            entities.Organization, after=None, limit=9, contains={"name": part}
        )
    assert [row.id for row in page.rows] == [
        make.id_of("org", 1 if "rz" in part.lower() else 2)
    ]


@pytest.mark.parametrize(
    "row",
    [
        make.organization(name="a\0b"),
        make.organization(name="\ud800"),
        entities.Organization(id="org_1", name="x", created_at=1 << 63, updated_at=1),
    ],
)
def test_what_no_database_can_hold_is_a_value_error(
    database: Database, row: entities.Entity
) -> None:
    with pytest.raises(ValueError), database.rows.writing() as rows:  # noqa: PT011 - each its own
        rows.insert(row)


def _keys(*numbers: int) -> list[entities.Key]:
    return [make.key(number) for number in numbers]


def test_many_rows_are_added_and_removed_without_news(
    database: Database, world: World
) -> None:
    """For what nobody can have cached; else an import would flood the change log."""
    before = database.keys.load([]).seq
    with database.rows.writing() as rows:
        rows.add_many([])
        rows.add_many(_keys(7, 8, 9))
        assert rows.changed == {}
    with database.rows.writing() as rows:
        assert len(rows.find(entities.Key)) == 4
        ids = tuple(key.id for key in _keys(7, 8))
        assert rows.remove_many(entities.Key, id=ids) == 2
        assert rows.remove_many(entities.Key, id=ids) == 0
        assert rows.changed == {}
    with database.rows.reading() as rows:
        found = {key.id for key in rows.find(entities.Key)}
    assert found == {world.key.id, make.key(9).id}
    assert database.keys.load([]).seq == before


def test_of_many_rows_with_a_conflict_none_is_added(
    database: Database, world: World
) -> None:
    with database.rows.writing() as rows:
        with pytest.raises(Conflict) as conflict:
            rows.add_many([*_keys(7), world.key])
        assert conflict.value.field == "id"
        assert rows.find(entities.Key) == [world.key]
        with pytest.raises(Conflict):
            rows.remove_many(entities.Key, id=world.key.id)
        assert rows.find(entities.Key) == [world.key]


def test_a_row_that_is_touched_is_news(database: Database, world: World) -> None:
    with database.rows.writing() as rows:
        rows.touch(world.api)
        assert list(rows.changed) == [PartRef("api", world.api.id)]


def test_a_page_passes_over_what_is_not_to_fit(database: Database, world: World) -> None:
    with database.rows.writing() as rows:
        kinds = {7: "imp_1", 8: "imp_2", 9: None}
        for number, import_id in kinds.items():
            rows.insert(replace(make.key(number), import_id=import_id))
    with database.rows.reading() as rows:
        page = rows.page(
            entities.Key, after=None, limit=10, unless={"import_id": ("imp_1", "imp_3")}
        )
    found = {key.id for key in page.rows}
    assert found == {world.key.id, make.key(8).id, make.key(9).id}


def test_rows_of_either_column_come_once_and_in_order(database: Database) -> None:
    """Of more than one page, also where a row has the value in all of them."""
    sides = {"organization_id": "org_1", "provider_id": "org_1", "consumer_id": "org_1"}
    kinds = [("1", "1", "1"), ("2", "1", "2"), ("2", "2", "1"), ("2", "2", "2")]
    with database.rows.writing() as rows:
        for number in range(20):
            names = [f"org_{one}" for one in kinds[number % 4]]
            row = entities.AuditRow(
                id=f"aud_{number:02}",
                at=1,
                organization_id=names[0],
                provider_id=names[1],
                consumer_id=names[2],
                actor="usr_1",
                action="key.revoke",
                subject="key_1",
            )
            rows.insert(row)
    wanted = [f"aud_{number:02}" for number in range(20) if number % 4 != 3]
    with database.rows.reading() as rows:
        cursor: str | None = None
        seen: list[str] = []
        while not seen or cursor:
            page = rows.page(entities.AuditRow, after=cursor, limit=4, either=sides)
            seen += [row.id for row in page.rows]
            cursor = page.next_cursor
        assert seen == wanted[::-1]
        found = rows.stretch(entities.AuditRow, after="aud_02", limit=9, either=sides)
        assert [row.id for row in found] == wanted[3:12]


def test_rows_of_either_column_are_each_looked_up_by_an_index(database: Database) -> None:
    """However long an audit is, a page of it reads no more than it tells."""
    sides = {"organization_id": "org_1", "provider_id": "org_1", "consumer_id": "org_1"}

    def ask(connection: Connection) -> None:
        rows = DatabaseTransaction(connection, writes=False)
        rows.page(entities.AuditRow, after=None, limit=4, either=sides)
        rows.stretch(entities.AuditRow, after="aud_1", limit=4, either=sides)

    told = explained(database, "FROM audit", ask)
    assert all(told.count(f"ix_audit_{name}_id") == 2 for name in sides), told
    assert "SCAN audit" not in told
