"""What keys are found by, kept beside the rows that it is made of."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.inserts import insert_many
from keyhouse.adapters.database.tables import key, key_word
from keyhouse.core import entities
from keyhouse.core.key_words import word_of_hint, words_of_key

_NAMED = frozenset(("name", "tags"))
_AT_ONCE = 500


def add_words(connection: Connection, row: entities.Entity) -> None:
    """A key or a secret was inserted."""
    if isinstance(row, entities.Key):
        _add(connection, row.id, row.organization_id, words_of_key(row.name, row.tags))
    elif isinstance(row, entities.SecretRow):
        query = sa.select(key.c.organization_id).where(key.c.id == row.key_id)
        organization_id = connection.execute(query).scalar_one()
        _add(connection, row.key_id, organization_id, (word_of_hint(row.hint),))


def add_words_of_many(connection: Connection, rows: Sequence[entities.Entity]) -> None:
    """Rows of one kind were inserted: a statement or two for all of them."""
    if isinstance(rows[0], entities.Key):
        keys = [row for row in rows if isinstance(row, entities.Key)]
        _add_all(
            connection,
            (
                (row.id, word, row.organization_id)
                for row in keys
                for word in words_of_key(row.name, row.tags)
            ),
        )
    elif isinstance(rows[0], entities.SecretRow):
        secrets = [row for row in rows if isinstance(row, entities.SecretRow)]
        wanted = tuple({row.key_id for row in secrets})
        query = sa.select(key.c.id, key.c.organization_id).where(key.c.id.in_(wanted))
        homes = {row.id: row.organization_id for row in connection.execute(query)}
        hinted = ((one.key_id, word_of_hint(one.hint)) for one in secrets if one.hint)
        _add_all(connection, ((id, word, homes[id]) for id, word in hinted))


def drop_words_of_many(connection: Connection, key_ids: Sequence[str]) -> None:
    """Keys were removed for good."""
    for start in range(0, len(key_ids), _AT_ONCE):
        some = key_ids[start : start + _AT_ONCE]
        connection.execute(sa.delete(key_word).where(key_word.c.key_id.in_(some)))


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
    _add_all(connection, ((key_id, word, organization_id) for word in sorted(words)))


def _add_all(connection: Connection, words: Iterable[tuple[str, str, str]]) -> None:
    """Words as the id of their key, the word, and the key's organization."""
    rows = [
        {"key_id": key_id, "word": word, "organization_id": organization_id}
        for key_id, word, organization_id in words
    ]
    if rows:
        adding, given = insert_many(connection, key_word, rows)
        connection.execute(adding.on_conflict_do_nothing(), given)
