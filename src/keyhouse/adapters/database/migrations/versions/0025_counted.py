"""What use of an API is booked on, and all that a subscription's quotas are booked on.

Revision ID: 0025
Revises: 0024
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_INDEX = "ix_subscription_api_counted_id"
_AS_BEFORE: Final = """
UPDATE subscription_api SET counted_id = (
    SELECT subscription.counted_id FROM subscription
    WHERE subscription.id = subscription_api.subscription_id
)
"""


def upgrade() -> None:
    op.add_column(
        "subscription",
        sa.Column("also_counted_ids", sa.JSON(), server_default="[]", nullable=False),
    )
    op.add_column(
        "subscription_api",
        sa.Column("counted_id", _ID, server_default=sa.text("''"), nullable=False),
    )
    op.execute(_AS_BEFORE)
    op.create_index(_INDEX, "subscription_api", ["counted_id"])


def downgrade() -> None:
    op.drop_index(_INDEX, "subscription_api")
    op.drop_column("subscription_api", "counted_id")
    op.drop_column("subscription", "also_counted_ids")
