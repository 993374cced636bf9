"""Limits on organizations, applications and routes.

Revision ID: 0006
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

_LIMITED = ("organization", "application", "route")


def upgrade() -> None:
    for table in _LIMITED:
        none = sa.text("'[]'")
        column = sa.Column("limits", sa.JSON(), nullable=False, server_default=none)
        op.add_column(table, column)


def downgrade() -> None:
    for table in _LIMITED:
        op.drop_column(table, "limits")
