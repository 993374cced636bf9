"""Things as a file says, by program."""

from typing import TYPE_CHECKING

import pytest

from keyhouse_client import AsyncClient, Client, ProblemError

if TYPE_CHECKING:
    from tests.client.conftest import Desk

MANAGEMENT_KEY = "kh_mk_0123456789abcdefghijABCDEFGHIJ000000"
DOCUMENT = {"keyhouse": 1, "apis": []}


def test_a_plan_is_asked_for_and_then_done(desk: "Desk") -> None:
    desk.say(200, {"plan": "abc", "steps": []})
    desk.say(200, {"complete": True})
    with Client(desk.url, MANAGEMENT_KEY) as client:
        plan = client.declaration.apply(DOCUMENT, dry_run=True)
        done = client.declaration.apply(
            DOCUMENT, prune=True, plan=plan["plan"], idempotency_key="mine"
        )
    assert done["complete"]
    first, second = desk.asked
    assert first.path == "/v1/apply?dry_run=true"
    assert second.path == "/v1/apply?prune=true&plan=abc"
    assert second.headers["Idempotency-Key"] == "mine"
    assert first.body == second.body == DOCUMENT


def test_an_export_is_an_object_or_the_text_of_a_file(desk: "Desk") -> None:
    desk.say(200, DOCUMENT)
    desk.say(200, DOCUMENT)
    with Client(desk.url, MANAGEMENT_KEY) as client:
        assert client.declaration.export(project="Weather", only=["apis"]) == DOCUMENT
        text = "".join(client.export_yaml(only=["apis", "keys"]))
    assert text == '{"keyhouse": 1, "apis": []}'
    first, second = desk.asked
    assert first.path == "/v1/export?project=Weather&only=apis"
    assert first.headers["Accept"] == "application/json"
    assert second.path == "/v1/export?only=apis%2Ckeys"
    assert second.headers["Accept"] == "application/yaml"


async def test_an_export_is_streamed_on_an_event_loop_too(desk: "Desk") -> None:
    desk.say(200, DOCUMENT)
    desk.say(403, {"title": "Scope missing", "status": 403})
    client = AsyncClient(desk.url, MANAGEMENT_KEY)
    pieces = [piece async for piece in client.export_yaml()]
    assert "".join(pieces) == '{"keyhouse": 1, "apis": []}'
    with pytest.raises(ProblemError, match="Scope missing"):
        [piece async for piece in client.export_yaml()]
    await client.close()
