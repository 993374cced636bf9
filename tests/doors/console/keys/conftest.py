"""A logged-in owner with an API, over ASGI."""

import re
from typing import Any

import httpx
import pytest

from tests.doors.console.conftest import Visitor, database, migrated, office

__all__ = ["Desk", "database", "desk", "migrated", "office"]

_SECRET = re.compile(r"kh_[sp]k_(?:test|live)_[0-9A-Za-z]{36}")


class Desk:
    """The pages of keys, as one who works there uses them."""

    def __init__(self, visitor: Visitor, root: str) -> None:
        self.visitor = visitor
        self.root = root

    async def get(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.visitor.client.get(self.root + path, headers=named)

    async def post(self, path: str, /, **typed: Any) -> httpx.Response:
        """Send a form as a page would; `scope__weather` is the field `scope.weather`."""
        page = await self.get("/keys")
        token = re.search(r'Keyhouse-CSRF": "([^"]+)"', page.text)
        assert token, page.text
        form = {name.replace("__", "."): value for name, value in typed.items()}
        headers = {"Keyhouse-CSRF": token[1]}
        url = self.root + path
        return await self.visitor.client.post(url, data=form, headers=headers)

    async def create(self, name: str = "Planner", **typed: Any) -> tuple[str, str]:
        """A new key's id and secret."""
        made = await self.post("/keys", name=name, api="weather", **typed)
        assert made.status_code == 200, made.text
        secret = secret_in(made)
        id = re.search(r"/keys/(key_\w+)", made.headers["hx-replace-url"])
        assert secret
        assert id
        return id[1], secret


def secret_in(page: httpx.Response) -> str | None:
    """The secret on a page, None where there is none."""
    found = _SECRET.search(page.text)
    return found[0] if found else None


@pytest.fixture
async def desk(visitor: Visitor) -> Desk:
    await visitor.sign_up()
    home = await visitor.get("/")
    made = Desk(visitor, home.headers["location"].removesuffix("/overview"))
    made_api = await made.post(
        "/apis", slug="weather", name="Weather", scopes="forecast:read\nforecast:write"
    )
    assert made_api.status_code == 303, made_api.text
    return made
