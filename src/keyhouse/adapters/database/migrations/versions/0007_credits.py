"""Prepaid customers, and the ledger of their credits.

Revision ID: 0007
Revises: 0006
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ADDED = ("prepaid_at", "credits")


def upgrade() -> None:
    for name in _ADDED:
        op.add_column("customer", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_table(
        "credit",
        *(_column(name, _ID) for name in ("id", "organization_id", "customer_id")),
        _column("at", sa.BigInteger()),
        _column("kind", sa.Text()),
        *(_column(name, sa.BigInteger()) for name in ("amount", "balance")),
        *(_column(name, sa.Text()) for name in ("note", "actor")),
        sa.PrimaryKeyConstraint("id", name="pk_credit"),
        *(
            sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=f"fk_credit_{column}")
            for column, parent in (
                ("organization_id", "organization"),
                ("customer_id", "customer"),
            )
        ),
    )
    op.create_index("ix_credit_customer_id_id", "credit", ["customer_id", "id"])


def downgrade() -> None:
    op.drop_table("credit")
    for name in reversed(_ADDED):
        op.drop_column("customer", name)


def _column(name: str, of: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, of, nullable=False)
