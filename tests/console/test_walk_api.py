"""Every operation of the OpenAPI document, tried by a session that may not."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from keyhouse.adapters.database import Database
from keyhouse.core.csrf import CSRF_HEADER
from keyhouse.core.verdict import Verdict
from keyhouse.doors.api import build_app
from keyhouse.services.verify import ManagementKey
from keyhouse.services.work import Office
from tests.console.rows import all_rows, differing
from tests.console.world import STRANGER, Furnished, Visitor, World, built

_KINDS = {
    "keys": "key",
    "apis": "api",
    "applications": "application",
    "customers": "customer",
    "projects": "project",
    "organizations": "organization",
    "members": "person",
    "invitations": "invitation",
    "requests": "request_id",
    "sessions": "id",
    "webhooks": "webhook",
    "calendars": "calendar",
    "imports": "import",
    "plans": "plan",
    "subscriptions": "subscription",
}
ASKING = {"find_key", "explain_key", "explain_request"}
"""Questions whose words belong in no address."""
OWN = {"create_calendar"}
"""What every member may make for themselves; it lets them see no more than before."""


OF_ALL = {"get_change"}
"""What any member may ask: it tells of the installation, and of no tenant."""


class Operation(NamedTuple):
    """One entry of the document, with the body of its example."""

    method: str
    path: str
    id: str
    body: Any

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"

    def to(self, at: Furnished) -> str:
        """The path with what that organization has."""
        kind = _KINDS.get(self.path.split("/")[2], "")
        own = {"id": at.ids.get(kind, ""), "secret_id": at.ids["secret"], "seq": "1"}
        return self.path.format(**{**at.ids, **own})


def operations(app: FastAPI) -> Iterator[Operation]:
    """All that need somebody to be known."""
    for path, methods in app.openapi()["paths"].items():
        for method, told in methods.items():
            if told.get("security"):
                content = told.get("requestBody", {}).get("content", {})
                body = content.get("application/json", {}).get("example")
                yield Operation(method.upper(), path, told["operationId"], body)


@pytest.fixture
async def world(office: Office, database: Database) -> AsyncIterator[World]:
    async with built(office, database) as made:
        yield made


@pytest.fixture
def api(world: World) -> FastAPI:
    async def no_key_fits(
        secret: bytes, address: int, key_id: str | None
    ) -> ManagementKey | Verdict:
        return Verdict.UNKNOWN

    return build_app(world.office, world.people, no_key_fits, world.database.nodes)


class Caller:
    """A visitor's browser at work in one organization."""

    def __init__(self, visitor: Visitor, api: FastAPI, organization: str) -> None:
        self._headers = {
            "Keyhouse-Organization": organization,
            CSRF_HEADER: visitor.csrf,
        }
        self.client = visitor.client(api)

    async def send(self, operation: Operation, at: Furnished) -> httpx.Response:
        """Try an operation on what `at` has."""
        sent = {"json": operation.body} if operation.body is not None else {}
        return await self.client.request(
            operation.method, operation.to(at), headers=self._headers, **sent
        )


def test_what_a_viewer_may_ask_is_there(api: FastAPI) -> None:
    assert (ASKING | OWN) - {one.id for one in operations(api)} == set()


