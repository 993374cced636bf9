"""A desk on a real database, with a clock that the test sets and mails kept."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import event

from keyhouse.adapters.database import Database
from keyhouse.adapters.passwords import Argon2Hasher
from keyhouse.adapters.system import SystemEntropy
from keyhouse.core.keyring import Keyring
from keyhouse.ports import Mail
from keyhouse.services.people import PeopleDesk, SignedIn
from keyhouse.services.work import Office
from tests.servers.control import PEPPER, database, migrated

__all__ = ["database", "desk", "migrated", "world"]

URL = "https://keys.example"
PASSWORD = "seven quiet herons"
ADDRESS = "203.0.113.7"
AGENT = "Test/1"


@dataclass
class SetClock:
    """`ports.Clock` that stands still until it is set."""

    us: int = 1_760_000_000_000_000

    def now_us(self) -> int:
        return self.us

    def monotonic_us(self) -> int:
        return self.us

    def pass_seconds(self, seconds: float) -> None:
        self.us += round(seconds * 1_000_000)


@dataclass
class Letters:
    """`ports.Mailer` that keeps all mails."""

    sent: list[Mail] = field(default_factory=list)

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)

    def close(self) -> None:
        pass


@dataclass
class World:
    """The desk and what surrounds it."""

    desk: PeopleDesk
    clock: SetClock
    letters: Letters
    database: Database

    def ticket(self, to: str) -> str:
        """The token of the newest link that was mailed to that address."""
        texts = [mail.text for mail in self.letters.sent if mail.to == to]
        found: list[str] = re.findall(r"ticket=([\w-]+)", "\n".join(texts))
        return found[-1]

    def join(self, email: str, password: str = PASSWORD, name: str = "Ada") -> SignedIn:
        """Somebody who signed up and confirmed the address."""
        self.desk.sign_up(name, email, password, ADDRESS)
        return self.desk.confirm(self.ticket(email), password, ADDRESS, AGENT)


HASHER = Argon2Hasher()


def world_on(database: Database, **changes: object) -> World:
    """A world on that database."""
    clock, letters = SetClock(), Letters()
    office = Office(
        rows=database.rows,
        reports=database.reports,
        clock=clock,
        entropy=SystemEntropy(),
        keyring=Keyring((PEPPER,)),
        secret_prefix="kh",
        knows_zone=lambda _: True,
    )
    made = PeopleDesk(
        office=office, hasher=HASHER, mailer=letters, admits="open", public_url=URL
    )
    return World(made, clock, letters, database)


@contextmanager
def queried(database: Database, told: list[str]) -> Iterator[None]:
    """Note in `told` each statement that the database is sent meanwhile, and each end."""

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        told.append(statement)

    def end(_: Any) -> None:
        told.append("COMMIT")

    event.listen(database.engine, "before_cursor_execute", note)
    event.listen(database.engine, "commit", end)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
        event.remove(database.engine, "commit", end)


@pytest.fixture
def world(database: Database) -> World:
    return world_on(database)


@pytest.fixture
def desk(world: World) -> PeopleDesk:
    return world.desk
