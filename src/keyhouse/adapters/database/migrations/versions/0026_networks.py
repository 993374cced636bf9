"""The networks that calls with each key came from.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "key_network",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key_id", _ID, nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("judged_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_key_network"),
    )
    op.create_index("ix_key_network_key_id_id", "key_network", ["key_id", "id"])
    op.create_index("ix_key_network_last_at", "key_network", ["last_at"])
    waits = sa.text("judged_at IS NULL")
    op.create_index(
        "ix_key_network_judged_at_unset",
        "key_network",
        ["id"],
        sqlite_where=waits,
        postgresql_where=waits,
    )


def downgrade() -> None:
    op.drop_table("key_network")
