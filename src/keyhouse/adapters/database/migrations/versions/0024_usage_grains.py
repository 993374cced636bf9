"""Usage at coarser grains: quarters of an hour, days, months; and without keys.

The minutes that are there stay as they are, and are rolled up like new ones.

Revision ID: 0024
Revises: 0023
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger()
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "id": _ID,
    "environment": sa.Text(),
}
_WHEN = ("grain", "waiting", "start")
_KEYED = (
    "consumer_id",
    "api_id",
    "route_id",
    "key_id",
    "secret_version",
    "application_id",
    "environment",
    "subscription_id",
    "verdict",
)
_TOTAL = ("api_id", "environment", "verdict")
_SUMS = (
    "requests",
    "units",
    "errors",
    "bytes_in",
    "bytes_out",
    *(f"latency_{slot:02}" for slot in range(20)),
)


def upgrade() -> None:
    _create("usage_rollup", "provider_id", _KEYED, ("consumer_id", "key_id"))
    _create("usage_total", "organization_id", _TOTAL, ())
    op.create_table(
        "usage_kept",
        _column("grain"),
        _column("since"),
        sa.PrimaryKeyConstraint("grain", name="pk_usage_kept"),
    )


def downgrade() -> None:
    """What was rolled up is not told apart again: it goes."""
    for table in ("usage_kept", "usage_total", "usage_rollup"):
        op.drop_table(table)


def _create(
    table: str, whose: str, dimensions: Sequence[str], found_by: Sequence[str]
) -> None:
    keys = (whose, *_WHEN, *dimensions)
    op.create_table(
        table,
        *(_column(name) for name in (*keys, *_SUMS)),
        sa.PrimaryKeyConstraint(*keys, name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )
    for columns in (_WHEN, *((column, *_WHEN) for column in found_by)):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _column(name: str) -> sa.Column[Any]:
    kind = "id" if name.endswith("_id") else name
    of = _TYPES.get(kind, _NUMBER)
    return sa.Column(name, of, autoincrement=False, nullable=False)
