"""People who log in: passwords, sessions, mailed links, invitations, guesses.

Revision ID: 0002
Revises: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_PERSON: dict[str, sa.types.TypeEngine[Any]] = {
    "password_hash": sa.Text(),
    "checked_at": sa.BigInteger(),
    "disabled_at": sa.BigInteger(),
}
_TABLES = ("session", "ticket", "invitation", "attempt")


def upgrade() -> None:
    for name, of in _PERSON.items():
        op.add_column("person", sa.Column(name, of, nullable=True))
    _lower_addresses()
    _sessions()
    _tickets()
    _invitations()
    _attempts()


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)
    for name in reversed(_PERSON):
        op.drop_column("person", name)


def _lower_addresses() -> None:
    """People are found by their address in lower case, from now on."""
    op.execute(
        "UPDATE person SET email = lower(email) WHERE NOT EXISTS "
        "(SELECT 1 FROM person AS other WHERE other.email = lower(person.email))"
    )


def _sessions() -> None:
    op.create_table(
        "session",
        _id("id"),
        _id("person_id"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        *(_number(name) for name in ("created_at", "seen_at", "ends_at")),
        _number("ended_at", nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        *_keys("session", person_id="person"),
    )
    _index("session", "person_id")
    _index("session", "ends_at")


def _tickets() -> None:
    op.create_table(
        "ticket",
        _id("id"),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _number("created_at"),
        _number("ends_at"),
        _number("used_at", nullable=True),
        _id("person_id", nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        _id("invitation_id", nullable=True),
        *_keys("ticket", person_id="person"),
    )
    _index("ticket", "person_id")
    _index("ticket", "ends_at")


def _invitations() -> None:
    op.create_table(
        "invitation",
        _id("id"),
        _id("organization_id"),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.Text(), nullable=False),
        _number("created_at"),
        _number("ends_at"),
        _number("accepted_at", nullable=True),
        _number("withdrawn_at", nullable=True),
        *_keys("invitation", organization_id="organization"),
    )
    _index("invitation", "organization_id", "id")


def _attempts() -> None:
    op.create_table(
        "attempt",
        _id("id"),
        *(_number(name) for name in ("count", "since", "blocked_until")),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    _index("attempt", "since")


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _ID, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _keys(name: str, **parents: str) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("digest", name=f"uq_{name}_digest"),
        *(
            sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=f"fk_{name}_{column}")
            for column, parent in parents.items()
        ),
    ]


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
