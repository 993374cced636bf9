"""Hosts of APIs, and whether the slug is taken off a path.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ASCII = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    hosts = sa.Column("hosts", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
    op.add_column("api", hosts)
    prefix = sa.Column("prefix", sa.Text(), nullable=False, server_default="strip")
    op.add_column("api", prefix)
    op.create_table(
        "api_host",
        sa.Column("id", _ASCII, nullable=False),
        sa.Column("organization_id", _ASCII, nullable=False),
        sa.Column("api_id", _ASCII, nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_api_host"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_api_host_organization_id",
        ),
        sa.ForeignKeyConstraint(["api_id"], ["api.id"], name="fk_api_host_api_id"),
    )
    op.create_index("ix_api_host_api_id", "api_host", ["api_id"])
    op.create_index("ix_api_host_parent", "api_host", ["parent"])


def downgrade() -> None:
    op.drop_table("api_host")
    op.drop_column("api", "prefix")
    op.drop_column("api", "hosts")
