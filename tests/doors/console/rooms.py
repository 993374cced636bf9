"""Somebody's own organization in the console, and short ways through it."""

import re

from tests.doors.console.conftest import Visitor

UPSTREAM = "http://127.0.0.1:3000"


class Rooms:
    """Somebody's own organization and project, and short ways through them."""

    def __init__(self, visitor: Visitor, project: str, organization: str) -> None:
        self.visitor = visitor
        self.root = f"/{project}/test"
        self.home = f"/{organization}"

    async def text(self, path: str, status: int = 200) -> str:
        page = await self.visitor.get(path)
        assert page.status_code == status, page.text
        return page.text

    async def do(self, path: str, action: str, /, **typed: str) -> str:
        """Fill in and send a form; where it leads to."""
        sent = await self.visitor.submit(path, action, **typed)
        assert sent.status_code == 303, sent.text
        return sent.headers["location"]

    async def api(self, name: str = "Weather", **typed: str) -> str:
        path = f"{self.root}/apis"
        fields = {"name": name, "upstream": UPSTREAM, **typed}
        return await self.do(f"{path}/new", path, **fields)


async def enter(visitor: Visitor, email: str = "ada@example.com") -> Rooms:
    await visitor.sign_up(email)
    first = (await visitor.get("/")).headers["location"]
    page = (await visitor.get(first)).text
    organization = re.search(r"org_\w{22}", page)
    assert organization
    return Rooms(visitor, first.split("/")[1], organization[0])
