"""Who answers for a key, what it is for, its tags; and what lists of keys need.

Revision ID: 0012
Revises: 0011
"""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from keyhouse.core.key_words import word_of_hint, words_of_key

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ASCII = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_AT_ONCE = 2000
_COLUMNS: Mapping[str, tuple[Any, Any]] = {
    "owner_id": (_ASCII, sa.text("''")),
    "purpose": (sa.Text(), sa.text("''")),
    "tags": (sa.JSON(), sa.text("'[]'")),
}
_INDEXES = (
    ("ix_key_project_id_id", ("project_id", "id"), None),
    ("ix_key_application_id_id", ("application_id", "id"), None),
    (
        "ix_key_organization_id_environment_id",
        ("organization_id", "environment", "id"),
        None,
    ),
    ("ix_key_organization_id_kind_id", ("organization_id", "kind", "id"), None),
    ("ix_key_owned", ("organization_id", "owner_id", "id"), "owner_id <> ''"),
    ("ix_key_deleted", ("organization_id", "id"), "deleted_at IS NOT NULL"),
    ("ix_key_revoked", ("organization_id", "id"), "revoked_at IS NOT NULL"),
    ("ix_key_disabled", ("organization_id", "id"), "disabled_at IS NOT NULL"),
    ("ix_key_ending", ("organization_id", "id"), "ends_at IS NOT NULL"),
    ("ix_key_starting", ("organization_id", "id"), "starts_at IS NOT NULL"),
    (
        "ix_key_standing",
        ("organization_id", "id"),
        "deleted_at IS NULL AND revoked_at IS NULL AND disabled_at IS NULL",
    ),
    ("ix_key_deleted_at", ("deleted_at", "id"), "deleted_at IS NOT NULL"),
)
_BEFORE = (
    ("key", "ix_key_project_id", "project_id"),
    ("key", "ix_key_application_id", "application_id"),
    ("access", "ix_access_resource_id", "resource_id"),
)


def upgrade() -> None:
    for name, (of, default) in _COLUMNS.items():
        column = sa.Column(name, of, nullable=False, server_default=default)
        op.add_column("key", column)
    for table, name, _ in _BEFORE:
        op.drop_index(name, table)
    for name, columns, condition in _INDEXES:
        where = None if condition is None else sa.text(condition)
        op.create_index(
            name, "key", list(columns), sqlite_where=where, postgresql_where=where
        )
    op.create_index("ix_access_resource_id_key_id", "access", ["resource_id", "key_id"])
    words = op.create_table(
        "key_word",
        *(
            sa.Column(name, _ASCII, nullable=False)
            for name in ("key_id", "word", "organization_id")
        ),
        sa.PrimaryKeyConstraint("key_id", "word", name="pk_key_word"),
        sqlite_with_rowid=False,
    )
    for batch in _batches(_words()):
        op.bulk_insert(words, batch)
    op.create_index(
        "ix_key_word_organization_id_word_key_id",
        "key_word",
        ["organization_id", "word", "key_id"],
    )


def downgrade() -> None:
    op.drop_table("key_word")
    op.drop_index("ix_access_resource_id_key_id", "access")
    for name, _, _ in _INDEXES:
        op.drop_index(name, "key")
    for table, name, column in _BEFORE:
        op.create_index(name, table, [column])
    for name in _COLUMNS:
        op.drop_column("key", name)


def _words() -> Iterator[dict[str, str]]:
    """What the keys that are there are found by, key by key."""
    last = ""
    query = sa.text(
        "SELECT id, organization_id, name FROM key WHERE id > :last ORDER BY id LIMIT :rows"
    )
    hints = sa.text(
        "SELECT key_id, hint FROM secret WHERE key_id >= :first AND key_id <= :last"
    )
    while True:
        given = {"last": last, "rows": _AT_ONCE}
        keys = op.get_bind().execute(query, given).all()
        if not keys:
            return
        found = {id: set(words_of_key(name, ())) for id, _, name in keys}
        between = {"first": keys[0].id, "last": keys[-1].id}
        for key_id, hint in op.get_bind().execute(hints, between):
            found[key_id].add(word_of_hint(hint))
        for id, organization_id, _ in keys:
            for word in sorted(found[id]):
                yield {"key_id": id, "word": word, "organization_id": organization_id}
        last = keys[-1].id


def _batches(rows: Iterator[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    batch: list[dict[str, str]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
