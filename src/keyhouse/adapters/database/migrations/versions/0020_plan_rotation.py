"""When secrets are to be replaced of keys that open an API by a plan.

Revision ID: 0020
Revises: 0019
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_INDEX = "ix_plan_rotation_set"


def upgrade() -> None:
    op.add_column("plan", sa.Column("rotation", sa.JSON(), nullable=True))
    is_set = sa.text("rotation IS NOT NULL")
    where: dict[str, Any] = {"sqlite_where": is_set, "postgresql_where": is_set}
    op.create_index(_INDEX, "plan", ["id"], **where)


def downgrade() -> None:
    op.drop_index(_INDEX, "plan")
    op.drop_column("plan", "rotation")
