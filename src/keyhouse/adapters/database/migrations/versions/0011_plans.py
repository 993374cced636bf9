"""Plans with their versions, and subscriptions to them.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _plans()
    _versions()
    _subscriptions()
    _opened()


def downgrade() -> None:
    for table in ("subscription_api", "subscription", "plan_version", "plan"):
        op.drop_table(table)


def _plans() -> None:
    op.create_table(
        "plan",
        *(_id(name) for name in ("id", "organization_id", "project_id")),
        *(
            _text(name)
            for name in ("slug", "name", "description", "visibility", "approval")
        ),
        _number("version"),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        *(_number(name) for name in ("created_at", "updated_at")),
        sa.PrimaryKeyConstraint("id", name="pk_plan"),
        sa.UniqueConstraint("project_id", "slug", name="uq_plan_project_id_slug"),
        *_foreign("plan", organization_id="organization", project_id="project"),
    )
    _index("plan", "organization_id")


def _versions() -> None:
    op.create_table(
        "plan_version",
        *(_id(name) for name in ("id", "organization_id", "plan_id")),
        _number("number"),
        *(_json(name) for name in ("access", "limits", "routes", "carried")),
        _text("created_by"),
        _number("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_plan_version"),
        *_foreign("plan_version", organization_id="organization", plan_id="plan"),
    )
    _index("plan_version", "plan_id", "id")


def _subscriptions() -> None:
    op.create_table(
        "subscription",
        *(
            _id(name)
            for name in ("id", "provider_id", "consumer_id", "plan_id", "application_id")
        ),
        _id("counted_id"),
        _text("state"),
        _number("state_since"),
        *(_json(name) for name in ("overrides", "carried")),
        _text("created_by"),
        *(_number(name) for name in ("created_at", "updated_at")),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
        *_foreign(
            "subscription",
            provider_id="organization",
            consumer_id="organization",
            plan_id="plan",
            application_id="application",
        ),
    )
    for column in ("provider_id", "consumer_id", "plan_id"):
        _index("subscription", column, "id")
    _index("subscription", "application_id")


def _opened() -> None:
    op.create_table(
        "subscription_api",
        *(_id(name) for name in ("id", "application_id", "api_id", "subscription_id")),
        sa.PrimaryKeyConstraint("id", name="pk_subscription_api"),
        *_foreign(
            "subscription_api",
            application_id="application",
            api_id="api",
            subscription_id="subscription",
        ),
    )
    for column in ("application_id", "api_id", "subscription_id"):
        _index("subscription_api", column)


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, _ID, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _foreign(name: str, **parents: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=f"fk_{name}_{column}")
        for column, parent in parents.items()
    ]


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
