"""When a change was made, and how long a node may go on without hearing of it.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("change", sa.Column("at", sa.BigInteger(), nullable=True))
    op.add_column("node", sa.Column("stale_us", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("node", "stale_us")
    op.drop_column("change", "at")
