"""Which nodes live: `ports.NodeRegistry`."""

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from keyhouse.adapters.database.engine import reading, writing
from keyhouse.adapters.database.inserts import insert_into
from keyhouse.adapters.database.tables import node
from keyhouse.ports import Node


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
