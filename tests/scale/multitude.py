"""Ten million keys, made by the database itself: a statement for each table.

Each has a row in all tables that a look-up reads, and all their indexes. What
only lists read is left out: the words that keys are found by.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from random import Random
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database import Database
from keyhouse.adapters.database.engine import is_sqlite
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.core import entities
from keyhouse.core.keyring import Keyring, KeyringState, Pepper
from keyhouse.core.secret import ALGORITHM, Secret, digest, mint
from tests.contracts import world as make

KEYS_OF_EACH: Final = 10
"""So many keys has an application; each is of a customer of its own."""
SLUG: Final = "weather"
PEPPER: Final = Pepper("pep_test", KeyringState.ACTIVE, b"p" * 32)
KEYRING: Final = Keyring((PEPPER,))
_AT_ONCE: Final = 500_000
_TENS: Final = 10**9
_FILLED: Final = "0" * 12
"""Before the ten digits of a number: together an id's body."""
_QUICKLY: Final = ("PRAGMA foreign_keys=OFF", "PRAGMA synchronous=OFF")


class Multitude:
    """`count` keys of one organization, all for one API."""

    def __init__(self, database: Database, count: int) -> None:
        self.database = database
        self.count = count

    def fill(self) -> None:
        """Write all of them into a database that is empty."""
        with self.database.rows.writing() as tx:
            # Without a quota, of which a gateway would lease some.
            api = replace(make.api(slug=SLUG), limits=())
            for row in (make.organization(), make.project(), api):
                tx.insert(row)
        for start in range(0, self.count, _AT_ONCE):
            with _quickly(self.database) as connection:
                self._write(connection, start, min(start + _AT_ONCE, self.count))
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
        self.database.engine.dispose()

    def sample(self, count: int) -> list[int]:
        """The numbers of so many keys, anywhere among all, the same each time."""
        return Random(7).sample(range(self.count), count)

    def give_secrets(self, numbers: Sequence[int]) -> None:
        """Let these keys open by `secret_of`; the others' strings nobody knows."""
        table = mapper_of(entities.SecretRow).table
        opened = sa.update(table).where(table.c.id == sa.bindparam("of"))
        given = [
            {"of": make.id_of("sec", number), "digest": digest_of(number)}
            for number in numbers
        ]
        with self.database.engine.begin() as connection:
            connection.execute(opened, given)

    def _write(self, connection: Connection, start: int, end: int) -> None:
        number = sa.literal_column("i", sa.BigInteger())
        home = number // sa.literal(KEYS_OF_EACH)
        first, last = -(-start // KEYS_OF_EACH), -(-end // KEYS_OF_EACH)
        app, key, api = _id("app", number), _id("key", number), make.id_of("api", 1)
        cus, org = _id("cus", number), make.id_of("org", 1)
        own = {"application_id": _id("app", home)}
        unknown = sa.func.sha256(sa.cast(sa.cast(number, sa.Text), sa.LargeBinary))
        for row, (least, most), varied in (
            (make.customer(), (first, last), {"id": cus, "external_id": cus}),
            (make.application(), (first, last), {"id": app}),
            (
                make.link(),
                (first, last),
                {"id": app + f"/{org}", "application_id": app, "customer_id": cus},
            ),
            (make.key(), (start, end), {"id": key, **own}),
            (make.access(), (start, end), {"id": key + f"/{api}", "key_id": key}),
            (
                _secret(),
                (start, end),
                {"id": _id("sec", number), "key_id": key, "digest": unknown},
            ),
        ):
            _insert(connection, row, _numbers(connection, least, most), varied)


def secret_of(number: int) -> Secret:
    """The secret of a key that was given one."""
    environment = entities.Environment.TEST
    return mint("kh", entities.KeyKind.SERVER, environment, number.to_bytes(32, "big"))


def digest_of(number: int) -> bytes:
    """What the secret of a key is stored as."""
    return digest(secret_of(number).reveal().encode(), PEPPER.key)


def _secret() -> entities.SecretRow:
    return entities.SecretRow(
        id="",
        key_id="",
        version=1,
        namespace="",
        algorithm=ALGORITHM,
        pepper_id=PEPPER.id,
        digest=b"",
        hint="kh_sk_test_…k9Qa",
        starts_at=make.NOW,
        created_by="usr_test",
        created_at=make.NOW,
    )


def _id(prefix: str, number: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """As `make.id_of`, by the database."""
    digits = sa.cast(number + _TENS, sa.Text)
    tail = sa.func.substr(digits, 2)
    return sa.literal(f"{prefix}_{_FILLED}0", sa.Text()) + tail


def _numbers(connection: Connection, least: int, most: int) -> sa.FromClause:
    if not is_sqlite(connection.engine):
        span = sa.func.generate_series(least, most - 1)
        return span.table_valued(sa.column("i", sa.BigInteger())).render_derived()
    first = sa.select(sa.literal(least).label("i")).cte("numbers", recursive=True)
    return first.union_all(sa.select(first.c.i + 1).where(first.c.i < most - 1))


def _insert(
    connection: Connection, like: Any, numbers: sa.FromClause, varied: dict[str, Any]
) -> None:
    """Rows like one, but for what differs in each."""
    mapper = mapper_of(type(like))
    columns = list(mapper.table.columns)
    values = mapper.values(like)
    chosen = [
        varied[column.name] if column.name in varied else _same(column, values[column.name])
        for column in columns
    ]
    rows = sa.select(*chosen).select_from(numbers)
    connection.execute(sa.insert(mapper.table).from_select(columns, rows))


def _same(column: sa.Column[Any], value: object) -> sa.ColumnElement[Any]:
    if value is None:
        return sa.null()
    return sa.literal(value, column.type)


@contextmanager
def _quickly(database: Database) -> Iterator[Connection]:
    """A transaction that checks no references and waits for no disk."""
    with database.engine.connect() as connection:
        if is_sqlite(database.engine):
            driver: Any = connection.connection.dbapi_connection
            driver.create_function("sha256", 1, _sha256, deterministic=True)
            for pragma in (*_QUICKLY, "PRAGMA cache_size=-1048576"):
                driver.execute(pragma).close()
        with connection.begin():
            if not is_sqlite(database.engine):
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield connection
        connection.detach()


def _sha256(raw: bytes) -> bytes:
    return sha256(raw).digest()
