"""A real management API: migrated SQLite, real services, requests over ASGI."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from keyhouse.adapters.database import Database
from keyhouse.core import ids
from keyhouse.core.addresses import parse_address
from keyhouse.core.csrf import CSRF_HEADER, SESSION_COOKIE, csrf_token
from keyhouse.core.entities import Member, Person, Role
from keyhouse.core.records import KeyRecord, PartRef
from keyhouse.core.secret import digest
from keyhouse.core.usage import LogRow, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.doors.api import build_app
from keyhouse.services.people import PeopleDesk
from keyhouse.services.people.sessions import open_session
from keyhouse.services.tenants import bootstrap
from keyhouse.services.verify import ManagementKey
from keyhouse.services.work import Office
from tests.console.doubles import Letters, QuickHasher
from tests.servers.control import PEPPER, database, migrated, office

__all__ = ["House", "Tenant", "database", "migrated", "office"]


class House:
    """The API and as many tenants as a test wants."""

    def __init__(self, office: Office, database: Database) -> None:
        self.office = office
        self.database = database
        self.letters = Letters()
        self.people = PeopleDesk(
            office=office,
            hasher=QuickHasher(),
            mailer=self.letters,
            admits="closed",
            public_url="https://keys.example",
        )
        self.app = build_app(office, self.people, self._authenticate, database.nodes)
        self._emails = (f"owner{number}@example.com" for number in itertools.count())
        self._clients: list[httpx.AsyncClient] = []

    async def _authenticate(
        self, secret: bytes, address: int, key_id: str | None
    ) -> ManagementKey | Verdict:
        return await asyncio.to_thread(self._find, secret, key_id)

    def _find(self, secret: bytes, key_id: str | None) -> ManagementKey | Verdict:
        pair = (PEPPER.id, digest(secret, PEPPER.key))
        snapshot = self.database.keys.find_secret([pair])
        if snapshot.found is None:
            return Verdict.UNKNOWN
        key = snapshot.parts[PartRef("key", snapshot.found.key_id)]
        assert isinstance(key, KeyRecord)
        if key_id is not None and key_id != key.id:
            return Verdict.UNKNOWN
        return ManagementKey(key, snapshot.found.secret_id)

    def client(self, secret: str | None, **more: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {secret}"} if secret else more
        # An error of the app must come out as the answer that a caller would see.
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        made = httpx.AsyncClient(
            transport=transport, base_url="http://api", headers=headers
        )
        self._clients.append(made)
        return made

    def tenant(self, name: str = "Acme") -> "Tenant":
        email = next(self._emails)
        made = bootstrap(self.office, email, name, "default", fresh_key=True)
        assert made.management_secret is not None
        secret = made.management_secret.reveal()
        client = self.client(secret)
        return Tenant(made.organization_id, made.project_id, secret, client, self.database)

    def browser(self, person_id: str, **headers: str) -> httpx.AsyncClient:
        """Somebody logged in, whose page's script sends the CSRF token."""
        with self.office.rows.writing() as tx:
            person = tx.get(Person, person_id)
            assert person is not None
            signed = open_session(self.people, tx, person, "192.0.2.1", "Firefox")
        sent = {CSRF_HEADER: csrf_token(signed.token), **headers}
        sent["Cookie"] = f"{SESSION_COOKIE}={signed.token}"
        return self.client(None, **sent)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


class Tenant:
    """An organization with a management key for all of it."""

    def __init__(
        self,
        organization: str,
        project: str,
        secret: str,
        client: httpx.AsyncClient,
        database: Database,
    ) -> None:
        self.organization = organization
        self.project = project
        self.secret = secret
        self.client = client
        self.database = database
        self._booked = 0

    def logged(self, key: dict[str, Any], verdict: Verdict = Verdict.IP_NOT_ALLOWED) -> str:
        """The id of a request with that key, in the log."""
        self._booked += 1
        own, (opened, *_) = self.organization, key["access"]
        id = ids.make_id(ids.REQUEST, self._booked * 1000, own[-10:].encode())
        names = (own, own, opened["api"], "", key["id"], 1, key["application"])
        use = Use(*names, key["environment"], "")
        here = parse_address("198.51.100.7")
        row = LogRow(id, 1, use, verdict.number, "GET", "/weather/a", here, 403, 5)
        spool = f"spl_{own}_{self._booked}"
        self.database.sink.open_spool(spool, "nod_1", "boot")
        assert self.database.sink.book(UsageBatch(spool, 0, 1, log=[row]))
        return id

    def member(self, house: House, role: Role) -> str:
        """A new member's person id."""
        now = house.office.clock.now_us()
        id = house.office.new_id(ids.PERSON, now)
        person = Person(
            id=id,
            email=f"{id.lower()}@example.com",
            name="Ada",
            created_at=now,
            updated_at=now,
        )
        member = Member(
            id=f"{self.organization}/{id}",
            organization_id=self.organization,
            person_id=id,
            role=role,
            created_at=now,
            updated_at=now,
        )
        with house.office.rows.writing() as tx:
            tx.insert(person)
            tx.insert(member)
        return id

    async def make(self, path: str, /, **body: Any) -> dict[str, Any]:
        response = await self.client.post(path, json=body)
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.json()
        return found

    async def weather(self, slug: str = "weather") -> dict[str, Any]:
        return await self.make(
            "/v1/apis",
            slug=slug,
            upstreams={"test": "http://127.0.0.1:3000"},
            scopes=["forecast:read", "alerts:read"],
        )

    async def key(self, **fields: Any) -> dict[str, Any]:
        wanted = {"name": "Planner", "access": [{"api": "weather"}], **fields}
        return await self.make("/v1/keys", **wanted)


@pytest.fixture
async def house(office: Office, database: Database) -> AsyncIterator[House]:
    made = House(office, database)
    yield made
    await made.close()


@pytest.fixture
def tenant(house: House) -> Tenant:
    return house.tenant()
