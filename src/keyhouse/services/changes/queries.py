"""Is a change in force everywhere, and if not, who is waited for?

A node that has not acknowledged the change may still answer from before it. Not
for ever: it has last read the change log before the change was made, and answers
from memory for at most its stale limit after that. So it is waited for until then,
whatever has become of it.
"""

from typing import Final, NamedTuple

from keyhouse.ports import Node, Standing
from keyhouse.services.refusals import NotFound

NODES_TOLD_MAX: Final = 100


class Waited(NamedTuple):
    """A node that is waited for, at most until `stale_until_us`."""

    node: Node
    stale_until_us: int


class InForce(NamedTuple):
    """How things stand with a change at `now_us`.

    `made_us` is 0 where that is not known any more. `waiting` is empty once
    it is in force everywhere.
    """

    seq: int
    made_us: int
    now_us: int
    waiting: tuple[Waited, ...]


def in_force(seq: int, standing: Standing, now_us: int) -> InForce:
    """Judge how far change `seq` has come. Raises NotFound for one not made yet."""
    if not 0 < seq <= standing.head:
        raise NotFound("change")
    bounds = (Waited(node, _bound(node, standing)) for node in standing.behind)
    waiting = tuple(one for one in bounds if one.stale_until_us > now_us)
    return InForce(seq, standing.made_us, now_us, waiting)


def _bound(node: Node, standing: Standing) -> int:
    """Until when it may answer from before the change.

    Of an old change alone the time is not known: then from when it was last heard of.
    """
    return (standing.made_us or node.confirmed_at) + node.stale_us
