"""What is to be sent: `ports.DeliveryQueue`."""

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from keyhouse.adapters.database.engine import reading
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.tables import delivery, webhook
from keyhouse.core.entities import Delivery
from keyhouse.core.webhooks import WAIT_US_MAX

_DUE_BY_NOW = sa.or_(
    delivery.c.next_at <= sa.bindparam("now_us"),
    delivery.c.next_at > sa.bindparam("never_us"),
)
# By chance, so that endpoints with a long queue keep nobody behind them, and in
# turns, so that an organization with many endpoints does not either.
_TURN = sa.func.row_number().over(
    partition_by=webhook.c.organization_id, order_by=sa.func.random()
)
_TURNS = (
    sa.select(webhook.c.id, _TURN.label("turn"))
    .where(
        sa.exists().where(
            delivery.c.webhook_id == webhook.c.id,
            _DUE_BY_NOW,
        )
    )
    .subquery()
)
_WITH_SOMETHING_DUE = (
    sa.select(_TURNS.c.id)
    .order_by(_TURNS.c.turn, sa.func.random())
    .limit(sa.bindparam("most"))
)
_DUE = (
    sa.select(delivery)
    .where(
        delivery.c.webhook_id == sa.bindparam("of"),
        _DUE_BY_NOW,
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
            by_now = {"now_us": now_us, "never_us": now_us + WAIT_US_MAX}
            asked = {**by_now, "most": webhooks_max}
            ids = list(connection.execute(_WITH_SOMETHING_DUE, asked).scalars())
            return [
                mapper.row(row)
                for id in ids
                for row in connection.execute(_DUE, {**by_now, "of": id, "most": each_max})
            ]
