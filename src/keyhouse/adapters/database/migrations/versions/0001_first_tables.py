"""The first tables.

Revision ID: 0001
Revises:
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ASCII = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _ASCII, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=nullable)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _foreign(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=f"fk_{table}_{column}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    op.create_table(
        "audit",
        _id("id"),
        _number("at"),
        _id("organization_id"),
        _id("provider_id"),
        _id("consumer_id"),
        _text("actor"),
        _text("action"),
        _text("subject"),
        _json("before"),
        _json("after"),
        _text("address"),
        _id("request_id"),
        _primary("audit", "id"),
    )
    _index("audit", "consumer_id", "id")
    _index("audit", "organization_id", "id")
    _index("audit", "provider_id", "id")
    _index("audit", "subject", "id")
    op.create_table(
        "budget",
        _id("id"),
        _id("provider_id"),
        _text("subject_kind"),
        _id("subject_id"),
        _text("environment"),
        _text("limit_name"),
        _number("window_start"),
        _number("window_end"),
        _number("used"),
        _number("leased"),
        _primary("budget", "id"),
    )
    _index("budget", "window_end")
    op.create_table(
        "change",
        _number("seq"),
        _number("position"),
        _text("kind"),
        _id("entity_id"),
        _primary("change", "seq", "position"),
    )
    op.create_table(
        "change_head",
        _number("n"),
    )
    op.create_table(
        "idempotency",
        _id("id"),
        _id("organization_id"),
        _text("fingerprint"),
        _number("status"),
        _json("answer"),
        _number("created_at"),
        _primary("idempotency", "id"),
    )
    _index("idempotency", "created_at")
    op.create_table(
        "key_last_use",
        _id("key_id"),
        _number("secret_version"),
        _number("at"),
        _primary("key_last_use", "key_id", "secret_version"),
    )
    op.create_table(
        "node",
        _id("id"),
        _text("boot_id"),
        _text("kind"),
        _number("pid"),
        _number("applied_seq"),
        _number("confirmed_at"),
        _primary("node", "id"),
    )
    op.create_table(
        "organization",
        _id("id"),
        _text("name"),
        _number("disabled_at", nullable=True),
        _number("created_at"),
        _number("updated_at"),
        _primary("organization", "id"),
    )
    op.create_table(
        "person",
        _id("id"),
        _text("email"),
        _text("name"),
        _number("created_at"),
        _number("updated_at"),
        _primary("person", "id"),
        _unique("person", "email"),
    )
    op.create_table(
        "request_log",
        _id("request_id"),
        _number("at"),
        _id("provider_id"),
        _id("consumer_id"),
        _id("api_id"),
        _id("route_id"),
        _id("key_id"),
        _number("secret_version"),
        _id("application_id"),
        _text("environment"),
        _id("subscription_id"),
        _number("verdict"),
        _text("method"),
        _text("path"),
        _text("address"),
        _number("status", nullable=True),
        _number("latency_us", nullable=True),
        _primary("request_log", "request_id"),
    )
    _index("request_log", "at")
    _index("request_log", "consumer_id", "request_id")
    _index("request_log", "key_id", "request_id")
    _index("request_log", "provider_id", "request_id")
    op.create_table(
        "spool",
        _id("id"),
        _id("node_id"),
        _text("boot_id"),
        _number("booked"),
        _number("closed_at", nullable=True),
        _primary("spool", "id"),
    )
    op.create_table(
        "usage_bucket",
        _number("minute"),
        _id("provider_id"),
        _id("consumer_id"),
        _id("api_id"),
        _id("route_id"),
        _id("key_id"),
        _number("secret_version"),
        _id("application_id"),
        _text("environment"),
        _id("subscription_id"),
        _number("verdict"),
        _number("requests"),
        _number("units"),
        _number("errors"),
        _number("bytes_in"),
        _number("bytes_out"),
        *(_number(f"latency_{slot:02}") for slot in range(20)),
        _primary(
            "usage_bucket",
            "minute",
            "provider_id",
            "consumer_id",
            "api_id",
            "route_id",
            "key_id",
            "secret_version",
            "application_id",
            "environment",
            "subscription_id",
            "verdict",
        ),
        sqlite_with_rowid=False,
    )
    _index("usage_bucket", "consumer_id", "minute")
    _index("usage_bucket", "provider_id", "minute")
    op.create_table(
        "lease",
        _id("id"),
        _id("spool_id"),
        _id("budget_id"),
        _number("amount"),
        _number("settled"),
        _number("closed_at", nullable=True),
        _primary("lease", "id"),
        _foreign("lease", "budget_id", "budget"),
        _foreign("lease", "spool_id", "spool"),
        _unique("lease", "spool_id", "budget_id"),
    )
    _index("lease", "budget_id")
    op.create_table(
        "member",
        _id("id"),
        _id("organization_id"),
        _id("person_id"),
        _text("role"),
        _number("created_at"),
        _number("updated_at"),
        _primary("member", "id"),
        _foreign("member", "organization_id", "organization"),
        _foreign("member", "person_id", "person"),
        _unique("member", "organization_id", "person_id"),
    )
    _index("member", "person_id")
    op.create_table(
        "project",
        _id("id"),
        _id("organization_id"),
        _text("name"),
        _number("disabled_at", nullable=True),
        _number("created_at"),
        _number("updated_at"),
        _primary("project", "id"),
        _foreign("project", "organization_id", "organization"),
    )
    _index("project", "organization_id")
    op.create_table(
        "api",
        _id("id"),
        _id("organization_id"),
        _id("project_id"),
        _text("slug"),
        _text("name"),
        _json("upstreams"),
        _json("scopes"),
        _json("limits"),
        _text("key_header"),
        _text("query_parameter", nullable=True),
        _number("disabled_at", nullable=True),
        _number("created_at"),
        _number("updated_at"),
        _primary("api", "id"),
        _foreign("api", "organization_id", "organization"),
        _foreign("api", "project_id", "project"),
        _unique("api", "slug"),
    )
    _index("api", "organization_id")
    _index("api", "project_id")
    op.create_table(
        "application",
        _id("id"),
        _id("organization_id"),
        _id("project_id"),
        _text("name"),
        _id("external_id", nullable=True),
        _text("purpose"),
        _number("disabled_at", nullable=True),
        _number("created_at"),
        _number("updated_at"),
        _primary("application", "id"),
        _foreign("application", "organization_id", "organization"),
        _foreign("application", "project_id", "project"),
        _unique("application", "project_id", "external_id"),
    )
    _index("application", "organization_id")
    op.create_table(
        "key",
        _id("id"),
        _id("organization_id"),
        _id("project_id"),
        _id("application_id"),
        _text("name"),
        _text("kind"),
        _text("environment", nullable=True),
        _json("restrictions"),
        _json("limits"),
        _number("starts_at", nullable=True),
        _number("ends_at", nullable=True),
        _number("disabled_at", nullable=True),
        _number("revoked_at", nullable=True),
        _number("deleted_at", nullable=True),
        _json("metadata"),
        _text("created_by"),
        _number("created_at"),
        _number("updated_at"),
        _primary("key", "id"),
        _foreign("key", "application_id", "application"),
        _foreign("key", "organization_id", "organization"),
        _foreign("key", "project_id", "project"),
    )
    _index("key", "application_id")
    _index("key", "organization_id", "id")
    _index("key", "project_id")
    op.create_table(
        "route",
        _id("id"),
        _id("organization_id"),
        _id("api_id"),
        _number("position"),
        _text("method"),
        _text("path"),
        _json("scopes"),
        _number("cost"),
        _number("created_at"),
        _number("updated_at"),
        _primary("route", "id"),
        _foreign("route", "api_id", "api"),
        _foreign("route", "organization_id", "organization"),
    )
    _index("route", "api_id")
    op.create_table(
        "access",
        _id("id"),
        _id("key_id"),
        _text("resource"),
        _id("resource_id"),
        _id("provider_id"),
        _id("subscription_id", nullable=True),
        _json("scopes"),
        _number("created_at"),
        _primary("access", "id"),
        _foreign("access", "key_id", "key"),
        _foreign("access", "provider_id", "organization"),
        _unique("access", "key_id", "resource_id"),
    )
    _index("access", "resource_id")
    op.create_table(
        "secret",
        _id("id"),
        _id("key_id"),
        _number("version"),
        _text("namespace"),
        _text("algorithm"),
        _id("pepper_id"),
        _bytes("digest"),
        _text("hint"),
        _number("starts_at"),
        _number("ends_at", nullable=True),
        _number("revoked_at", nullable=True),
        _text("created_by"),
        _number("created_at"),
        _primary("secret", "id"),
        _foreign("secret", "key_id", "key"),
        _unique("secret", "key_id", "version"),
        _unique("secret", "namespace", "algorithm", "pepper_id", "digest"),
    )
    op.execute("INSERT INTO change_head (n) VALUES (0)")


def downgrade() -> None:
    op.drop_table("secret")
    op.drop_table("access")
    op.drop_table("route")
    op.drop_table("key")
    op.drop_table("application")
    op.drop_table("api")
    op.drop_table("project")
    op.drop_table("member")
    op.drop_table("lease")
    op.drop_table("usage_bucket")
    op.drop_table("spool")
    op.drop_table("request_log")
    op.drop_table("person")
    op.drop_table("organization")
    op.drop_table("node")
    op.drop_table("key_last_use")
    op.drop_table("idempotency")
    op.drop_table("change_head")
    op.drop_table("change")
    op.drop_table("budget")
    op.drop_table("audit")
