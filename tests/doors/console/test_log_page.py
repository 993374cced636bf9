"""The request log: what came, what it came to, why, and how to narrow it."""

import asyncio
import re
import time

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.addresses import parse_address
from keyhouse.core.ids import REQUEST, base62, make_id
from keyhouse.core.usage import LogRow, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.services.work import Office
from tests.doors.console.conftest import Visitor
from tests.doors.console.rooms import Rooms, enter

CAME = (Verdict.VALID, Verdict.IP_NOT_ALLOWED, Verdict.UNKNOWN)


def request_id(at_ms: int) -> str:
    """An id as the gateway makes them: its time, then what sets it apart."""
    return f"{REQUEST}_{base62(at_ms, 7)}{'0' * 15}"


class Log:
    """The log of an API, with one request of each kind of CAME."""

    def __init__(self, rooms: Rooms, api: str, database: Database) -> None:
        self.rooms = rooms
        self.path = f"{rooms.root}/requests"
        self._api = api
        self._database = database
        self._booked = 0

    def book(self, *came: Verdict, id: str = "") -> list[str]:
        lines = [self._line(verdict, id) for verdict in came]
        spool = f"spl_{self._booked}"
        self._database.sink.open_spool(spool, "nod_1", "boot")
        assert self._database.sink.book(UsageBatch(spool, 0, 64, log=lines))
        return [line.request_id for line in lines]

    def _line(self, verdict: Verdict, id: str = "") -> LogRow:
        self._booked += 1
        home = self.rooms.home[1:]
        environment = "" if verdict is Verdict.UNKNOWN else "test"
        use = Use(home, home, self._api, "", "", 0, "", environment, "")
        at = self._booked * 1_000_000
        id = id or make_id(REQUEST, at, bytes(10))
        return LogRow(
            id,
            at,
            use,
            verdict.number,
            "GET",
            "/a",
            parse_address("198.51.100.7"),
            verdict.status,
            1500,
        )


@pytest.fixture
async def log(visitor: Visitor, office: Office, database: Database) -> Log:
    rooms = await enter(visitor)
    made = Log(rooms, (await rooms.api()).rpartition("/")[2], database)
    made.book(*CAME)
    return made


async def test_every_request_is_there_with_what_it_came_to(log: Log) -> None:
    page = await log.rooms.text(log.path)
    for words in ("Served", "Address not allowed", "Unknown", "1.5 ms", "198.51.100.7"):
        assert words in page


async def test_the_log_is_narrowed_by_its_address(log: Log) -> None:
    refused = await log.rooms.text(f"{log.path}?verdict=refused&api=weather")
    assert "Served" not in refused
    assert "Address not allowed" in refused
    assert "No request fits" in await log.rooms.text(f"{log.path}?verdict=expired")
    assert "No request fits" in await log.rooms.text(f"{log.path}?key=key_other")


async def test_a_refusal_says_why_and_what_to_do(log: Log) -> None:
    (id,) = log.book(Verdict.IP_NOT_ALLOWED)
    page = await log.rooms.text(f"{log.path}/{id}")
    assert Verdict.IP_NOT_ALLOWED.detail in page
    assert "If 198.51.100.7 is one of yours, add its network to the key." in page


async def test_another_projects_request_is_not_there(log: Log) -> None:
    (id,) = log.book(Verdict.VALID)
    projects = f"{log.rooms.home}/projects"
    other = await log.rooms.do(f"{projects}/new", projects, name="Other")
    await log.rooms.text(f"{other.rpartition('/')[0]}/requests/{id}", 404)


async def test_asked_again_the_page_answers_only_where_something_came(log: Log) -> None:
    page = await log.rooms.text(log.path)
    found = re.search(r'hx-get="([^"]+mark=\w+)"', page)
    assert found
    asked = {"HX-Request": "true", "HX-Target": "requests-found"}
    client = log.rooms.visitor.client
    assert (await client.get(found[1], headers=asked)).status_code == 204
    log.book(Verdict.RATE_LIMITED)
    fresh = await client.get(found[1], headers=asked)
    assert "Rate limited" in fresh.text
    assert "<html" not in fresh.text


async def test_a_request_of_just_now_is_waited_for(log: Log) -> None:
    now = int(time.time() * 1000)
    asked = asyncio.create_task(log.rooms.text(f"{log.path}/{request_id(now)}"))
    await asyncio.sleep(0.3)
    assert not asked.done()
    log.book(Verdict.VALID, id=request_id(now))
    assert "Let pass" in await asked


async def test_an_old_request_that_is_gone_is_not_waited_for(log: Log) -> None:
    began = time.monotonic()
    await log.rooms.text(f"{log.path}/{request_id(1)}", 404)
    assert time.monotonic() - began < 2
