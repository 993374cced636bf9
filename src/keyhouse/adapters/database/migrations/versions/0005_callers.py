"""Browsers: what an API does with server keys in them, and the pages that it answers.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    refuse = sa.text("'refuse'")
    op.add_column(
        "api",
        sa.Column("browser_keys", sa.Text(), nullable=False, server_default=refuse),
    )
    none = sa.text("'[]'")
    op.add_column(
        "api", sa.Column("cors_origins", sa.JSON(), nullable=False, server_default=none)
    )


def downgrade() -> None:
    op.drop_column("api", "cors_origins")
    op.drop_column("api", "browser_keys")
