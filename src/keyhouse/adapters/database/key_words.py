"""What keys are found by, kept beside the rows that it is made of."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.inserts import insert_into
from keyhouse.adapters.database.tables import key, key_word
from keyhouse.core import entities
from keyhouse.core.key_words import word_of_hint, words_of_key

_NAMED = frozenset(("name", "tags"))


def add_words(connection: Connection, row: entities.Entity) -> None:
    """A key or a secret was inserted."""
    if isinstance(row, entities.Key):
        _add(connection, row.id, row.organization_id, words_of_key(row.name, row.tags))
    elif isinstance(row, entities.SecretRow):
        query = sa.select(key.c.organization_id).where(key.c.id == row.key_id)
        organization_id = connection.execute(query).scalar_one()
        _add(connection, row.key_id, organization_id, (word_of_hint(row.hint),))


def change_words(
    connection: Connection, old: entities.Entity, new: entities.Entity
) -> None:
    """A key was changed; a secret's hint never is."""
    if not isinstance(old, entities.Key) or not isinstance(new, entities.Key):
        return
    if all(getattr(old, name) == getattr(new, name) for name in _NAMED):
        return
    before, after = words_of_key(old.name, old.tags), words_of_key(new.name, new.tags)
    gone = sorted(before - after)
    if gone:
        mine = (key_word.c.key_id == new.id, key_word.c.word.in_(gone))
        connection.execute(sa.delete(key_word).where(*mine))
    _add(connection, new.id, new.organization_id, after - before)


def drop_words(connection: Connection, row: entities.Entity) -> None:
    """A key was removed for good; of a secret, another may have the same end."""
    if isinstance(row, entities.Key):
        connection.execute(sa.delete(key_word).where(key_word.c.key_id == row.id))


def _add(
    connection: Connection, key_id: str, organization_id: str, words: Iterable[str]
) -> None:
    rows = [
        {"key_id": key_id, "word": word, "organization_id": organization_id}
        for word in sorted(words)
    ]
    if rows:
        adding = insert_into(connection, key_word).on_conflict_do_nothing()
        connection.execute(adding, rows)
