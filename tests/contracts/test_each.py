"""One thing of each of many, in one read, on each database."""

from dataclasses import replace

from keyhouse.adapters.database import Database
from keyhouse.core import entities
from keyhouse.core.counting import credits_budget
from keyhouse.core.entities import Environment
from keyhouse.core.quotas import FOREVER
from keyhouse.ports import KeysWanted, KeyTally
from tests.contracts import world as make
from tests.contracts.world import NOW, World

HOME = make.id_of("org", 1)
LATER = NOW + 1_000_000


def test_rows_are_counted_for_each_value_up_to_a_bound(
    database: Database, world: World
) -> None:
    with database.rows.writing() as tx:
        for number in (2, 3):
            tx.insert(make.application(number))
        for number in (2, 3, 4):
            tx.insert(make.key(number, application=2))
    with database.rows.reading() as tx:
        named = [make.id_of("app", number) for number in (1, 2, 3)]
        counted = tx.count_each(entities.Key, "application_id", named, 2)
        assert tx.count_each(entities.Key, "application_id", [], 2) == {}
    assert list(map(counted.get, named)) == [1, 2, 0]


def test_the_newest_row_of_each_value(database: Database, world: World) -> None:
    with database.rows.writing() as tx:
        tx.insert(make.application(2))
        newest = make.key(9, application=2)
        for row in (make.key(2, application=2), newest):
            tx.insert(row)
    with database.rows.reading() as tx:
        named = [make.id_of("app", number) for number in (1, 2, 3)]
        found = tx.newest_each(entities.Key, "application_id", named)
        assert tx.newest_each(entities.Key, "application_id", []) == []
    assert found == [world.key, newest]


def test_what_many_budgets_have_spent_is_told_in_their_order(
    database: Database, world: World
) -> None:
    budgets = [credits_budget(HOME, make.id_of("cus", number)) for number in (1, 2)]
    with database.rows.writing() as tx:
        assert tx.spend(budgets[1], FOREVER, 100, 30)
    with database.rows.reading() as tx:
        wanted = [(budget, FOREVER) for budget in budgets]
        assert tx.spent_of(wanted) == [(0, 0), (30, 0)]
        assert tx.spent_of([]) == []


def test_keys_are_told_for_each_application(database: Database, world: World) -> None:
    """A list of applications tells how many keys work, whatever state others are in."""
    keys = [replace(make.key(n, application=2), name=f"k{n}") for n in range(2, 9)]
    live = Environment.LIVE
    told = {
        2: keys[0],
        3: replace(keys[1], disabled_at=NOW),
        4: replace(keys[2], revoked_at=NOW),
        5: replace(keys[3], deleted_at=NOW),
        6: replace(keys[4], ends_at=LATER),
        7: replace(keys[5], starts_at=LATER + 1),
        8: replace(keys[6], environment=live),
    }
    with database.rows.writing() as tx:
        for number in (2, 3):
            tx.insert(make.application(number))
        for key in told.values():
            tx.insert(key)
    wanted = KeysWanted(HOME, NOW, environment=Environment.TEST)
    first, second, third, unknown = (make.id_of("app", n) for n in (1, 2, 3, 4))
    with database.rows.reading() as tx:
        tallies = tx.tally_keys(wanted, [first, second, third, unknown], 100)
        ended = tx.tally_keys(wanted._replace(now_us=LATER), [second], 100)
        few = tx.tally_keys(wanted, [first, second], 3)
        elsewhere = KeysWanted(make.id_of("org", 2), NOW)
        foreign = tx.tally_keys(elsewhere, [second], 100)
    none = KeyTally(0, None, are_all=True)
    assert tallies[second] == KeyTally(2, None, are_all=True)
    assert tallies[third] == tallies[unknown] == none
    assert tallies[first].active == 1
    assert ended[second].active == 1
    # Of the newest three one has an end that is not over yet.
    assert few[second] == KeyTally(1, None, are_all=False)
    assert few[first].are_all
    assert foreign[second] == none
