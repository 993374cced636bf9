"""Costs that are known afterwards: who says what a route costs, and what came back.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ASCII = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    column = sa.Column("cost_from", sa.Text(), nullable=False, server_default="route")
    op.add_column("route", column)
    op.create_table(
        "settlement",
        sa.Column("request_id", _ASCII, nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="pk_settlement"),
    )
    op.create_index("ix_settlement_at", "settlement", ["at"])


def downgrade() -> None:
    op.drop_table("settlement")
    op.drop_column("route", "cost_from")
