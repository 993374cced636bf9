"""What requests are told apart by besides their bucket: the networks of strangers.

Revision ID: 0008
Revises: 0007
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_KEY = (
    ("day", sa.BigInteger()),
    ("provider_id", _ID),
    ("consumer_id", _ID),
    ("api_id", _ID),
    ("key_id", _ID),
    ("verdict", sa.BigInteger()),
    ("dimension", sa.Text()),
    ("value", sa.Text()),
)


def upgrade() -> None:
    op.create_table(
        "observation",
        *(_column(name, of) for name, of in _KEY),
        *(_column(name, sa.BigInteger()) for name in ("requests", "first_at", "last_at")),
        sa.PrimaryKeyConstraint(*(name for name, _ in _KEY), name="pk_observation"),
        sqlite_with_rowid=False,
    )
    for whose in ("provider_id", "consumer_id"):
        index = f"ix_observation_{whose}_day"
        op.create_index(index, "observation", [whose, "day"])


def downgrade() -> None:
    op.drop_table("observation")


def _column(name: str, of: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, of, nullable=False)
