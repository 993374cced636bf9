"""What comes as a stream: the audit, and a document as the text of a file."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from keyhouse_client import (
    AsyncClient,
    Client,
    KeyhouseError,
    ProblemError,
    Unreachable,
    calls,
)

if TYPE_CHECKING:
    from tests.client.conftest import Desk

STREAMS: Final[dict[str, Callable[[Any], Any]]] = {
    "/v1/audit/export": lambda client: client.audit.export(),
    "/v1/export": lambda client: client.export_yaml(),
}
every = pytest.mark.parametrize("path", STREAMS)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "PAUSE_SECONDS", 0)


@pytest.fixture
def client(desk: "Desk") -> Iterator[Client]:
    with Client(desk.url, "kh_mk_x") as made:
        yield made


@pytest.fixture
async def on_a_loop(desk: "Desk") -> AsyncIterator[AsyncClient]:
    async with AsyncClient(desk.url, "kh_mk_x") as made:
        yield made


def _busy(desk: "Desk") -> None:
    """A lost connection and a 503, before what is asked for comes."""
    desk.hang_up()
    desk.say(503, {"code": "unavailable"})
    desk.say(200, {"id": "x"})


@every
def test_it_is_asked_for_again_until_it_begins(
    desk: "Desk", client: Client, path: str
) -> None:
    _busy(desk)
    (found,) = STREAMS[path](client)
    assert found in ({"id": "x"}, '{"id": "x"}')
    assert [asked.path for asked in desk.asked] == [path] * 3


@every
async def test_it_is_asked_for_again_on_an_event_loop_too(
    desk: "Desk", on_a_loop: AsyncClient, path: str
) -> None:
    _busy(desk)
    found = [piece async for piece in STREAMS[path](on_a_loop)]
    assert found in ([{"id": "x"}], ['{"id": "x"}'])
    assert [asked.path for asked in desk.asked] == [path] * 3


@every
def test_that_ends(desk: "Desk", client: Client, path: str) -> None:
    for _ in range(calls.ATTEMPTS):
        desk.hang_up()
    with pytest.raises(Unreachable, match=f"GET {desk.url}{path}: "):
        list(STREAMS[path](client))
    for _ in range(calls.ATTEMPTS):
        desk.say(503, {"code": "unavailable"})
    with pytest.raises(ProblemError) as caught:
        list(STREAMS[path](client))
    assert caught.value.code == "unavailable"


@every
def test_a_stream_that_breaks_off_is_not_begun_again(
    desk: "Desk", client: Client, path: str
) -> None:
    """Its beginning would come twice."""
    desk.break_off({"id": "x"})
    with pytest.raises(Unreachable, match=f"GET {desk.url}{path}: "):
        list(STREAMS[path](client))
    assert len(desk.asked) == 1


@every
def test_a_refusal_is_a_problem(desk: "Desk", client: Client, path: str) -> None:
    desk.say(403, {"code": "scope_missing", "title": "No", "status": 403})
    with pytest.raises(ProblemError, match="403 No"):
        list(STREAMS[path](client))


@every
async def test_failures_are_told_on_an_event_loop_too(
    desk: "Desk", on_a_loop: AsyncClient, path: str
) -> None:
    desk.say(403, {"code": "scope_missing", "title": "No", "status": 403})
    with pytest.raises(ProblemError, match="403 No"):
        await anext(STREAMS[path](on_a_loop))
    for _ in range(calls.ATTEMPTS):
        desk.hang_up()
    with pytest.raises(Unreachable, match=f"GET {desk.url}{path}: "):
        await anext(STREAMS[path](on_a_loop))


def test_a_row_that_is_none_is_told_with_the_address(desk: "Desk", client: Client) -> None:
    """A page of another server, behind an address that is wrong."""
    desk.say(200, ["hello"])
    with pytest.raises(KeyhouseError, match=f"{desk.url}/v1/audit.*look at the address"):
        list(client.audit.export())


async def test_filters_go_with_it(desk: "Desk", on_a_loop: AsyncClient) -> None:
    desk.say(200, {"id": "aud_1"})
    rows = on_a_loop.audit.export(after="aud_0", since=None)
    assert [row["id"] async for row in rows] == ["aud_1"]
    assert desk.asked[0].path == "/v1/audit/export?after=aud_0"
