"""Calendars in the console: an address shown once, and closed."""

import re

import pytest

from keyhouse.services.rotation import read_feed
from keyhouse.services.work import Office
from tests.doors.console.conftest import Visitor
from tests.doors.console.rooms import Rooms, enter


@pytest.fixture
async def rooms(visitor: Visitor) -> Rooms:
    return await enter(visitor)


async def _made(rooms: Rooms) -> str:
    """The token in the address of a new calendar."""
    home = f"{rooms.home}/settings/calendars"
    answer = await rooms.visitor.submit(f"{home}/new", home, name="On-call")
    found = re.search(r"http://console\.test/calendar/([\w-]{43})\.ics", answer.text)
    assert found, answer.text
    return found[1]


async def test_the_address_is_shown_once_and_opens_the_feed(
    rooms: Rooms, office: Office
) -> None:
    token = await _made(rooms)
    assert read_feed(office, token) is not None
    listed = await rooms.text(f"{rooms.home}/settings/calendars")
    assert "On-call" in listed
    assert token not in listed


async def test_a_closed_calendar_opens_nothing(rooms: Rooms, office: Office) -> None:
    token, home = await _made(rooms), f"{rooms.home}/settings/calendars"
    found = re.search(rf"{home}/cal_\w+/close", await rooms.text(home))
    assert found
    await rooms.do(home, found[0])
    assert read_feed(office, token) is None
    assert "On-call" not in await rooms.text(home)


async def test_a_calendar_without_a_name_is_refused(rooms: Rooms) -> None:
    home = f"{rooms.home}/settings/calendars"
    answer = await rooms.visitor.submit(f"{home}/new", home, name="")
    assert answer.status_code == 422
    assert "f-name-problem" in answer.text
