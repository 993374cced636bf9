"""Endpoints for events, what is sent to them, and an audit that nobody changes.

Revision ID: 0016
Revises: 0015
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ASCII = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_BUDGET = ("amount", "counted_from", "told_level")
_KEPT = "audit rows are never changed or deleted"


def upgrade() -> None:
    _webhook()
    op.create_table(
        "event",
        *(_id(name) for name in ("id", "organization_id")),
        _text("kind"),
        _number("at"),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
    )
    op.create_index("ix_event_at", "event", ["at"])
    _delivery()
    op.create_table(
        "budget_mark",
        _id("id"),
        _number("at"),
        _text("level"),
        _id("provider_id"),
        _text("subject_kind"),
        _id("subject_id"),
        _text("environment"),
        _text("limit_name"),
        *(_number(name) for name in ("window_start", "window_end", "amount", "used")),
        sa.PrimaryKeyConstraint("id", name="pk_budget_mark"),
    )
    for name in _BUDGET:
        op.add_column("budget", _number(name, nullable=True))
    op.add_column("alert", _number("announced_at", nullable=True))
    # What was there before anybody could listen is no news.
    op.execute("UPDATE alert SET announced_at = last_at")
    op.create_index("ix_alert_announced_at_id", "alert", ["announced_at", "id"])
    _keep_audit()


def _webhook() -> None:
    op.create_table(
        "webhook",
        *(_id(name) for name in ("id", "organization_id")),
        _id("project_id", nullable=True),
        _text("name"),
        _text("url"),
        sa.Column("events", sa.JSON(), nullable=False),
        _id("sealing_key_id"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _id("old_sealing_key_id", nullable=True),
        sa.Column("old_sealed", sa.LargeBinary(), nullable=True),
        _number("old_ends_at", nullable=True),
        _number("disabled_at", nullable=True),
        _text("disabled_because", nullable=True),
        _number("failing_since", nullable=True),
        _number("created_at"),
        _number("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
        *(
            sa.ForeignKeyConstraint(
                [f"{parent}_id"], [f"{parent}.id"], name=f"fk_webhook_{parent}_id"
            )
            for parent in ("organization", "project")
        ),
    )
    op.create_index("ix_webhook_organization_id_id", "webhook", ["organization_id", "id"])


def _delivery() -> None:
    op.create_table(
        "delivery",
        *(_id(name) for name in ("id", "organization_id", "webhook_id", "event_id")),
        _text("kind"),
        _number("at"),
        _text("state"),
        _number("attempts"),
        *(_number(name, nullable=True) for name in ("next_at", "last_at", "status")),
        *(_text(name) for name in ("error", "answer")),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
    )
    for columns in (["webhook_id", "id"], ["webhook_id", "next_at"], ["event_id"], ["at"]):
        op.create_index(f"ix_delivery_{'_'.join(columns)}", "delivery", columns)


def _keep_audit() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_keeps_{verb.lower()} BEFORE {verb} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_KEPT}' USING ERRCODE = '42501'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_keeps BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_keeps()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER audit_keeps_{verb}")
    else:
        op.execute("DROP TRIGGER audit_keeps ON audit")
        op.execute("DROP FUNCTION audit_keeps()")
    op.drop_index("ix_alert_announced_at_id", "alert")
    op.drop_column("alert", "announced_at")
    for name in reversed(_BUDGET):
        op.drop_column("budget", name)
    for table in ("budget_mark", "delivery", "event", "webhook"):
        op.drop_table(table)


def _id(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _ASCII, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)
