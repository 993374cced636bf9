"""Keys of other systems, and what nodes tell workers.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ASCII = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_IMPORTED = ("application", "key")


def upgrade() -> None:
    op.add_column("project", sa.Column("imported", sa.JSON(), nullable=True))
    for name in _IMPORTED:
        op.add_column(name, sa.Column("import_id", _ASCII, nullable=True))
        op.create_index(f"ix_{name}_import_id", name, ["import_id"])
    _add_imports()
    op.create_table(
        "signal",
        _id("id"),
        _text("kind"),
        _id("secret_id"),
        _id("pepper_id"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _number("at"),
        sa.PrimaryKeyConstraint("id", name="pk_signal"),
    )


def _add_imports() -> None:
    op.create_table(
        "key_import",
        *(_id(name) for name in ("id", "organization_id", "project_id")),
        *(_text(name) for name in ("state", "format", "environment")),
        sa.Column("application_id", _ASCII, nullable=True),
        sa.Column("access", sa.JSON(), nullable=False),
        _text("mode"),
        *(_number(n) for n in ("parts", "rows", "imported", "skipped", "lessened")),
        sa.Column("problems", sa.JSON(), nullable=False),
        _number("problems_count"),
        sa.Column("strings", sa.JSON(), nullable=True),
        sa.Column("ended", sa.Text(), nullable=True),
        _text("created_by"),
        *(_number(name) for name in ("created_at", "updated_at")),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_key_import"),
        *(
            sa.ForeignKeyConstraint(
                [f"{parent}_id"], [f"{parent}.id"], name=f"fk_key_import_{parent}_id"
            )
            for parent in ("organization", "project")
        ),
    )
    op.create_index(
        "ix_key_import_organization_id_id", "key_import", ["organization_id", "id"]
    )
    for column in ("project_id", "state"):
        op.create_index(f"ix_key_import_{column}", "key_import", [column])


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, _ASCII, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def downgrade() -> None:
    op.drop_table("signal")
    op.drop_table("key_import")
    for name in reversed(_IMPORTED):
        op.drop_index(f"ix_{name}_import_id", name)
        op.drop_column(name, "import_id")
    op.drop_column("project", "imported")
