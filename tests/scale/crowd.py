"""Very many keys, written straight into their tables: by services it would take hours.

What a key is like is told by its number, so that a test knows what fits.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database import Database
from keyhouse.adapters.database.engine import writing
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.tables import key_last_use, key_word
from keyhouse.core import entities, ids
from keyhouse.core.key_words import word_of_hint, words_of_key

SECOND_US: Final = 1_000_000
BEGAN_US: Final = 1_750_000_000 * SECOND_US
"""When the first key was made; one came each second."""
APPLICATIONS: Final = 1000
CUSTOMERS: Final = 100
OWNERS: Final = 50
TEAMS: Final = ("routing", "billing", "search", "mobile")
_AT_ONCE: Final = 20_000
"""Keys of one transaction."""
_NOUNS: Final = ("planner", "worker", "exporter", "gateway", "robot", "mirror", "probe")


class Crowd:
    """`count` keys of an organization; `api` is what all of them open."""

    def __init__(self, database: Database, organization: str, project: str) -> None:
        self.database = database
        self.organization = organization
        self.project = project
        self.api = _id(ids.API, 1)
        self.rare_api = _id(ids.API, 2)
        self.count = 0

    def grow(self, count: int) -> None:
        """Write that many keys, with all that hangs on them."""
        with writing(self.database.engine) as connection:
            for row in self._surroundings():
                values = mapper_of(type(row)).values(row)
                connection.execute(sa.insert(mapper_of(type(row)).table).values(values))
        numbers = iter(range(count))
        while batch := list(islice(numbers, _AT_ONCE)):
            # Made beforehand: a database ends a transaction that idles, and on a busy
            # machine thousands of rows are made in more than its patience.
            made = list(self._rows(batch))
            with writing(self.database.engine) as connection:
                for table, rows in made:
                    _insert(connection, table, rows)
        self.count = count
        with self.database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()

    def key_id(self, number: int) -> str:
        """The id of key number `number`."""
        return _id(ids.KEY, number, BEGAN_US + number * SECOND_US)

    def application(self, number: int) -> str:
        """An application's id."""
        return _id(ids.APPLICATION, number)

    def customer(self, number: int) -> str:
        """A customer's id; each has ten applications."""
        return _id(ids.CUSTOMER, number)

    def owner(self, number: int) -> str:
        """The id of a person who answers for keys."""
        return _id(ids.PERSON, number)

    def hint(self, number: int) -> str:
        """The hint of a key's secret."""
        return f"kh_sk_test_…{ids.base62(number * 7919 % 62**4, 4)}"

    def _surroundings(self) -> Iterator[Any]:
        own: dict[str, Any] = {
            "organization_id": self.organization,
            "project_id": self.project,
            "created_at": BEGAN_US,
            "updated_at": BEGAN_US,
        }
        for id, slug in ((self.api, "crowded"), (self.rare_api, "rare")):
            yield entities.Api(id=id, slug=slug, name=slug, **own)
        for number in range(CUSTOMERS):
            id = self.customer(number)
            yield entities.Customer(id=id, external_id=f"crm-{number}", name="x", **own)
        for number in range(APPLICATIONS):
            yield entities.Application(id=self.application(number), name="x", **own)
            application, provider = self.application(number), self.organization
            yield entities.ApplicationCustomer(
                id=f"{application}/{provider}",
                application_id=application,
                provider_id=provider,
                customer_id=self.customer(number % CUSTOMERS),
                created_at=BEGAN_US,
            )

    def _rows(
        self, numbers: Sequence[int]
    ) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
        keys = [self._key(number) for number in numbers]
        access = [row for number in numbers for row in self._access(number)]
        secrets = [self._secret(number) for number in numbers]
        for rows in (keys, access, secrets):
            mapper = mapper_of(type(rows[0]))
            yield mapper.table, [mapper.values(row) for row in rows]
        words = [
            {"key_id": key.id, "word": word, "organization_id": self.organization}
            for key, secret in zip(keys, secrets, strict=True)
            for word in {*words_of_key(key.name, key.tags), word_of_hint(secret.hint)}
        ]
        yield key_word, words
        used = [
            {"key_id": self.key_id(n), "secret_version": 1, "at": BEGAN_US + n * SECOND_US}
            for n in numbers
            if n % 2
        ]
        yield key_last_use, used

    def _key(self, number: int) -> entities.Key:
        """Each state, tag and so on has its share, from a half to one in 10,000."""
        at_us = BEGAN_US + number * SECOND_US
        live = entities.Environment.LIVE
        rare = ("canary",) if number % 5000 == 0 else ()
        return entities.Key(
            id=self.key_id(number),
            organization_id=self.organization,
            project_id=self.project,
            application_id=self.application(number % APPLICATIONS),
            name=f"{_NOUNS[number % 7].title()} of van {number}",
            kind=entities.KeyKind.SERVER,
            environment=live if number % 10 else entities.Environment.TEST,
            ends_at=at_us + SECOND_US if number % 1000 == 5 else None,
            disabled_at=at_us if number % 100 == 3 else None,
            revoked_at=at_us if number % 20 == 1 else None,
            deleted_at=at_us if number % 10_000 == 7 else None,
            owner_id=self.owner(number % OWNERS) if number % 2 else "",
            tags=(f"team:{TEAMS[number % 4]}", *rare),
            created_by="usr_test",
            created_at=at_us,
            updated_at=at_us,
        )

    def _access(self, number: int) -> Iterator[entities.Access]:
        for api in (self.api, *((self.rare_api,) if number % 20_000 == 0 else ())):
            yield entities.Access(
                id=f"{self.key_id(number)}/{api}",
                key_id=self.key_id(number),
                resource=entities.Resource.API,
                resource_id=api,
                provider_id=self.organization,
                created_at=BEGAN_US,
            )

    def _secret(self, number: int) -> entities.SecretRow:
        return entities.SecretRow(
            id=_id(ids.SECRET, number),
            key_id=self.key_id(number),
            version=1,
            namespace="",
            algorithm="test",
            pepper_id="pep_test",
            digest=number.to_bytes(32, "big"),
            hint=self.hint(number),
            starts_at=BEGAN_US,
            created_by="usr_test",
            created_at=BEGAN_US,
        )


def _id(prefix: str, number: int, at_us: int = BEGAN_US) -> str:
    return ids.make_id(prefix, at_us, number.to_bytes(ids.ENTROPY_BYTES, "big"))


def _insert(
    connection: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]
) -> None:
    """Many rows of all columns, as each driver takes them fastest."""
    if not rows:
        return
    columns = list(rows[0])
    if connection.dialect.name == "sqlite":
        connection.execute(sa.insert(table), list(rows))
        return
    names = ", ".join(columns)
    cursor = connection.connection.cursor()
    as_json = {one.name for one in table.c if isinstance(one.type, sa.JSON)}
    with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(
                [json.dumps(v) if name in as_json else v for name, v in row.items()]
            )
