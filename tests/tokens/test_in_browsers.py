"""A token in a page: what it was made for."""

import asyncio

from keyhouse.core import entities as rows
from tests.tokens.conftest import Town
from tests.tokens.test_beside_keys import booked

PAGE = "Origin: https://notes.example"


async def test_a_page_may_call_with_a_token_and_nobody_is_alarmed(town: Town) -> None:
    """A user's page would be shut out, and its application told that its key leaked."""
    token = await town.mint()
    assert await town.code(token, PAGE) == "valid"
    await booked(town, 1)
    assert await asyncio.to_thread(_alarms, town) == []


async def test_a_server_key_beside_it_is_out(town: Town) -> None:
    """Whoever has the page has the key."""
    token = await town.mint()
    own = f"X-API-Key: {town.secret('key')}"
    assert await town.code(token, PAGE, own) == "browser_not_allowed"
    await booked(town, 1)
    (alarm,) = await asyncio.to_thread(_alarms, town)
    assert alarm.kind is rows.AlertKind.SERVER_KEY_IN_BROWSER


def _alarms(town: Town) -> list[rows.Alert]:
    with town.stock.database.rows.reading() as tx:
        return list(tx.find(rows.Alert, key_id=town.own.ids["key"]))
