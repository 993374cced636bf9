"""Several APIs on one host: places with a prefix, and whose each host is.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_ASCII = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "held_host",
        *(_id(name) for name in ("id", "organization_id")),
        sa.PrimaryKeyConstraint("id", name="pk_held_host"),
        sa.UniqueConstraint(
            "id", "organization_id", name="uq_held_host_id_organization_id"
        ),
        _foreign("held_host", "organization"),
    )
    op.execute("INSERT INTO held_host SELECT id, organization_id FROM api_host")
    held = sa.ForeignKeyConstraint(
        ["host_id", "organization_id"],
        ["held_host.id", "held_host.organization_id"],
        name="fk_api_host_host_id",
    )
    _make_anew("id, organization_id, api_id, parent, id", _id("host_id"), held)
    op.create_index("ix_api_host_host_id", "api_host", ["host_id"])


def _make_anew(filled: str, *more: sa.schema.SchemaItem) -> None:
    """SQLite adds no constraint to a table that is there, and renames none unchanged."""
    op.execute("CREATE TABLE aside AS SELECT * FROM api_host")
    op.drop_table("api_host")
    op.create_table(
        "api_host",
        *(_id(name) for name in ("id", "organization_id", "api_id")),
        sa.Column("parent", sa.Text(), nullable=False),
        *more,
        sa.PrimaryKeyConstraint("id", name="pk_api_host"),
        *(_foreign("api_host", parent) for parent in ("organization", "api")),
    )
    op.execute(f"INSERT INTO api_host SELECT {filled} FROM aside")  # noqa: S608 - ours
    op.drop_table("aside")
    for column in ("api_id", "parent"):
        op.create_index(f"ix_api_host_{column}", "api_host", [column])


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, _ASCII, nullable=False)


def _foreign(table: str, parent: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{parent}_id"
    return sa.ForeignKeyConstraint([f"{parent}_id"], [f"{parent}.id"], name=name)


def downgrade() -> None:
    """Places with a prefix lead nowhere in an older Keyhouse: they go from the index."""
    op.execute("DELETE FROM api_host WHERE id <> host_id")
    _make_anew("id, organization_id, api_id, parent")
    op.drop_table("held_host")
