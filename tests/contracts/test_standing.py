"""How far a change has come, as the nodes' rows tell it: on each database."""

import time

from keyhouse.adapters.database import Database
from keyhouse.core.records import PartRef
from keyhouse.core.usage import UsageBatch
from keyhouse.ports import Node, Standing
from tests.contracts.test_change_log import change
from tests.contracts.world import World

NODE = Node("nod_1", "boot", "gateway", 7, 0, 1000, 5_000_000)


def test_a_change_is_behind_those_that_have_not_applied_it(
    database: Database, world: World
) -> None:
    """They may let a revoked key through: nobody may be told that it is in force."""
    seq = change(database, world.key)
    late, known = NODE._replace(applied_seq=seq - 1), NODE._replace(id="nod_2")
    database.nodes.announce(late)
    database.nodes.announce(known._replace(applied_seq=seq))
    standing = database.nodes.standing(seq)
    assert (standing.head, standing.behind) == (seq, (late,))
    database.nodes.announce(late._replace(applied_seq=seq))
    assert database.nodes.standing(seq).behind == ()


def test_it_is_told_when_a_change_was_made(database: Database, world: World) -> None:
    """From it follows until when a node may answer from before the change."""
    before = time.time_ns() // 1000
    seq = change(database, world.key)
    after = time.time_ns() // 1000
    assert before <= database.nodes.standing(seq).made_us <= after
    feed = database.feed()
    [row], [made_us] = (told := feed.read(seq - 1)).rows, told.made_us
    assert row.part == PartRef("key", world.key.id)
    assert made_us == database.nodes.standing(seq).made_us
    assert len(feed.read(0).made_us) == len(feed.read(0).rows)
    feed.close()


def test_of_a_change_that_was_pruned_no_time_is_known(
    database: Database, world: World
) -> None:
    seq = change(database, world.key)
    change(database, world.api)
    database.upkeep.prune_changes(1, 100)
    assert database.nodes.standing(seq) == Standing(seq + 1, 0, ())


def test_a_node_whose_spool_was_ended_for_it_is_gone(database: Database) -> None:
    """After a crash nobody waits for it until its stale limit is past."""
    database.sink.open_spool("spl_1", NODE.id, "boot")
    database.nodes.announce(NODE)
    database.nodes.announce(NODE._replace(id="nod_other"))
    database.sink.book(UsageBatch("spl_1", 0, 0))
    database.sink.close_spool("spl_1", return_leases=True)
    assert [node.id for node in database.nodes.standing(1).behind] == ["nod_other"]
