"""Users of applications in the console: who calls most, and tokens taken back."""

import re
import time

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import RevokedKind, TokenRevocation
from keyhouse.core.observations import OTHER, Dimension, ObservationGroup, Seen
from keyhouse.core.usage import UsageBatch
from keyhouse.core.verdict import Verdict
from keyhouse.services.work import Office
from tests.doors.console.conftest import Visitor
from tests.doors.console.rooms import Rooms, enter


@pytest.fixture
async def rooms(visitor: Visitor) -> Rooms:
    return await enter(visitor)


async def _application(rooms: Rooms) -> str:
    path = f"{rooms.root}/applications"
    return await rooms.do(f"{path}/new", path, name="Planner")


def _called(database: Database, rooms: Rooms, api: str, application: str) -> None:
    """Alice was served 412 times and refused 3 times; others called 7 times."""
    now_us, own = time.time_ns() // 1000, rooms.home[1:]
    app = application.rsplit("/", 1)[1]
    batch = UsageBatch("spo_users", 0, 1)
    database.sink.open_spool(batch.spool_id, "nod_users", "boot")
    for verdict, seen in (
        (Verdict.VALID, {f"{app}/alice": 412, OTHER: 7}),
        (Verdict.RATE_LIMITED, {f"{app}/alice": 3}),
    ):
        names = (own, own, api.rsplit("/", 1)[1], "key_0")
        day = now_us // 86_400_000_000
        group = ObservationGroup(day, *names, verdict.number, Dimension.USER)
        batch.observations[group] = {
            value: Seen(count, now_us, now_us) for value, count in seen.items()
        }
    assert database.sink.book(batch)


def _revoked(office: Office) -> set[tuple[RevokedKind, str]]:
    with office.rows.reading() as tx:
        return {(row.kind, row.value) for row in tx.find(TokenRevocation)}


async def test_a_user_has_one_row_whatever_came_of_the_calls(
    rooms: Rooms, database: Database
) -> None:
    api, application = await rooms.api(), await _application(rooms)
    assert "Nobody called" in await rooms.text(f"{api}/users")
    _called(database, rooms, api, application)
    page = await rooms.text(f"{api}/users")
    rows = re.findall(r'<th scope="row"[^>]*>([^<]+)</th>', page)
    assert rows == ["alice", "All others"]
    assert ">412<" in page
    assert ">3<" in page
    assert ">7<" in page


async def test_tokens_of_a_user_are_revoked_where_they_are_seen(
    rooms: Rooms, database: Database, office: Office
) -> None:
    api, application = await rooms.api(), await _application(rooms)
    _called(database, rooms, api, application)
    back = await rooms.do(f"{api}/users", f"{application}/tokens")
    assert back == f"{api}/users"
    assert _revoked(office) == {(RevokedKind.USER, "alice")}


async def test_all_tokens_of_an_application_are_revoked(
    rooms: Rooms, office: Office
) -> None:
    application = await _application(rooms)
    action = f"{application}/tokens"
    assert await rooms.do(action, action, which="all") == application
    id = application.rsplit("/", 1)[1]
    assert _revoked(office) == {(RevokedKind.APPLICATION, id)}


async def test_nobody_is_no_user(rooms: Rooms, office: Office) -> None:
    action = f"{await _application(rooms)}/tokens"
    answer = await rooms.visitor.submit(action, action, which="user", user="")
    assert answer.status_code == 422
    assert "f-user-problem" in answer.text
    assert _revoked(office) == set()
