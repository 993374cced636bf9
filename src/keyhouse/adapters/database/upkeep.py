"""What keeps the database from growing for ever: `ports.Upkeep`.

Each call is one short transaction, so that on SQLite nobody waits for long.
"""

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from keyhouse.adapters.database.engine import writing
from keyhouse.adapters.database.inserts import keys_of
from keyhouse.adapters.database.many import IDS_MAX, parted
from keyhouse.adapters.database.rollups import prune_usage
from keyhouse.adapters.database.tables import (
    alert,
    attempt,
    budget,
    change,
    delivery,
    event,
    idempotency,
    key_network,
    lease,
    node,
    observation,
    request_log,
    session,
    settlement,
    spool,
    ticket,
    token_revocation,
)
from keyhouse.core.grains import MINUTE_US, Grain

DAY_US = 86_400 * 1_000_000


class DatabaseUpkeep:
    """`ports.Upkeep` on an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def prune_requests(self, before_us: int, rows_max: int) -> int:
        """Delete old lines of the request log, a bounded number; returns how many."""
        return self._prune(request_log, request_log.c.at, before_us, rows_max)

    def prune_usage(self, grain: Grain, before_us: int, rows_max: int) -> int:
        """Delete old usage of a grain, a bounded number: only what is all old."""
        with writing(self._engine) as connection:
            return prune_usage(connection, grain, before_us // MINUTE_US, rows_max)

    def prune_observations(self, before_us: int, rows_max: int) -> int:
        """Delete old observations, a bounded number: only days that are all old."""
        day = before_us // DAY_US
        return self._prune(observation, observation.c.day, day, rows_max)

    def prune_alerts(self, before_us: int, rows_max: int) -> int:
        """Delete alerts that are long past, a bounded number; returns how many."""
        return self._prune(alert, alert.c.last_at, before_us, rows_max)

    def prune_networks(self, before_us: int, rows_max: int) -> int:
        """Delete networks that no call of their key came from since, a bounded number."""
        return self._prune(key_network, key_network.c.last_at, before_us, rows_max)

    def prune_deliveries(self, before_us: int, rows_max: int) -> int:
        """Delete old deliveries, whatever became of them, a bounded number."""
        return self._prune(delivery, delivery.c.at, before_us, rows_max)

    def prune_events(self, before_us: int, rows_max: int) -> int:
        """Delete old events that no delivery needs any more, a bounded number."""
        old = (
            sa.select(event.c.id)
            .where(
                event.c.at < before_us,
                ~sa.exists().where(delivery.c.event_id == event.c.id),
            )
            .order_by(event.c.at)
            .limit(rows_max)
        )
        with writing(self._engine) as connection:
            statement = sa.delete(event).where(event.c.id.in_(old))
            return connection.execute(statement).rowcount

    def prune_settlements(self, before_us: int, rows_max: int) -> int:
        """Delete what reservations came to that are over, a bounded number."""
        return self._prune(settlement, settlement.c.at, before_us, rows_max)

    def prune_revocations(self, before_us: int, rows_max: int) -> int:
        """Delete revocations of tokens that have all ended by then, a bounded number."""
        ended = token_revocation.c.expires_at
        return self._prune(token_revocation, ended, before_us, rows_max)

    def prune_idempotency(self, before_us: int, rows_max: int) -> int:
        """Delete remembered answers, a bounded number; returns how many."""
        return self._prune(idempotency, idempotency.c.created_at, before_us, rows_max)

    def prune_changes(self, keep: int, rows_max: int) -> int:
        """Delete the oldest rows of the change log, a bounded number, so that the

        newest `keep` stay. The rows of one number stay or go together, however many.
        Returns how many.
        """
        newest = sa.select(change.c.seq).order_by(change.c.seq.desc()).offset(keep).limit(1)
        oldest = (
            sa.select(change.c.seq).order_by(change.c.seq).offset(rows_max - 1).limit(1)
        )
        with writing(self._engine) as connection:
            last = connection.execute(newest).scalar()
            if last is None:
                return 0
            bound = connection.execute(oldest).scalar()
            until = last if bound is None else min(last, bound)
            statement = sa.delete(change).where(change.c.seq <= until)
            return connection.execute(statement).rowcount

    def prune_budgets(self, before_us: int, rows_max: int) -> int:
        """Delete budgets whose window is long past, with their leases, a bounded

        number; and closed spools that have none left. Returns how many budgets.
        """
        old = (
            sa.select(budget.c.id)
            .where(budget.c.window_end < before_us)
            .order_by(budget.c.window_end)
            .limit(rows_max)
        )
        with writing(self._engine) as connection:
            ids = list(connection.execute(old).scalars())
            for batch in parted(ids, IDS_MAX):
                connection.execute(sa.delete(lease).where(lease.c.budget_id.in_(batch)))
                connection.execute(sa.delete(budget).where(budget.c.id.in_(batch)))
            connection.execute(
                sa.delete(spool).where(
                    spool.c.closed_at < before_us,
                    ~sa.exists().where(lease.c.spool_id == spool.c.id),
                )
            )
        return len(ids)

    def prune_nodes(self, before_us: int) -> int:
        """Delete nodes that nobody has heard of since."""
        with writing(self._engine) as connection:
            statement = sa.delete(node).where(node.c.confirmed_at < before_us)
            return connection.execute(statement).rowcount

    def prune_logins(self, before_us: int) -> int:
        """Delete sessions and mailed links that ended before, and old guesses."""
        ages = (
            (session, session.c.ends_at),
            (ticket, ticket.c.ends_at),
            (attempt, attempt.c.since),
        )
        with writing(self._engine) as connection:
            return sum(
                connection.execute(sa.delete(table).where(age < before_us)).rowcount
                for table, age in ages
            )

    def _prune(
        self, table: sa.Table, age: sa.Column[int], before: int, rows_max: int
    ) -> int:
        keys = keys_of(table)
        old = sa.select(*keys).where(age < before).order_by(age).limit(rows_max)
        statement = sa.delete(table).where(sa.tuple_(*keys).in_(old))
        with writing(self._engine) as connection:
            return connection.execute(statement).rowcount
