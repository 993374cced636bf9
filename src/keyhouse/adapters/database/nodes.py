"""Which nodes live: `ports.NodeRegistry`."""

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from keyhouse.adapters.database.engine import reading, writing
from keyhouse.adapters.database.inserts import insert_into
from keyhouse.adapters.database.tables import change, change_head, node
from keyhouse.ports import Node, Standing

_HEAD = sa.select(change_head.c.n)
_MADE = sa.select(sa.func.max(change.c.at)).where(change.c.seq == sa.bindparam("of"))
_BEHIND = sa.select(node).where(node.c.applied_seq < sa.bindparam("of")).order_by(node.c.id)


class DatabaseNodeRegistry:
    """`ports.NodeRegistry` on an engine; any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def announce(self, node_: Node) -> None:
        """Insert or refresh a node's row."""
        row = node_._asdict()
        with writing(self._engine) as connection:
            insert = insert_into(connection, node).values(row)
            connection.execute(
                insert.on_conflict_do_update(index_elements=[node.c.id], set_=row)
            )

    def leave(self, node_id: str) -> None:
        """Remove it, at a clean stop."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(node).where(node.c.id == node_id))

    def living(self, since_us: int) -> int:
        """How many have been heard of since."""
        query = sa.select(sa.func.count()).where(node.c.confirmed_at >= since_us)
        with reading(self._engine) as connection:
            return int(connection.execute(query.select_from(node)).scalar_one())

    def standing(self, seq: int) -> Standing:
        """How far change `seq` has come, in one snapshot."""
        with reading(self._engine) as connection:
            head = connection.execute(_HEAD).scalar_one()
            made_us = connection.execute(_MADE, {"of": seq}).scalar() or 0
            rows = connection.execute(_BEHIND, {"of": seq}).mappings().all()
        return Standing(head, made_us, tuple(_node(row) for row in rows))


def _node(row: sa.RowMapping) -> Node:
    """A row of one that an older Keyhouse runs says nothing of its patience."""
    told = {name: value for name, value in row.items() if value is not None}
    return Node(**told)
