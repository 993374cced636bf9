"""Two organizations that must not see each other, and their people, without processes."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from itertools import product
from typing import NamedTuple

import httpx
from fastapi import FastAPI

from keyhouse.adapters.database import Database
from keyhouse.core import ids
from keyhouse.core.csrf import SESSION_COOKIE, csrf_token
from keyhouse.core.entities import Member, Person, Role
from keyhouse.core.verdict import Verdict
from keyhouse.doors.console import ConsoleConfig, build_console
from keyhouse.services import members
from keyhouse.services.catalog import create_application, create_route
from keyhouse.services.issue import list_secrets
from keyhouse.services.people import PeopleDesk
from keyhouse.services.people.sessions import open_session
from keyhouse.services.tenants import change_organization
from keyhouse.services.work import Office
from tests.console.doubles import Letters, QuickHasher
from tests.console.routes import Way
from tests.servers.acme import Acme

URL = "http://console.test"
AGENT = "Mozilla/5.0 (walk)"
CHOICES: Mapping[str, tuple[str, ...]] = {
    "environment": ("test",),
    "act": ("disable", "enable", "revoke"),
    "part": ("name", "access", "restrictions", "limits", "expiry"),
}
"""Parameters that name no row."""


class Visitor(NamedTuple):
    """Somebody's browser: the cookie and the token that their pages hold."""

    person: str = ""
    token: str = ""
    session: str = ""

    @property
    def csrf(self) -> str:
        """What this visitor's forms send along."""
        return csrf_token(self.token)

    def client(self, app: FastAPI) -> httpx.AsyncClient:
        """A browser of theirs, which does not follow redirects."""
        # An error of the app must come out as the answer that a caller would see.
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        cookies = {SESSION_COOKIE: self.token} if self.token else {}
        return httpx.AsyncClient(transport=transport, base_url=URL, cookies=cookies)


STRANGER = Visitor()


class Furnished(NamedTuple):
    """An organization with one of everything.

    `ids` are what a path's parameter can be here; `secrets` are told nobody
    again, `words` are names that only its members may read.
    """

    acme: Acme
    ids: Mapping[str, str]
    secrets: tuple[str, ...]
    words: tuple[str, ...]

    def seen_in(self, text: str) -> list[str]:
        """What of this organization stands in a text."""
        own = (*self.ids.values(), *self.secrets, *self.words)
        return [word for word in own if len(word) > 6 and word in text]

    def under(self, other: "Furnished") -> "Furnished":
        """These things, looked for below another organization's addresses."""
        places = {name: other.ids[name] for name in ("organization", "project")}
        return self._replace(ids={**self.ids, **places})


def fill(way: Way, at: Furnished) -> list[str]:
    """The paths of a way into an organization, one for each choice it leaves."""
    named = [name for name in way.parameters if name in CHOICES]
    return [
        way.to({**at.ids, **dict(zip(named, chosen, strict=True))})
        for chosen in product(*(CHOICES[name] for name in named))
    ]


class World:
    """The console over two furnished organizations."""

    def __init__(self, office: Office, database: Database) -> None:
        self.office = office
        self.database = database
        self.letters = Letters()
        self.people = PeopleDesk(
            office=office,
            hasher=QuickHasher(),
            mailer=self.letters,
            admits="open",
            public_url=URL,
        )
        config = ConsoleConfig(
            gateway_url="http://gateway.test", public_url=URL, sign_up="open"
        )
        self.app = build_console(office, self.people, config)
        self.ours = self._furnished("quokka")
        self.theirs = self._furnished("wombat")
        self.owner = self.visitor(self.ours, Role.OWNER)
        self.viewer = self.visitor(self.ours, Role.VIEWER)
        self.foreigner = self.visitor(self.theirs, Role.OWNER)
        self._kept = f"{database.engine.url.database}.kept"
        _copy(self._file, self._kept)

    def restore(self) -> None:
        """Everything as it was when the world was made."""
        _copy(self._kept, self._file)

    @property
    def _file(self) -> str:
        return str(self.database.engine.url.database)

    def visitor(self, at: Furnished, role: Role) -> Visitor:
        """A new member with that role, logged in."""
        now = self.office.clock.now_us()
        id = self.office.new_id(ids.PERSON, now)
        person = Person(
            id=id,
            name=f"{role} person",
            email=f"{role}.{id.lower()}@example.com",
            created_at=now,
            updated_at=now,
        )
        home = at.acme.organization
        member = Member(
            id=f"{home}/{id}",
            organization_id=home,
            person_id=id,
            role=role,
            created_at=now,
            updated_at=now,
        )
        with self.office.rows.writing() as tx:
            tx.insert(person)
            tx.insert(member)
            signed = open_session(self.people, tx, person, "192.0.2.1", AGENT)
        return Visitor(id, signed.token, signed.session_id)

    def _furnished(self, word: str) -> Furnished:
        acme = Acme(self.office, self.database, f"owner@{word}.example")
        home = acme.organization
        acme.write(lambda work: change_organization(work, home, name=f"{word} house"))
        api = acme.api(f"{word}-api", upstreams={"test": "http://127.0.0.1:9"})
        route = acme.write(lambda work: create_route(work, api, method="GET", path="/a"))
        app = acme.write(lambda work: create_application(work, name=f"{word} program"))
        made = acme.key(f"{word} key", f"{word}-api")
        acme.book(made, 3)
        acme.book(made, 2, verdict=Verdict.RATE_LIMITED)
        asked = acme.write(
            lambda work: members.invite(work, f"new@{word}.example", Role.DEVELOPER)
        )
        secrets = acme.read(lambda look: list_secrets(look, made.view.key.id))
        return Furnished(
            acme,
            {
                "organization": home,
                "project": acme.project,
                "api": api,
                "route": route.id,
                "application": app.id,
                "key": made.view.key.id,
                "secret": secrets[0].secret.id,
                "invitation": asked.invitation.id,
            },
            (made.secret.reveal(), asked.token),
            (f"{word} house", f"{word}-api", f"{word} program", f"{word} key"),
        )


def _copy(source: str, target: str) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


@asynccontextmanager
async def built(office: Office, database: Database) -> AsyncIterator[World]:
    """A world, made off the loop that its console will use."""
    yield await asyncio.to_thread(World, office, database)
