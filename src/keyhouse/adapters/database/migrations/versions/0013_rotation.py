"""When secrets are to be replaced, what rotations did, reminders and calendars.

Revision ID: 0013
Revises: 0012
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ASCII = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_INDEXES = (
    ("application", "rotation", "id"),
    ("key", "rotation", "id"),
    ("key", "ends_at", "ends_at"),
    ("secret", "waits_for", "id"),
)
_OF_SECRETS = ("replaced_at", "waits_for", "overlap_seconds")


def upgrade() -> None:
    for table in ("application", "key"):
        op.add_column(table, sa.Column("rotation", sa.JSON(), nullable=True))
    for name in _OF_SECRETS:
        op.add_column("secret", sa.Column(name, sa.BigInteger(), nullable=True))
    none = sa.text("'[]'")
    replaces = sa.Column("replaces", sa.JSON(), nullable=False, server_default=none)
    op.add_column("secret", replaces)
    # When a secret that was used before this was used first, is not known.
    op.add_column("key_last_use", sa.Column("first_at", sa.BigInteger(), nullable=True))
    for table, of, column in _INDEXES:
        is_set = sa.text(f"{of} IS NOT NULL")
        where: dict[str, Any] = {"sqlite_where": is_set, "postgresql_where": is_set}
        op.create_index(f"ix_{table}_{of}_set", table, [column], **where)
    _reminders()
    _calendars()


def downgrade() -> None:
    op.drop_table("calendar")
    op.drop_table("reminder")
    for table, of, _ in _INDEXES:
        op.drop_index(f"ix_{table}_{of}_set", table)
    op.drop_column("key_last_use", "first_at")
    for name in ("replaces", *reversed(_OF_SECRETS)):
        op.drop_column("secret", name)
    for table in ("key", "application"):
        op.drop_column(table, "rotation")


def _reminders() -> None:
    op.create_table(
        "reminder",
        *(_id(name) for name in ("id", "organization_id", "key_id")),
        sa.Column("kind", sa.Text(), nullable=False),
        *(_number(name) for name in ("due_at", "days", "at")),
        sa.PrimaryKeyConstraint("id", name="pk_reminder"),
        *_foreign("reminder", organization_id="organization", key_id="key"),
    )


def _calendars() -> None:
    op.create_table(
        "calendar",
        *(_id(name) for name in ("id", "organization_id")),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        _number("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_calendar"),
        sa.UniqueConstraint("digest", name="uq_calendar_digest"),
        *_foreign("calendar", organization_id="organization"),
    )
    columns = ["organization_id", "id"]
    op.create_index("ix_calendar_organization_id_id", "calendar", columns)


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, _ASCII, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _foreign(table: str, **parents: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], [f"{parent}.id"], name=f"fk_{table}_{name}")
        for name, parent in parents.items()
    ]
