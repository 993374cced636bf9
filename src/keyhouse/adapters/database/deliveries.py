"""What is to be sent: `ports.DeliveryQueue`."""

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from keyhouse.adapters.database.engine import reading
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.tables import delivery, webhook
from keyhouse.core.entities import Delivery

# By chance, so that endpoints with a long queue keep nobody behind them.
_WITH_SOMETHING_DUE = (
    sa.select(webhook.c.id)
    .where(
        sa.exists().where(
            delivery.c.webhook_id == webhook.c.id,
            delivery.c.next_at <= sa.bindparam("now_us"),
        )
    )
    .order_by(sa.func.random())
    .limit(sa.bindparam("most"))
)
_DUE = (
    sa.select(delivery)
    .where(
        delivery.c.webhook_id == sa.bindparam("of"),
        delivery.c.next_at <= sa.bindparam("now_us"),
    )
    .order_by(delivery.c.next_at)
    .limit(sa.bindparam("most"))
)


class DatabaseDeliveryQueue:
    """`ports.DeliveryQueue` on an engine; any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, now_us: int, webhooks_max: int, each_max: int) -> list[Delivery]:
        """Deliveries that are due, a few of each endpoint."""
        mapper = mapper_of(Delivery)
        with reading(self._engine) as connection:
            asked = {"now_us": now_us, "most": webhooks_max}
            ids = list(connection.execute(_WITH_SOMETHING_DUE, asked).scalars())
            return [
                mapper.row(row)
                for id in ids
                for row in connection.execute(
                    _DUE, {"of": id, "now_us": now_us, "most": each_max}
                )
            ]
