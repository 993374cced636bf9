"""Browsers: what an API does with server keys in them, the pages it answers; alerts.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


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
    _alerts()


def downgrade() -> None:
    op.drop_table("alert")
    op.drop_column("api", "cors_origins")
    op.drop_column("api", "browser_keys")


def _alerts() -> None:
    op.create_table(
        "alert",
        *(
            sa.Column(name, _ID, nullable=False)
            for name in ("id", "organization_id", "provider_id", "key_id")
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("first_at", "last_at", "count")
        ),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
    )
    for columns in (["organization_id", "id"], ["key_id", "id"], ["last_at"]):
        op.create_index(f"ix_alert_{'_'.join(columns)}", "alert", columns)
