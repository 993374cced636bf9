"""Installations on each kind of database, of which one is backed up into a file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from keyhouse import settings as settings_module
from keyhouse import wiring
from keyhouse.adapters.database import Database, open_database
from keyhouse.adapters.database.portable import LEFT_OUT
from keyhouse.adapters.database.tables import metadata
from keyhouse.services.work import Office
from keyhouse.settings import Settings
from keyhouse.wiring.desks import office_of
from tests.servers.acme import Acme
from tests.servers.postgres import PostgresServer  # noqa: TC001 - one place for imports

KINDS = ["sqlite", "postgresql"]
Make = Callable[[str, str], Settings]


@dataclass
class Place:
    """An installation that is served by nobody."""

    settings: Settings

    @contextmanager
    def opened(self) -> Iterator[tuple[Database, Office]]:
        database = open_database(self.settings.database_url)
        try:
            yield database, office_of(self.settings, database)
        finally:
            database.dispose()

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """All rows but those of running processes, in order, as the drivers give them."""
        database = open_database(self.settings.database_url)
        try:
            with database.engine.connect() as connection:
                return {
                    table.name: [
                        tuple(row)
                        for row in connection.execute(
                            sa.select(table).order_by(*table.primary_key.columns)
                        )
                    ]
                    for table in metadata.sorted_tables
                    if table.name not in LEFT_OUT
                }
        finally:
            database.dispose()

    def back_up(self, out: Path, passphrase: str | None = None, **more: bool) -> None:
        chosen = {"with_keyring": True, "with_usage": True, **more}
        wiring.back_up(self.settings, out, passphrase, lambda *_: None, **chosen)

    def restore(
        self, file: Path, passphrase: str | None = None, *, force: bool = False
    ) -> None:
        wiring.restore(self.settings, file, passphrase, lambda *_: None, force=force)


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str, str], Place]:
    """A folder of that name with a database of that kind; nothing is in either yet."""

    def made(name: str, kind: str) -> Place:
        flags = {"data.dir": str(tmp_path / name)}
        if kind == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres")
            flags["data.database_url"] = server.url(server.create())
        return Place(settings_module.load(flags, {}))

    return made


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, make: Callable[[str, str], Place]) -> Place:
    """One that is prepared and has a little of everything."""
    place = make("source", request.param)
    wiring.prepare(place.settings)
    with place.opened() as (database, office):
        Acme(office, database, "owner@example.com")
    return place
