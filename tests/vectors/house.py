"""A data plane on real SQLite, filled with all cases, under a clock that cases set."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keyhouse import settings, wiring
from keyhouse.adapters.database import Database, open_database
from keyhouse.adapters.system import load_keyring
from keyhouse.adapters.system.keyring_file import dump_keyring
from keyhouse.core.keyring import Keyring
from keyhouse.services.plane import DataPlane
from keyhouse.settings import Settings
from tests.vectors.filling import Filling, World
from tests.vectors.reading import Case
from tests.vectors.signing import KEYS


class Clock:
    """The wall clock stands where a case puts it; the other one goes on."""

    def __init__(self) -> None:
        self.wall_us = 0

    def now_us(self) -> int:
        """What a case says."""
        return self.wall_us

    def monotonic_us(self) -> int:
        """The machine's own."""
        return time.monotonic_ns() // 1000


@dataclass
class Stock:
    """A data folder with the rows of cases, by the names of the cases."""

    loaded: Settings
    database: Database
    keyring: Keyring
    worlds: dict[str, World]

    def add(self, rows: Iterable[Any]) -> None:
        """Write more rows."""
        with self.database.rows.writing() as tx:
            for row in rows:
                tx.insert(row)


@contextmanager
def stocked(folder: Path, cases: Iterable[Case], upstream: str) -> Iterator[Stock]:
    """A fresh folder with all that these cases need."""
    loaded = settings.load({"data.dir": folder}, environ={})
    wiring.prepare(loaded)
    path = loaded.keyring_path
    path.write_text(dump_keyring(replace(load_keyring(path), signing=KEYS)))
    keyring = load_keyring(path)
    worlds = {one.name: Filling(one, keyring.active, upstream).fill() for one in cases}
    database = open_database(loaded.database_url)
    stock = Stock(loaded, database, keyring, worlds)
    stock.add(row for world in worlds.values() for row in world.rows)
    yield stock
    database.dispose()


@asynccontextmanager
async def opened(stock: Stock, kind: str, clock: Clock) -> AsyncIterator[DataPlane]:
    """A data plane of that kind."""
    plane = wiring.data_plane(stock.loaded, stock.database, kind)
    plane.means = replace(plane.means, clock=clock)
    await plane.open()
    yield plane
    await plane.close()
