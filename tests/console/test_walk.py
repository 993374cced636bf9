"""Every way into the console, walked by those who may not: none sees or changes a thing."""

from collections.abc import AsyncIterator

import httpx
import pytest

from keyhouse.adapters.database import Database
from keyhouse.services.work import Office
from tests.console.routes import Way, ways_into
from tests.console.rows import all_rows, differing
from tests.console.typed import typed_in
from tests.console.world import STRANGER, URL, World, built, fill

OPEN = {
    "GET /signup",
    "POST /signup",
    "GET /sent",
    "GET /login",
    "POST /login",
    "GET /confirm",
    "POST /confirm",
    "GET /forgot",
    "POST /forgot",
    "GET /reset",
    "POST /reset",
    "GET /invitations/{token}",
    "GET /assets/{mark}/{name:path}",
}
"""For those who have no session yet."""
ASKING = {
    "POST /{project}/{environment}/find",
    "POST /{project}/{environment}/keys/search",
    "POST /{project}/{environment}/keys/{key}/explain",
    "POST /{project}/{environment}/keys/new/sentence",
    "POST /{project}/{environment}/apis/{api}/try",
}
"""Questions whose words belong in no address: a viewer may ask them."""
OWN = {"POST /{organization}/settings/calendars"}
"""What every member may make for themselves; it lets them see no more than before."""


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
    assert (OPEN | ASKING | OWN) - ways == set()


async def test_a_stranger_is_sent_to_the_log_in(world: World) -> None:
    before, wrong = all_rows(world.database.engine), []
    async with STRANGER.client(world.app) as client:
        for way in ways_into(world.app):
            for path in () if str(way) in OPEN else fill(way, world.ours):
                answer = await send(client, way, path, "0" * 48)
                where = answer.headers.get("Location", "")
                if answer.status_code != 303 or not where.startswith("/login"):
                    wrong.append(f"{way}: {answer.status_code} {where}")
                wrong += [f"{way} tells {word}" for word in seen(world, answer, path)]
    assert wrong == [], "\n".join(wrong)
    assert differing(before, all_rows(world.database.engine)) == []


def seen(world: World, answer: httpx.Response, path: str) -> list[str]:
    """What an answer tells of our organization that the address did not say."""
    told = answer.text + answer.headers.get("Location", "")
    return [word for word in world.ours.seen_in(told) if word not in path]


async def test_open_pages_tell_a_stranger_nothing(world: World) -> None:
    wrong = []
    async with STRANGER.client(world.app) as client:
        for way in ways_into(world.app):
            if str(way) in OPEN and way.is_safe and "{" not in way.path:
                answer = await client.get(way.path)
                if answer.status_code not in (200, 303):
                    wrong.append(f"{way}: {answer.status_code}")
                wrong += [f"{way} tells {word}" for word in seen(world, answer, "")]
    assert wrong == [], "\n".join(wrong)


async def test_a_member_of_another_organization_finds_nothing(world: World) -> None:
    """With our addresses, and with our keys and APIs below an address of their own."""
    before, wrong = all_rows(world.database.engine), []
    mixed = world.ours.under(world.theirs)
    async with world.foreigner.client(world.app) as client:
        for way in inside(world):
            own = fill(way, world.theirs)
            for path in {*fill(way, world.ours), *fill(way, mixed)} - set(own):
                answer = await send(client, way, path, world.foreigner.csrf)
                if answer.status_code != 404:
                    wrong.append(f"{way} ({path}): {answer.status_code}")
                wrong += [f"{way} tells {word}" for word in seen(world, answer, path)]
    assert wrong == [], "\n".join(wrong)
    assert differing(before, all_rows(world.database.engine)) == []


