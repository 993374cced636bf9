"""The first tables.

Revision ID: 0001
Revises:
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TYPES: Mapping[str, sa.types.TypeEngine[Any]] = {
    "id": sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
    "text": sa.Text(),
    "number": sa.BigInteger(),
    "bytes": sa.LargeBinary(),
    "json": sa.JSON(),
}
_TABLES = (
    "organization",
    "person",
    "member",
    "project",
    "api",
    "route",
    "application",
    "key",
    "access",
    "secret",
    "audit",
    "idempotency",
    "change_head",
    "change",
    "node",
    "spool",
    "budget",
    "lease",
    "usage_bucket",
    "request_log",
    "key_last_use",
)


def upgrade() -> None:
    _tenants()
    _keys()
    _nodes()
    _usage()
    op.execute("INSERT INTO change_head (n) VALUES (0)")


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)


def _create(
    name: str,
    columns: str,
    *,
    primary: str = "id",
    unique: Sequence[str] = (),
    parents: Mapping[str, str] | None = None,
    indexes: Sequence[str] = (),
    sqlite_with_rowid: bool = True,
) -> None:
    """A table of columns `name:type`, `?` where one may be NULL."""
    keys = [sa.PrimaryKeyConstraint(*primary.split(), name=f"pk_{name}")] if primary else []
    op.create_table(
        name,
        *(_column(*item.split(":")) for item in columns.split()),
        *keys,
        *(
            sa.UniqueConstraint(*one.split(), name=_named("uq", name, one))
            for one in unique
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=f"fk_{name}_{column}")
            for column, parent in (parents or {}).items()
        ),
        sqlite_with_rowid=sqlite_with_rowid,
    )
    for one in indexes:
        op.create_index(_named("ix", name, one), name, one.split())


def _column(name: str, of: str) -> sa.Column[object]:
    kind = _TYPES[of.removesuffix("?")]
    return sa.Column(name, kind, autoincrement=False, nullable=of.endswith("?"))


def _named(kind: str, table: str, columns: str) -> str:
    return f"{kind}_{table}_{columns.replace(' ', '_')}"


def _tenants() -> None:
    _create(
        "organization",
        "id:id name:text disabled_at:number? created_at:number updated_at:number",
    )
    _create(
        "person",
        "id:id email:text name:text created_at:number updated_at:number",
        unique=["email"],
    )
    _create(
        "member",
        "id:id organization_id:id person_id:id role:text created_at:number "
        "updated_at:number",
        unique=["organization_id person_id"],
        parents={"organization_id": "organization", "person_id": "person"},
        indexes=["person_id"],
    )
    _create(
        "project",
        "id:id organization_id:id name:text disabled_at:number? created_at:number "
        "updated_at:number",
        parents={"organization_id": "organization"},
        indexes=["organization_id"],
    )
    _create(
        "api",
        "id:id organization_id:id project_id:id slug:text name:text upstreams:json "
        "scopes:json limits:json key_header:text query_parameter:text? "
        "disabled_at:number? created_at:number updated_at:number",
        unique=["slug"],
        parents={"organization_id": "organization", "project_id": "project"},
        indexes=["organization_id", "project_id"],
    )
    _create(
        "route",
        "id:id organization_id:id api_id:id position:number method:text path:text "
        "scopes:json cost:number created_at:number updated_at:number",
        parents={"organization_id": "organization", "api_id": "api"},
        indexes=["api_id"],
    )
    _create(
        "application",
        "id:id organization_id:id project_id:id name:text external_id:id? "
        "purpose:text disabled_at:number? created_at:number updated_at:number",
        unique=["project_id external_id"],
        parents={"organization_id": "organization", "project_id": "project"},
        indexes=["organization_id"],
    )


def _keys() -> None:
    _create(
        "key",
        "id:id organization_id:id project_id:id application_id:id name:text "
        "kind:text environment:text? restrictions:json limits:json "
        "starts_at:number? ends_at:number? disabled_at:number? revoked_at:number? "
        "deleted_at:number? metadata:json created_by:text created_at:number "
        "updated_at:number",
        parents={
            "organization_id": "organization",
            "project_id": "project",
            "application_id": "application",
        },
        indexes=["application_id", "organization_id id", "project_id"],
    )
    _create(
        "access",
        "id:id key_id:id resource:text resource_id:id provider_id:id "
        "subscription_id:id? scopes:json created_at:number",
        unique=["key_id resource_id"],
        parents={"key_id": "key", "provider_id": "organization"},
        indexes=["resource_id"],
    )
    _create(
        "secret",
        "id:id key_id:id version:number namespace:text algorithm:text pepper_id:id "
        "digest:bytes hint:text starts_at:number ends_at:number? revoked_at:number? "
        "created_by:text created_at:number",
        unique=["namespace algorithm pepper_id digest", "key_id version"],
        parents={"key_id": "key"},
    )
    _create(
        "audit",
        "id:id at:number organization_id:id provider_id:id consumer_id:id "
        "actor:text action:text subject:text before:json after:json address:text "
        "request_id:id",
        indexes=["consumer_id id", "organization_id id", "provider_id id", "subject id"],
    )
    _create(
        "idempotency",
        "id:id organization_id:id fingerprint:text status:number answer:json "
        "created_at:number",
        indexes=["created_at"],
    )


def _nodes() -> None:
    _create(
        "change_head",
        "n:number",
        primary="",
    )
    _create(
        "change",
        "seq:number position:number kind:text entity_id:id",
        primary="seq position",
    )
    _create(
        "node",
        "id:id boot_id:text kind:text pid:number applied_seq:number confirmed_at:number",
    )
    _create(
        "spool",
        "id:id node_id:id boot_id:text booked:number closed_at:number?",
    )
    _create(
        "budget",
        "id:id provider_id:id subject_kind:text subject_id:id environment:text "
        "limit_name:text window_start:number window_end:number used:number "
        "leased:number",
        indexes=["window_end"],
    )
    _create(
        "lease",
        "id:id spool_id:id budget_id:id amount:number settled:number closed_at:number?",
        unique=["spool_id budget_id"],
        parents={"spool_id": "spool", "budget_id": "budget"},
        indexes=["budget_id"],
    )


def _usage() -> None:
    _create(
        "usage_bucket",
        "minute:number provider_id:id consumer_id:id api_id:id route_id:id "
        "key_id:id secret_version:number application_id:id environment:text "
        "subscription_id:id verdict:number requests:number units:number "
        "errors:number bytes_in:number bytes_out:number"
        + " ".join(f" latency_{slot:02}:number" for slot in range(20)),
        primary="minute provider_id consumer_id api_id route_id key_id secret_version "
        "application_id environment subscription_id verdict",
        indexes=["consumer_id minute", "provider_id minute"],
        sqlite_with_rowid=False,
    )
    _create(
        "request_log",
        "request_id:id at:number provider_id:id consumer_id:id api_id:id "
        "route_id:id key_id:id secret_version:number application_id:id "
        "environment:text subscription_id:id verdict:number method:text path:text "
        "address:text status:number? latency_us:number?",
        primary="request_id",
        indexes=[
            "at",
            "consumer_id request_id",
            "key_id request_id",
            "provider_id request_id",
        ],
    )
    _create(
        "key_last_use",
        "key_id:id secret_version:number at:number",
        primary="key_id secret_version",
    )
