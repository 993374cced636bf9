"""Hosts of APIs, whether the slug is taken off a path, and what upstreams are told.

Revision ID: 0009
Revises: 0008
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ASCII = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_CHOICES = {"prefix": "strip", "identity": "headers"}


def upgrade() -> None:
    hosts = sa.Column("hosts", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
    op.add_column("api", hosts)
    for name, default in _CHOICES.items():
        column = sa.Column(name, sa.Text(), nullable=False, server_default=default)
        op.add_column("api", column)
    _child_of_api("api_host", sa.Column("parent", sa.Text(), nullable=False))
    op.create_index("ix_api_host_parent", "api_host", ["parent"])
    _child_of_api(
        "upstream_header",
        sa.Column("name", sa.Text(), nullable=False),
        _id("sealing_key_id"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
    )


def _child_of_api(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        *(_id(one) for one in ("id", "organization_id", "api_id")),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        *(
            sa.ForeignKeyConstraint(
                [f"{parent}_id"], [f"{parent}.id"], name=f"fk_{name}_{parent}_id"
            )
            for parent in ("organization", "api")
        ),
    )
    op.create_index(f"ix_{name}_api_id", name, ["api_id"])


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, _ASCII, nullable=False)


def downgrade() -> None:
    op.drop_table("upstream_header")
    op.drop_table("api_host")
    for name in reversed(_CHOICES):
        op.drop_column("api", name)
    op.drop_column("api", "hosts")