async def test_pages_of_ones_own_hold_nothing_of_others(world: World) -> None:
    wrong = []
    async with world.foreigner.client(world.app) as client:
        for way in ways_into(world.app):
            for path in fill(way, world.theirs) if is_page(way) else ():
                answer = await client.get(path, follow_redirects=True)
                wrong += [f"{way} tells {word}" for word in seen(world, answer, path)]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize(("page", "field"), [("find", "wanted"), ("keys/search", "search")])
async def test_a_secret_found_in_the_street_tells_nobody_whose_it_is(
    world: World, page: str, field: str
) -> None:
    """Only in its own organization does searching for it find its key."""
    for visitor, at in ((world.owner, world.ours), (world.foreigner, world.theirs)):
        form = {field: world.ours.secrets[0], "csrf": visitor.csrf}
        path = f"/{at.ids['project']}/test/{page}"
        async with visitor.client(world.app) as client:
            answer = await client.post(path, data=form, headers={"Origin": URL})
        assert answer.status_code in (200, 303)
        told = answer.text + answer.headers.get("Location", "")
        assert (world.ours.ids["key"] in told) == (at is world.ours)


def is_page(way: Way) -> bool:
    """Whether it shows something to who is logged in."""
    return way.is_safe and str(way) not in OPEN


async def test_a_viewer_changes_nothing(world: World) -> None:
    before, wrong = all_rows(world.database.engine), []
    async with world.viewer.client(world.app) as client:
        for way in inside(world):
            may = way.is_safe or str(way) in ASKING
            for path in () if str(way) in OWN else fill(way, world.ours):
                answer = await send(client, way, path, world.viewer.csrf)
                right = (200, 303, 403, 404, 422) if may else (403, 404)
                if answer.status_code not in right:
                    wrong.append(f"{way} ({path}): {answer.status_code}")
                if any(secret in answer.text for secret in world.ours.secrets):
                    wrong.append(f"{way} tells a secret")
    assert wrong == [], "\n".join(wrong)
    assert differing(before, all_rows(world.database.engine)) == []


async def test_who_leaves_changes_nothing_but_their_own_membership(world: World) -> None:
    """And from then on finds nothing, like anybody who never belonged."""
    before, wrong = all_rows(world.database.engine), []
    home, own = world.ours.ids["organization"], {"csrf": world.viewer.csrf}
    async with world.viewer.client(world.app) as client:
        left = f"/{home}/members/{world.viewer.person}/remove"
        answer = await client.post(left, data=own, headers={"Origin": URL})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        changed = differing(before, all_rows(world.database.engine))
        assert set(changed) == {"member", "audit", "event", "delivery"}
        for way in inside(world):
            for path in fill(way, world.ours):
                answer = await send(client, way, path, world.viewer.csrf)
                if answer.status_code != 404:
                    wrong.append(f"{way} ({path}): {answer.status_code}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("csrf", [None, "", "0" * 48], ids=["none", "empty", "guessed"])
async def test_no_form_is_taken_without_its_token(world: World, csrf: str | None) -> None:
    """Else a page elsewhere could act for whoever is logged in here."""
    before, wrong = all_rows(world.database.engine, frozenset()), []
    async with world.owner.client(world.app) as client:
        for way in ways_into(world.app):
            if not way.is_safe and str(way) not in OPEN:
                for path in fill(way, world.ours):
                    answer = await send(client, way, path, csrf)
                    if answer.status_code != 403:
                        wrong.append(f"{way}: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)
    assert differing(before, all_rows(world.database.engine, frozenset())) == []


async def test_the_owner_gets_through_where_others_are_refused(world: World) -> None:
    """Else the walks would pass because their requests are senseless."""
    refused = []
    async with world.owner.client(world.app) as client:
        for way in inside(world):
            for path in fill(way, world.ours):
                answer = await send(client, way, path, world.owner.csrf)
                if answer.status_code >= 400:
                    refused.append(f"{way} ({path}): {answer.status_code}")
                if not way.is_safe:
                    world.restore()
    assert refused == [], "\n".join(refused)
