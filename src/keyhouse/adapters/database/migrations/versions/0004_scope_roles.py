"""Roles of an API as named sets of its scopes, and the keys that hold them.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_EMPTY = {"api": "{}", "access": "[]"}


def upgrade() -> None:
    for table, empty in _EMPTY.items():
        default = sa.text(f"'{empty}'")
        column = sa.Column("roles", sa.JSON(), nullable=False, server_default=default)
        op.add_column(table, column)


def downgrade() -> None:
    for table in _EMPTY:
        op.drop_column(table, "roles")
