"""Imports in the console: a small file at once, and what was wrong with which line."""

import re

import httpx
import pytest

from keyhouse.core.entities import Environment, ImportFormat
from keyhouse.services.imports import ImportWish, create_import
from keyhouse.services.work import Office
from tests.doors.console.conftest import Visitor
from tests.doors.console.rooms import Rooms, enter

_ROWS = "name,secret\nHarbour,a-string-of-another-system\nKiosk,short\n"
_SECRET = "a-string-of-another-system"


@pytest.fixture
async def rooms(visitor: Visitor) -> Rooms:
    entered = await enter(visitor)
    await entered.api("Weather", slug="weather")
    return entered


async def _sent(rooms: Rooms, file: bytes | None = None, **typed: str) -> httpx.Response:
    """The form as a browser sends it, with or without a chosen file."""
    home, fields = f"{rooms.root}/imports", {"format": "csv", "mode": "lenient"}
    if file is None:
        return await rooms.visitor.submit(f"{home}/new", home, **(fields | typed))
    csrf = re.search(r'name="csrf" value="(\w+)"', await rooms.text(f"{home}/new"))
    assert csrf
    data = {**fields, "csrf": csrf[1], "environment": "test", "api": "weather", **typed}
    return await rooms.visitor.client.post(
        home, data=data, files={"file": ("keys.csv", file)}
    )


async def _done(rooms: Rooms, file: bytes = _ROWS.encode(), **typed: str) -> str:
    """The address of a new import's page."""
    answer = await _sent(rooms, file, **typed)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_a_small_file_becomes_keys_and_each_fault_is_told(rooms: Rooms) -> None:
    page = await rooms.text(await _done(rooms))
    assert "Left out" in page
    assert re.search(r'scope="row" class="number">3<', page)
    assert _SECRET not in page
    assert "Harbour" in await rooms.text(f"{rooms.root}/keys")
    assert "CSV" in await rooms.text(f"{rooms.root}/imports")


async def test_pasted_rows_do_as_well(rooms: Rooms) -> None:
    answer = await _sent(rooms, text=_ROWS, api="weather")
    assert answer.status_code == 303
    assert "Harbour" in await rooms.text(f"{rooms.root}/keys")


async def test_a_trial_keeps_nothing_and_tells_what_would_come_of_it(
    rooms: Rooms,
) -> None:
    page = await rooms.text(await _done(rooms, mode="dry_run"))
    assert "Would be keys" in page
    assert "hx-trigger" in page
    assert "Harbour" not in await rooms.text(f"{rooms.root}/keys")


@pytest.mark.parametrize(
    ("file", "typed", "told"),
    [
        (b"name,secret\n\xff,x\n", {}, "is no UTF-8"),
        (b"x" * 900_001, {}, "is larger than 900 kB"),
        (b"surname,secret\na,b\n", {}, "Nothing was imported"),
        (_ROWS.encode(), {"format": "xml"}, "is none of these"),
        (b"name,secret\n" + b"a,a-string-of-another\n" * 501, {}, "more than 500 rows"),
    ],
)
async def test_a_file_that_cannot_be_read_is_told(
    rooms: Rooms, file: bytes, typed: dict[str, str], told: str
) -> None:
    answer = await _sent(rooms, file, **typed)
    assert answer.status_code == 422
    assert told in answer.text


async def test_no_page_shows_the_secrets_of_a_refused_file(rooms: Rooms) -> None:
    answer = await _sent(rooms, text=_ROWS, format="aws", api="weather")
    assert answer.status_code == 422
    assert _SECRET not in answer.text
    nothing = await _sent(rooms, text=" ", api="weather")
    assert "choose a file, or paste its rows" in nothing.text


async def test_an_import_that_comes_in_by_parts_is_watched_and_cancelled(
    rooms: Rooms, office: Office, visitor: Visitor
) -> None:
    row = _begun(office, visitor, rooms)
    page = f"{rooms.root}/imports/{row}"
    text = await rooms.text(page)
    assert "Coming in" in text
    assert "every 2s" in text
    refused = await _sent(rooms, _ROWS.encode())
    assert "is not over" in refused.text
    await rooms.do(page, f"{page}/cancel")
    assert "Being taken back" in await rooms.text(page)


async def test_an_import_of_another_project_is_not_found_here(rooms: Rooms) -> None:
    id = (await _done(rooms)).rsplit("/", 1)[1]
    projects = f"{rooms.home}/projects"
    await rooms.do(f"{projects}/new", projects, name="Other")
    found = set(re.findall(r"prj_\w{22}", await rooms.text(projects)))
    (other,) = (one for one in found if one not in rooms.root)
    await rooms.text(f"/{other}/test/imports/{id}", 404)


def _begun(office: Office, visitor: Visitor, rooms: Rooms) -> str:
    """An import that somebody's command line has begun; its id."""
    token = visitor.client.cookies["keyhouse_session"]
    signed = visitor.people.session(token)
    assert signed
    actor = visitor.people.actor(signed, rooms.home[1:], "", "")
    assert actor
    wish = ImportWish(format=ImportFormat.CSV, environment=Environment.TEST)
    return office.write(actor, lambda work: create_import(work, wish)).value.id
