"""The console itself over ASGI: migrated SQLite, real services, no browser."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from keyhouse.doors.console import ConsoleConfig, build_console
from keyhouse.services.people import PeopleDesk, SignUp
from keyhouse.services.work import Office
from tests.console.doubles import Letters, QuickHasher
from tests.console.forms import forms_of
from tests.servers.control import database, migrated, office

__all__ = ["Visitor", "database", "migrated", "office"]

URL = "http://console.test"
PASSWORD = "seven quiet herons"


class Visitor:
    """A browser without a window: cookies, forms, and the mails that come."""

    def __init__(self, office: Office, admits: SignUp = "open") -> None:
        self.letters = Letters()
        self.people = PeopleDesk(
            office=office,
            hasher=QuickHasher(),
            mailer=self.letters,
            admits=admits,
            public_url=URL,
        )
        config = ConsoleConfig(
            gateway_url="http://gateway.test", public_url=URL, sign_up=admits
        )
        self.app = build_console(office, self.people, config)
        self.client = self.another()

    def another(self, url: str = URL) -> httpx.AsyncClient:
        """A second browser."""
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url=url)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def submit(self, path: str, action: str = "", /, **typed: str) -> httpx.Response:
        """Open a page, fill in the form that goes to `action`, send it off."""
        page = await self.client.get(path)
        wanted = action or urlsplit(path).path
        (form, *_) = [one for one in forms_of(page.text) if one.action == wanted]
        return await self.client.post(form.action, data={**form.sent, **typed})

    async def sign_up(self, email: str = "ada@example.com") -> httpx.Response:
        """From the empty form to the session."""
        typed = {"name": "Ada", "email": email, "password": PASSWORD}
        await self.submit("/signup", **typed)
        return await self.confirm()

    async def confirm(self, password: str = PASSWORD) -> httpx.Response:
        """Open the link that was mailed, and type the password."""
        return await self.submit(self.mailed("/confirm"), "/confirm", password=password)

    def mailed(self, path: str) -> str:
        """Path and query of the link in the last mail."""
        found = re.search(rf"{URL}({path}\S*)", self.letters.sent[-1].text)
        assert found, self.letters.sent[-1].text
        return found[1]


@pytest.fixture
async def visitor(office: Office) -> AsyncIterator[Visitor]:
    made = Visitor(office)
    yield made
    await made.client.aclose()
