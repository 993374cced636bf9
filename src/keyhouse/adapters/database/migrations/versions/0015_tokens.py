"""Tokens for users: how long they last, limits of users, and what is revoked.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ASCII = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TABLE = "token_revocation"


def upgrade() -> None:
    seconds = sa.Column(
        "token_seconds_max", sa.BigInteger(), nullable=False, server_default="3600"
    )
    op.add_column("api", seconds)
    limits = sa.Column(
        "user_limits", sa.JSON(), nullable=False, server_default=sa.text("'[]'")
    )
    op.add_column("api", limits)
    op.create_table(
        _TABLE,
        *(
            sa.Column(name, _ASCII, nullable=False)
            for name in ("id", "organization_id", "application_id")
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "value")),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("before", "expires_at", "created_at", "updated_at")
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_TABLE}"),
        *(
            sa.ForeignKeyConstraint(
                [f"{parent}_id"], [f"{parent}.id"], name=f"fk_{_TABLE}_{parent}_id"
            )
            for parent in ("organization", "application")
        ),
    )
    for column in ("application_id", "expires_at"):
        op.create_index(f"ix_{_TABLE}_{column}", _TABLE, [column])


def downgrade() -> None:
    op.drop_table(_TABLE)
    op.drop_column("api", "user_limits")
    op.drop_column("api", "token_seconds_max")
