"""What all pages have: the rail, the palette, toasts, panels, the place last seen."""

import re

import pytest

from keyhouse.core.csrf import CSRF_HEADER
from tests.doors.console.conftest import Visitor
from tests.doors.console.rooms import Rooms, enter

HTMX = {"HX-Request": "true"}


@pytest.fixture
async def rooms(visitor: Visitor) -> Rooms:
    return await enter(visitor)


async def token(rooms: Rooms) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', await rooms.text("/account"))
    assert found
    return found[1]


async def found(rooms: Rooms, wanted: str) -> str:
    headers = {CSRF_HEADER: await token(rooms), **HTMX}
    answer = await rooms.visitor.client.post(
        f"{rooms.root}/find", data={"wanted": wanted}, headers=headers
    )
    assert answer.status_code == 200
    return answer.text


async def test_the_palette_finds_pages_by_the_beginning_of_words(rooms: Rooms) -> None:
    assert f'href="{rooms.root}/requests"' in await found(rooms, "req")
    both = await found(rooms, "key")
    assert f'href="{rooms.root}/keys/new"' in both
    assert f'href="{rooms.root}/keys"' in both


async def test_the_palette_says_when_there_is_nothing(rooms: Rooms) -> None:
    assert "Nothing here goes by that" in await found(rooms, "<script>")
    assert "<script>" not in await found(rooms, "<script>")


async def test_the_way_in_leads_to_the_place_last_seen(rooms: Rooms) -> None:
    live = rooms.root.replace("/test", "/live")
    await rooms.text(f"{live}/overview")
    home = await rooms.visitor.get("/")
    assert home.headers["location"] == f"{live}/overview"
    assert f'href="{live}/keys"' in await rooms.text(f"{rooms.home}/members")


async def test_a_place_that_is_not_theirs_is_forgotten(rooms: Rooms) -> None:
    cookies = rooms.visitor.client.cookies
    for name in list(cookies):
        if name == "keyhouse_place":
            del cookies[name]
    cookies.set("keyhouse_place", f"prj_{'0' * 22}/live")
    home = await rooms.visitor.get("/")
    assert home.headers["location"] == f"{rooms.root}/overview"
    assert rooms.root in await rooms.text("/account")


async def test_test_wears_stripes_and_live_does_not(rooms: Rooms) -> None:
    live = rooms.root.replace("/test", "/live")
    assert 'class="band"' in await rooms.text(f"{rooms.root}/keys")
    assert 'class="band"' not in await rooms.text(f"{live}/keys")


async def test_a_toast_is_shown_once(rooms: Rooms) -> None:
    sent = await rooms.visitor.submit("/account", "/account/name", name="Ada Byron")
    assert sent.headers["location"] == "/account"
    assert "Name saved" in await rooms.text("/account")
    assert "Name saved" not in await rooms.text("/account")


@pytest.mark.parametrize("text", ["%%%", "bm8ganNvbg==", "WzFd", "InRleHQi"])
async def test_a_toast_that_is_none_of_ours_is_none(rooms: Rooms, text: str) -> None:
    rooms.visitor.client.cookies.set("keyhouse_toast", text)
    assert 'class="toast"' not in await rooms.text("/account")


async def test_htmx_is_told_where_to_go_on(rooms: Rooms) -> None:
    headers = {CSRF_HEADER: await token(rooms), **HTMX}
    answer = await rooms.visitor.client.post(
        "/account/name", data={"name": "Ada"}, headers=headers
    )
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"] == "/account"


async def test_htmx_of_a_stranger_is_sent_to_log_in(visitor: Visitor) -> None:
    answer = await visitor.client.get("/account", headers=HTMX)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/login"


async def test_a_panel_is_a_page_of_its_own_and_a_part_of_another(rooms: Rooms) -> None:
    path = f"{rooms.root}/apis/new"
    whole = await rooms.text(path)
    assert f'hx-get="{rooms.root}/apis"' in whole
    assert '<dialog id="panel" class="panel" aria-labelledby="panel-title" open>' in whole
    part = (await rooms.visitor.client.get(path, headers=HTMX)).text
    assert "<html" not in part
    assert 'id="panel-title"' in part
    # Over a list that has a field of that name, the panel's has another id.
    assert 'id="f-name"' in whole
    assert 'id="p-name"' in part


async def test_what_is_chosen_of_light_and_dark_is_in_the_first_paint(
    rooms: Rooms,
) -> None:
    assert "data-theme=" not in await rooms.text("/account")
    rooms.visitor.client.cookies.set("keyhouse_theme", "dark")
    assert '<html lang="en" data-theme="dark">' in await rooms.text("/account")
    rooms.visitor.client.cookies.set("keyhouse_theme", '"><script>')
    assert "<script>" not in await rooms.text("/account")
