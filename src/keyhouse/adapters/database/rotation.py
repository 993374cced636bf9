"""What is read for the rotation of secrets: who waits, and what is due."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.cursors import read_cursor, write_cursor
from keyhouse.adapters.database.tables import (
    application,
    key,
    key_import,
    key_last_use,
    plan,
    secret,
    subscription,
    subscription_api,
)
from keyhouse.core.entities import UNFINISHED_IMPORTS
from keyhouse.core.rotation import GRANTED
from keyhouse.ports import Page, Planned, Waiting

_GRANTED: Final = subscription.c.state.in_([state.value for state in GRANTED])
# Keys of these are there for nobody yet.
_COMING: Final = sa.select(key_import.c.id).where(
    key_import.c.state.in_([state.value for state in UNFINISHED_IMPORTS])
)


def waiting(connection: Connection, limit: int) -> list[Waiting]:
    """Secrets that wait for a newer one that works and has been used.

    By the index over those that wait, which are few: no order is asked for, as
    SQLite would then walk over all secrets in that order.
    """
    newer = secret.alias()
    used = key_last_use.c
    first = (
        sa.select(sa.func.min(sa.func.coalesce(used.first_at, used.at)))
        .select_from(newer)
        .join(
            key_last_use,
            sa.and_(used.key_id == newer.c.key_id, used.secret_version == newer.c.version),
        )
        .where(
            newer.c.key_id == secret.c.key_id,
            newer.c.version >= secret.c.waits_for,
            newer.c.revoked_at.is_(None),
        )
        .correlate(secret)
        .scalar_subquery()
        .label("first_used")
    )
    found = (
        sa.select(secret.c.id, secret.c.key_id, secret.c.waits_for, first)
        .where(secret.c.waits_for.is_not(None), secret.c.revoked_at.is_(None))
        .subquery()
    )
    query = sa.select(found).where(found.c.first_used.is_not(None)).limit(limit)
    return [Waiting(*row) for row in connection.execute(query)]


def keys_with_dates(
    connection: Connection,
    organization_id: str | None,
    after: str | None,
    limit: int,
    ends_us: tuple[int, int],
) -> Page:
    """Ids of keys with a schedule, and of those that end in that time, by id."""
    shared = application.c.rotation.is_not(None)
    homes = sa.select(application.c.id).where(shared)
    # From the plans on, which are few: a join would begin with all subscriptions.
    plans = sa.select(plan.c.id).where(plan.c.rotation.is_not(None))
    bought = sa.select(subscription.c.id).where(subscription.c.plan_id.in_(plans), _GRANTED)
    held = subscription_api.c
    planned = sa.select(held.application_id).where(held.subscription_id.in_(bought))
    kinds: tuple[sa.ColumnElement[bool], ...] = (
        key.c.rotation.is_not(None),
        key.c.application_id.in_(homes),
        key.c.application_id.in_(planned),
        sa.and_(key.c.ends_at >= ends_us[0], key.c.ends_at < ends_us[1]),
    )
    bounds: list[sa.ColumnElement[bool]] = [
        key.c.deleted_at.is_(None),
        key.c.revoked_at.is_(None),
        sa.or_(key.c.import_id.is_(None), key.c.import_id.not_in(_COMING)),
    ]
    if organization_id is not None:
        bounds.append(key.c.organization_id == organization_id)
    if after is not None:
        bounds.append(key.c.id > read_cursor(after))
    # Each kind has an index of its own, which an OR would not use.
    parts = [
        sa.select(key.c.id)
        .where(kind, *bounds)
        .order_by(key.c.id)
        .limit(limit + 1)
        .subquery()
        for kind in kinds
    ]
    found = sa.union(*(sa.select(part.c.id) for part in parts)).subquery()
    query = sa.select(found.c.id).order_by(found.c.id).limit(limit + 1)
    rows = list(connection.execute(query).scalars())
    more = len(rows) > limit
    return Page(rows[:limit], write_cursor(rows[limit - 1]) if more else None)


def plans_with_schedule(
    connection: Connection, application_ids: Sequence[str]
) -> list[Planned]:
    """The plans with a schedule by which these applications open APIs."""
    held = subscription_api.c
    query = (
        sa.select(held.application_id, held.api_id, plan.c.id)
        .join(subscription, subscription.c.id == held.subscription_id)
        .join(plan, plan.c.id == subscription.c.plan_id)
        .where(
            held.application_id.in_(application_ids),
            _GRANTED,
            plan.c.rotation.is_not(None),
        )
    )
    return [Planned(*row) for row in connection.execute(query)]
