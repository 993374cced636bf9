"""Limits on organizations, applications and routes; customers.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_LIMITED = ("organization", "application", "route")


def upgrade() -> None:
    for table in _LIMITED:
        none = sa.text("'[]'")
        column = sa.Column("limits", sa.JSON(), nullable=False, server_default=none)
        op.add_column(table, column)
    _customers()
    _links()


def downgrade() -> None:
    op.drop_table("application_customer")
    op.drop_table("customer")
    for table in _LIMITED:
        op.drop_column(table, "limits")


def _customers() -> None:
    op.create_table(
        "customer",
        *(_id(name) for name in ("id", "organization_id", "project_id", "external_id")),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        *(_number(name) for name in ("created_at", "updated_at")),
        sa.PrimaryKeyConstraint("id", name="pk_customer"),
        sa.UniqueConstraint(
            "project_id", "external_id", name="uq_customer_project_id_external_id"
        ),
        *_foreign("customer", organization_id="organization", project_id="project"),
    )
    _index("customer", "organization_id")


def _links() -> None:
    op.create_table(
        "application_customer",
        *(_id(name) for name in ("id", "application_id", "provider_id", "customer_id")),
        _number("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_application_customer"),
        *_foreign(
            "application_customer",
            application_id="application",
            provider_id="organization",
            customer_id="customer",
        ),
    )
    for column in ("application_id", "customer_id"):
        _index("application_customer", column)


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, _ID, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _foreign(name: str, **parents: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=f"fk_{name}_{column}")
        for column, parent in parents.items()
    ]


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])