async def test_a_stranger_gets_no_answer(world: World, api: FastAPI) -> None:
    before, wrong = all_rows(world.database.engine), []
    caller = Caller(STRANGER, api, world.ours.ids["organization"])
    async with caller.client:
        for one in operations(api):
            answer = await caller.send(one, world.ours)
            if answer.status_code != 401:
                wrong.append(f"{one.id}: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)
    assert differing(before, all_rows(world.database.engine)) == []


@pytest.mark.parametrize("claims", ["ours", "theirs"])
async def test_a_member_of_another_organization_finds_nothing(
    world: World, api: FastAPI, claims: str
) -> None:
    """Whether they name our organization or their own."""
    before, wrong = all_rows(world.database.engine), []
    named: Furnished = getattr(world, claims)
    caller = Caller(world.foreigner, api, named.ids["organization"])
    async with caller.client:
        for one in operations(api):
            if claims == "theirs" and "{" not in one.path:
                continue
            answer = await caller.send(one, world.ours)
            told = [
                w for w in world.ours.seen_in(answer.text) if w not in one.to(world.ours)
            ]
            of_all = claims == "theirs" and one.id in OF_ALL
            through = answer.status_code not in (403, 404) and "sessions" not in one.id
            if through and not of_all:
                wrong.append(f"{one.id}: {answer.status_code}")
            wrong += [f"{one.id} tells {word}" for word in told]
    assert wrong == [], "\n".join(wrong)
    assert differing(before, all_rows(world.database.engine)) == []


async def test_a_secret_found_in_the_street_tells_nobody_whose_it_is(
    world: World, api: FastAPI
) -> None:
    """Only its own organization is told which key it opens."""
    body = {"secret": world.ours.secrets[0]}
    for visitor, at, status in (
        (world.owner, world.ours, 200),
        (world.foreigner, world.theirs, 404),
    ):
        caller = Caller(visitor, api, at.ids["organization"])
        async with caller.client:
            asked = Operation("POST", "/v1/keys/find", "find_key", body)
            answer = await caller.send(asked, at)
            assert answer.status_code == status
            told = world.ours.ids["key"] in answer.text
            assert told == (status == 200)


async def test_lists_hold_nothing_of_others(world: World, api: FastAPI) -> None:
    wrong = []
    caller = Caller(world.foreigner, api, world.theirs.ids["organization"])
    async with caller.client:
        for one in operations(api):
            if one.is_safe:
                answer = await caller.send(one, world.theirs)
                told = world.ours.seen_in(answer.text)
                wrong += [f"{one.id} tells {word}" for word in told]
    assert wrong == [], "\n".join(wrong)


async def test_a_viewer_changes_nothing(world: World, api: FastAPI) -> None:
    before, wrong = all_rows(world.database.engine), []
    caller = Caller(world.viewer, api, world.ours.ids["organization"])
    async with caller.client:
        for one in operations(api):
            if one.id in OWN:
                continue
            answer = await caller.send(one, world.ours)
            may = one.is_safe or one.id in ASKING
            if answer.status_code not in ((200, 403, 404) if may else (403, 404)):
                wrong.append(f"{one.id}: {answer.status_code} {answer.text[:80]}")
            if any(secret in answer.text for secret in world.ours.secrets):
                wrong.append(f"{one.id} tells a secret")
    assert wrong == [], "\n".join(wrong)
    assert differing(before, all_rows(world.database.engine)) == []


async def test_who_leaves_is_out_of_every_operation(world: World, api: FastAPI) -> None:
    """By their own id alone: the walks above show that nobody else goes with it."""
    wrong = []
    caller = Caller(world.viewer, api, world.ours.ids["organization"])
    own = {**world.ours.ids, "person": world.viewer.person}
    async with caller.client:
        leave = Operation("DELETE", "/v1/members/{id}", "remove_member", None)
        answer = await caller.send(leave, world.ours._replace(ids=own))
        assert answer.status_code == 204
        for one in operations(api):
            answer = await caller.send(one, world.ours)
            if answer.status_code not in (403, 404) and "sessions" not in one.id:
                wrong.append(f"{one.id}: {answer.status_code}")
            wrong += [
                f"{one.id} tells {word}"
                for word in world.ours.seen_in(answer.text)
                if word not in one.to(world.ours)
            ]
    assert wrong == [], "\n".join(wrong)


async def test_the_owner_gets_through_where_others_are_refused(
    world: World, api: FastAPI
) -> None:
    """Else the walks would pass because their requests are senseless."""
    wrong = []
    caller = Caller(world.owner, api, world.ours.ids["organization"])
    async with caller.client:
        for one in operations(api):
            answer = await caller.send(one, world.ours)
            through = answer.is_success if one.is_safe else answer.status_code != 403
            if not through and answer.status_code != 401:
                wrong.append(f"{one.id}: {answer.status_code} {answer.text[:120]}")
            world.restore()
    assert wrong == [], "\n".join(wrong)
