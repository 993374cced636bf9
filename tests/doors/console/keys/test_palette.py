"""Ctrl K finds a key by whatever somebody has of it."""

import httpx

from tests.doors.console.keys.conftest import Desk


async def found(desk: Desk, wanted: str) -> httpx.Response:
    answer = await desk.post("/find", wanted=wanted)
    assert answer.status_code == 200
    return answer


async def test_a_key_is_found_by_name_by_hint_and_by_its_whole_secret(desk: Desk) -> None:
    id, secret = await desk.create("Nightly import")
    for wanted in ("nightly", secret[-4:], secret):
        assert f"{desk.root}/keys/{id}" in (await found(desk, wanted)).text


async def test_a_secret_that_was_looked_for_is_not_shown_again(desk: Desk) -> None:
    _, secret = await desk.create("Nightly import")
    assert secret not in (await found(desk, secret)).text


async def test_a_key_is_found_from_the_other_environment(desk: Desk) -> None:
    id, secret = await desk.create("Nightly import")
    test, desk.root = desk.root, desk.root.replace("/test", "/live")
    assert f"{test}/keys/{id}" in (await found(desk, secret)).text


async def test_another_organizations_key_is_not_found(desk: Desk) -> None:
    id, secret = await desk.create("Nightly import")
    visitor = desk.visitor
    visitor.client.cookies.clear()
    await visitor.sign_up("eve@example.com")
    home = await visitor.get("/")
    theirs = Desk(visitor, home.headers["location"].removesuffix("/overview"))
    for wanted in ("nightly", secret):
        page = (await found(theirs, wanted)).text
        assert id not in page
        assert secret not in page
