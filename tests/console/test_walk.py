"""Every way into the console, walked by those who may not: none sees or changes a thing."""

from collections.abc import AsyncIterator

import httpx
import pytest

from keyhouse.adapters.database import Database
from keyhouse.services.work import Office
from tests.console.routes import Way, ways_into
from tests.console.rows import all_rows, differing
from tests.console.typed import typed_in
from tests.console.world import STRANGER, URL, Visitor, World, built, fill

OPEN = {
    "GET /signup",
    "POST /signup",
    "GET /login",
    "POST /login",
    "GET /confirm",
    "POST /confirm",
    "GET /forgot",
    "POST /forgot",
    "GET /reset",
    "POST /reset",
    "GET /invitations/{token}",
    "GET /static/{mark}/{name:path}",
}
"""For those who have no session yet."""
OWN = {
    "POST /logout",
    "POST /account/name",
    "POST /account/password",
    "POST /account/sessions/{session}/end",
    "POST /account/sessions/end-others",
    "POST /organizations",
    "POST /invitations/{token}",
}
"""What anybody who is logged in may do, to nothing but what is their own."""
ASKING = {
    "POST /{project}/{environment}/find",
    "POST /{project}/{environment}/keys/search",
    "POST /{project}/{environment}/keys/new/sentence",
    "POST /{project}/{environment}/apis/{api}/try",
}
"""Questions whose words belong in no address: a viewer may ask them."""


@pytest.fixture
async def world(office: Office, database: Database) -> AsyncIterator[World]:
    async with built(office, database) as made:
        yield made


async def send(
    client: httpx.AsyncClient, way: Way, path: str, csrf: str | None
) -> httpx.Response:
    """Go that way, with a form as its page would send it."""
    if way.is_safe:
        return await client.get(path)
    form = typed_in(path) | ({} if csrf is None else {"csrf": csrf})
    return await client.request(way.method, path, data=form, headers={"Origin": URL})


def inside(world: World) -> list[Way]:
    """The ways that begin with an organization or a project."""
    return [
        way
        for way in ways_into(world.app)
        if way.path.startswith(("/{project}", "/{organization}"))
    ]


def test_what_is_left_out_of_the_walks_is_there(world: World) -> None:
    """An exception for a way that has gone would hide the one that comes after it."""
    ways = {str(way) for way in ways_into(world.app)}
    assert (OPEN | OWN | ASKING) - ways == set()


async def test_a_stranger_is_sent_to_the_log_in(world: World) -> None:
    before = all_rows(world.database.engine)
    async with STRANGER.client(world.app) as client:
        for way in ways_into(world.app):
            if str(way) in OPEN:
                continue
            for path in fill(way, world.ours):
                answer = await send(client, way, path, "0" * 48)
                assert answer.status_code == 303, f"{way}: {answer.status_code}"
                assert answer.headers["Location"].startswith("/login"), way
                assert world.ours.seen_in(answer.text) == [], way
    assert differing(before, all_rows(world.database.engine)) == []


async def test_open_pages_tell_a_stranger_nothing(world: World) -> None:
    async with STRANGER.client(world.app) as client:
        for way in ways_into(world.app):
            if str(way) in OPEN and way.is_safe and "{" not in way.path:
                answer = await client.get(way.path)
                assert answer.status_code in (200, 303), way
                assert world.ours.seen_in(answer.text) == [], way


async def test_a_member_of_another_organization_finds_nothing(world: World) -> None:
    """With our addresses, and with our keys and APIs below an address of their own."""
    visitor = world.foreigner
    before = all_rows(world.database.engine)
    async with visitor.client(world.app) as client:
        for way in inside(world):
            mixed = world.ours.under(world.theirs)
            for path in (*fill(way, world.ours), *fill(way, mixed)):
                if path in fill(way, world.theirs):
                    continue
                answer = await send(client, way, path, visitor.csrf)
                assert answer.status_code == 404, f"{way}: {answer.status_code}"
                seen = [w for w in world.ours.seen_in(answer.text) if w not in path]
                assert seen == [], way
    assert differing(before, all_rows(world.database.engine)) == []


async def test_pages_of_ones_own_hold_nothing_of_others(world: World) -> None:
    async with world.foreigner.client(world.app) as client:
        for way in ways_into(world.app):
            if not way.is_safe or str(way) in OPEN:
                continue
            for path in fill(way, world.theirs):
                answer = await client.get(path, follow_redirects=True)
                assert world.ours.seen_in(answer.text) == [], way


async def test_a_viewer_changes_nothing(world: World) -> None:
    visitor = world.viewer
    before = all_rows(world.database.engine)
    async with visitor.client(world.app) as client:
        for way in inside(world):
            for path in fill(way, world.ours):
                answer = await send(client, way, path, visitor.csrf)
                if way.is_safe or str(way) in ASKING:
                    assert answer.status_code in (200, 303, 403, 404, 422), way
                else:
                    told = f"{way}: {answer.status_code}"
                    assert answer.status_code in (403, 404), told
                assert not any(secret in answer.text for secret in world.ours.secrets)
    assert differing(before, all_rows(world.database.engine)) == []


@pytest.mark.parametrize("csrf", [None, "", "0" * 48], ids=["none", "empty", "guessed"])
async def test_no_form_is_taken_from_another_site(world: World, csrf: str | None) -> None:
    """Else a page elsewhere could act for whoever is logged in here."""
    before = all_rows(world.database.engine)
    async with world.owner.client(world.app) as client:
        for way in ways_into(world.app):
            if way.is_safe or str(way) in OPEN:
                continue
            for path in fill(way, world.ours):
                answer = await send(client, way, path, csrf)
                assert answer.status_code == 403, f"{way}: {answer.status_code}"
    assert differing(before, all_rows(world.database.engine, frozenset())) == []


def _refused(answer: httpx.Response) -> bool:
    return answer.status_code >= 400


async def test_the_owner_gets_through_where_others_are_refused(world: World) -> None:
    """Else the walks would pass because their requests are senseless."""
    refused = []
    for way in inside(world):
        for path in fill(way, world.ours):
            answer = await _as(world, world.owner, way, path)
            if _refused(answer):
                refused.append(f"{way} ({path}): {answer.status_code}")
    assert refused == []


async def _as(world: World, visitor: Visitor, way: Way, path: str) -> httpx.Response:
    """The answer to that visitor, with nothing changed by it."""
    async with visitor.client(world.app) as client:
        answer = await send(client, way, path, visitor.csrf)
        world.restore()
        return answer
