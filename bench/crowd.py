"""Many keys, written straight into their tables: by the API it would take hours.

Where not said otherwise each has an application of its own, as the keys of a
vendor's customers have.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from keyhouse import settings as settings_module
from keyhouse import wiring
from keyhouse.adapters.database import open_database
from keyhouse.adapters.database.engine import writing
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.system import load_keyring
from keyhouse.core import entities as rows
from keyhouse.core import ids
from keyhouse.core.keyring import Pepper
from keyhouse.core.secret import ALGORITHM, digest, mint
from keyhouse.settings import Settings

SLUG: Final = "bench"
NOW_US: Final = 1_768_392_000_000_000
NETWORKS: Final = rows.Restrictions(networks_allowed=("127.0.0.0/8", "10.0.0.0/8"))
RATES: Final = (
    rows.Limit(
        name="per-second", kind=rows.LimitKind.RATE, amount=1_000_000, period_seconds=1
    ),
    rows.Limit(
        name="per-minute", kind=rows.LimitKind.RATE, amount=60_000_000, period_seconds=60
    ),
)
QUOTA: Final = rows.Limit(
    name="monthly", kind=rows.LimitKind.QUOTA, amount=10**12, window=rows.Window.MONTH
)
NOTHING: Final = rows.Restrictions()
_AT_ONCE: Final = 20_000
_Row = rows.Application | rows.Key | rows.Access | rows.SecretRow
_MADE: Final[dict[str, Any]] = {"created_at": NOW_US, "updated_at": NOW_US}


def settings_of(folder: Path, database_url: str = "") -> Settings:
    """Of a data folder, made where it is missing."""
    given = {"data.dir": folder, "data.database_url": database_url}
    loaded = settings_module.load(given, environ={})
    wiring.prepare(loaded)
    return loaded


def secret_of(number: int) -> str:
    """What opens that key."""
    entropy = number.to_bytes(32, "big")
    return mint("kh", rows.KeyKind.SERVER, rows.Environment.LIVE, entropy).reveal()


class World(NamedTuple):
    """Whose keys they are, and what they open."""

    organization: str
    project: str
    api: str


def new_world(settings: Settings, upstream: str = "http://127.0.0.1:9") -> World:
    """An organization with an API, in an empty database."""
    world = World(_id(ids.ORGANIZATION, 0), _id(ids.PROJECT, 0), _id(ids.API, 0))
    own: dict[str, Any] = {"organization_id": world.organization, **_MADE}
    api = rows.Api(
        id=world.api,
        project_id=world.project,
        slug=SLUG,
        name="bench",
        upstreams={"live": upstream},
        scopes=("page:read",),
        **own,
    )
    database = open_database(settings.database_url)
    with database.rows.writing() as tx:
        tx.insert(rows.Organization(id=world.organization, name="bench", **_MADE))
        tx.insert(rows.Project(id=world.project, name="bench", **own))
        tx.insert(api)
    database.dispose()
    return world


def world_of(settings: Settings, api_id: str) -> World:
    """That of an API which is there."""
    database = open_database(settings.database_url)
    with database.rows.reading() as tx:
        api = tx.get(rows.Api, api_id)
    database.dispose()
    if api is None:
        raise LookupError(api_id)
    return World(api.organization_id, api.project_id, api.id)


class Crowd:
    """Writes keys of one organization for one API."""

    def __init__(self, settings: Settings, world: World) -> None:
        self._pepper = load_keyring(settings.keyring_path).active
        self._database = open_database(settings.database_url)
        self._organization, self._project, self._api = world

    def write(
        self,
        numbers: range,
        limits: Sequence[rows.Limit] = (),
        restrictions: rows.Restrictions = NOTHING,
        of_each: int = 1,
    ) -> None:
        """Write these keys, with all that hangs on them.

        Each application has `of_each` of them.
        """
        like = self._like(tuple(limits), restrictions)
        for start in range(numbers.start, numbers.stop, _AT_ONCE):
            part = range(start, min(start + _AT_ONCE, numbers.stop))
            # Made beforehand: a database ends a transaction that idles for long.
            made = [self._made(row, part, of_each) for row in like]
            with writing(self._database.engine) as connection:
                for table, values in made:
                    if values:
                        connection.execute(sa.insert(table), values)

    def done(self) -> None:
        """Have the database know how much there is, and let go of it."""
        with self._database.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
        self._database.dispose()

    def _made(
        self, like: _Row, part: range, of_each: int
    ) -> tuple[sa.Table, list[dict[str, Any]]]:
        mapper = mapper_of(type(like))
        same = mapper.values(like)
        varied = _varied(like, part, self._pepper, self._api, of_each)
        return mapper.table, [{**same, **one} for one in varied]

    def _like(
        self, limits: tuple[rows.Limit, ...], restrictions: rows.Restrictions
    ) -> tuple[rows.Application, rows.Key, rows.Access, rows.SecretRow]:
        """What the rows of every key are like."""
        own: dict[str, Any] = {
            "organization_id": self._organization,
            "project_id": self._project,
        }
        return (
            rows.Application(id="", name="bench", **own, **_MADE),
            rows.Key(
                id="",
                application_id="",
                name="bench",
                kind=rows.KeyKind.SERVER,
                environment=rows.Environment.LIVE,
                limits=limits,
                restrictions=restrictions,
                created_by="bench",
                **own,
                **_MADE,
            ),
            rows.Access(
                id="",
                key_id="",
                resource=rows.Resource.API,
                resource_id=self._api,
                provider_id=self._organization,
                scopes=("page:read",),
                created_at=NOW_US,
            ),
            rows.SecretRow(
                id="",
                key_id="",
                version=1,
                namespace="",
                algorithm=ALGORITHM,
                pepper_id=self._pepper.id,
                digest=b"",
                hint="kh_sk_live_…k9Qa",
                starts_at=NOW_US,
                created_by="bench",
                created_at=NOW_US,
            ),
        )


def everything() -> dict[str, Any]:
    """What `Crowd.write` takes for keys with a network, two rates and a quota."""
    return {"limits": (*RATES, QUOTA), "restrictions": NETWORKS}


def _varied(
    like: _Row,
    numbers: range,
    pepper: Pepper,
    api: str,
    of_each: int,
) -> Iterator[dict[str, Any]]:
    """What differs in each of them."""
    for number in numbers:
        key = _id(ids.KEY, number)
        application = _id(ids.APPLICATION, number - number % of_each)
        if isinstance(like, rows.Application):
            if number % of_each == 0:
                yield {"id": application}
        elif isinstance(like, rows.Key):
            yield {"id": key, "application_id": application}
        elif isinstance(like, rows.Access):
            yield {"id": f"{key}/{api}", "key_id": key}
        else:
            hashed = digest(secret_of(number).encode(), pepper.key)
            yield {"id": _id(ids.SECRET, number), "key_id": key, "digest": hashed}


def _id(prefix: str, number: int) -> str:
    """Of the right form, and without the arithmetic that `ids.make_id` takes."""
    return f"{prefix}_{number:022}"
