"""When a change is in force, as a matter of rule."""

import pytest

from keyhouse.ports import Node, Standing
from keyhouse.services.changes import in_force
from keyhouse.services.refusals import NotFound

SECOND = 1_000_000
MADE = 100 * SECOND
NODE = Node("nod_1", "boot", "gateway", 7, 41, 99 * SECOND, 300 * SECOND)


def test_a_change_that_all_know_of_is_in_force() -> None:
    assert in_force(42, Standing(42, MADE, ()), MADE).waiting == ()


def test_a_node_is_waited_for_while_it_may_answer_from_before_the_change() -> None:
    """It has read the log before the change was made, and answers so long after that."""
    standing = Standing(42, MADE, (NODE,))
    [waited] = in_force(42, standing, MADE + 300 * SECOND - 1).waiting
    assert (waited.node, waited.stale_until_us) == (NODE, MADE + 300 * SECOND)
    assert in_force(42, standing, MADE + 300 * SECOND).waiting == ()


def test_each_node_has_a_stale_limit_of_its_own() -> None:
    patient = NODE._replace(id="nod_2", stale_us=900 * SECOND)
    found = in_force(42, Standing(42, MADE, (NODE, patient)), MADE + 400 * SECOND)
    assert [one.node.id for one in found.waiting] == ["nod_2"]


def test_of_a_change_whose_time_is_not_known_the_last_sign_of_life_counts() -> None:
    standing = Standing(42, 0, (NODE,))
    [waited] = in_force(42, standing, MADE).waiting
    assert waited.stale_until_us == NODE.confirmed_at + NODE.stale_us
    assert in_force(42, standing, waited.stale_until_us).waiting == ()


@pytest.mark.parametrize("seq", [-1, 0, 43])
def test_a_change_that_was_not_made_is_none(seq: int) -> None:
    """Or a script would take a number that it misread for a change in force."""
    with pytest.raises(NotFound):
        in_force(seq, Standing(42, MADE, ()), MADE)
