"""The request log tells with which user's token a request came.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_NAMES = ("subject", "session", "token_id")


def upgrade() -> None:
    for name in _NAMES:
        op.add_column("request_log", sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    for name in reversed(_NAMES):
        op.drop_column("request_log", name)
