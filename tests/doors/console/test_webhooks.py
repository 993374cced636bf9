"""Webhooks in the console: made, shown their secret once, tried, switched."""

import re

import pytest

from keyhouse.core.events import CHOOSABLE
from keyhouse.doors.console.webhooks.kinds import GROUPS, words
from tests.doors.console.conftest import Visitor
from tests.doors.console.rooms import Rooms, enter

_URL = "https://93.184.215.14/hooks"


@pytest.fixture
async def rooms(visitor: Visitor) -> Rooms:
    return await enter(visitor)


def _home(rooms: Rooms) -> str:
    return f"{rooms.home}/settings/webhooks"


async def _sent(rooms: Rooms, **typed: str) -> tuple[int, str]:
    home = _home(rooms)
    fields = {"url": _URL, "name": "Accounting", **typed}
    answer = await rooms.visitor.submit(f"{home}/new", home, **fields)
    return answer.status_code, answer.text


async def _made(rooms: Rooms, **typed: str) -> tuple[str, str]:
    """The address of a new webhook's page, and its secret."""
    status, text = await _sent(rooms, **typed)
    assert status == 200, text
    found, secret = re.search(r"whk_\w{22}", text), re.search(r"whsec_[\w+/=]{44}", text)
    assert found
    assert secret
    return f"{_home(rooms)}/{found[0]}", secret[0]


def test_each_kind_of_event_can_be_chosen_in_one_group() -> None:
    """A kind in none could be had by nobody here, and one in two would be sent twice."""
    named = [choice.name for group in GROUPS for choice in group.choices]
    assert sorted(named) == sorted(CHOOSABLE)
    assert all(group.choices for group in GROUPS)


@pytest.mark.parametrize(
    ("events", "told"),
    [
        (("*",), "Every event"),
        (("key.revoked",), "key.revoked"),
        (("key.revoked", "key.created", "quota.near"), "key.revoked and 2 more"),
    ],
)
def test_what_is_sent_in_few_words(events: tuple[str, ...], told: str) -> None:
    assert words(events) == told


async def test_the_secret_is_shown_once_and_the_webhook_listed(rooms: Rooms) -> None:
    webhook, secret = await _made(rooms)
    page, listed = await rooms.text(webhook), await rooms.text(_home(rooms))
    assert secret not in page + listed
    assert _URL in page
    assert "Every event" in listed
    assert "Accounting" in listed


async def test_only_what_was_ticked_is_sent(rooms: Rooms) -> None:
    webhook, _ = await _made(rooms, which="some", event="key.revoked")
    page = await rooms.text(webhook)
    assert "key.revoked" in page
    assert "Every event" not in page
    form = await rooms.text(f"{webhook}/edit")
    assert re.search(r'value="key.revoked" checked', form)
    assert not re.search(r'value="key.created" checked', form)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"url": "http://example.com/"}, "is not encrypted"),
        ({"url": "elsewhere"}, "is no address"),
        ({"which": "some"}, "The list of events is empty"),
        ({"which": "some", "event": "key.eaten"}, "is no kind of event"),
    ],
)
async def test_what_stands_in_the_way_is_told(
    rooms: Rooms, typed: dict[str, str], told: str
) -> None:
    """And what was typed comes back."""
    status, text = await _sent(rooms, **typed)
    assert status == 422
    assert told in text
    assert 'value="Accounting"' in text


async def test_a_webhook_is_changed(rooms: Rooms) -> None:
    webhook, _ = await _made(rooms)
    await rooms.do(f"{webhook}/edit", webhook, name="Ledger", url=f"{_URL}/2")
    page = await rooms.text(webhook)
    assert "<title>Ledger" in page
    assert f"{_URL}/2" in page


async def test_another_secret_is_shown_once(rooms: Rooms) -> None:
    webhook, first = await _made(rooms)
    action = f"{webhook}/rotate"
    answer = await rooms.visitor.submit(action, action, overlap_seconds="3600")
    second = re.search(r"whsec_[\w+/=]{44}", answer.text)
    assert second
    assert second[0] != first
    assert "For 1 hour each event bears two signatures" in answer.text
    page = await rooms.text(webhook)
    assert "signs as well" in page
    assert second[0] not in page


async def test_a_test_event_is_on_its_way_and_can_be_sent_again(rooms: Rooms) -> None:
    webhook, _ = await _made(rooms)
    await rooms.do(webhook, f"{webhook}/test")
    page = await rooms.text(webhook)
    replay = re.search(rf"{webhook}/deliveries/dlv_\w+/replay", page)
    assert replay
    await rooms.do(webhook, replay[0])
    assert (await rooms.text(webhook)).count("/replay") == page.count("/replay") + 1
    assert "webhook.test" not in await rooms.text(f"{webhook}?state=failed")
    assert "webhook.test" in await rooms.text(f"{webhook}?state=pending")


async def test_a_disabled_webhook_is_sent_nothing_and_comes_back(rooms: Rooms) -> None:
    webhook, _ = await _made(rooms)
    await rooms.do(webhook, f"{webhook}/disable")
    page = await rooms.text(webhook)
    assert "Disabled" in page
    assert f"{webhook}/test" not in page
    await rooms.do(webhook, f"{webhook}/enable")
    assert f"{webhook}/test" in await rooms.text(webhook)


async def test_a_deleted_webhook_is_gone(rooms: Rooms) -> None:
    webhook, _ = await _made(rooms)
    await rooms.do(webhook, f"{webhook}/delete")
    await rooms.text(webhook, 404)
    assert "Accounting" not in await rooms.text(_home(rooms))
