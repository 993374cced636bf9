"""Applications and keys found by their name, one among many.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_BY_NAME = "ix_key_application_id_name"
_IN_PROJECT = "ix_application_project_id_name"


def upgrade() -> None:
    op.create_index(_BY_NAME, "key", ["application_id", "name"])
    op.create_index(_IN_PROJECT, "application", ["project_id", "name"])


def downgrade() -> None:
    op.drop_index(_IN_PROJECT, "application")
    op.drop_index(_BY_NAME, "key")
