"""Usage found by key: the figures of one key among many, over months.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INDEX = "ix_usage_bucket_key_id_minute"


def upgrade() -> None:
    op.create_index(_INDEX, "usage_bucket", ["key_id", "minute"])


def downgrade() -> None:
    op.drop_index(_INDEX, "usage_bucket")
