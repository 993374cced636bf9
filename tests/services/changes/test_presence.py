"""A node's row: changes are acknowledged at once, and together where they are many."""

import asyncio
import threading

import pytest

from keyhouse.ports import Node, StoreUnavailable
from keyhouse.services.plane import presence
from keyhouse.services.plane.presence import Presence


class Nodes:
    """`ports.NodeRegistry` in memory; `away` is a database that does not answer."""

    def __init__(self) -> None:
        self.rows: dict[str, Node] = {}
        self.told: list[int] = []
        self.away = False
        self.news = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def announce(self, node: Node) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.rows[node.id] = node
        self.told.append(node.applied_seq)
        self._loop.call_soon_threadsafe(self.news.set)

    def leave(self, node_id: str) -> None:
        del self.rows[node_id]

    async def heard(self) -> None:
        async with asyncio.timeout(10):
            await self.news.wait()
        self.news.clear()


class Following:
    """A node and how far it has followed."""

    def __init__(self) -> None:
        self.seq = 1
        self.nodes = Nodes()
        self.presence = Presence(self.nodes, self.node)  # type: ignore[arg-type]  # all of it that is used

    def node(self) -> Node:
        return Node("nod_1", "boot", "gateway", 7, self.seq, 0)

    def applies(self, seq: int) -> None:
        self.seq = seq
        self.presence.heard()


async def test_a_change_is_acknowledged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or each revocation would be waited for until the next round, some seconds later."""
    monkeypatch.setattr(presence, "PAUSE_SECONDS", 3600.0)
    one = Following()
    one.presence.start()
    one.applies(2)
    await one.nodes.heard()
    assert one.nodes.told == [2]
    await one.presence.stop()


async def test_many_changes_are_acknowledged_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A write for each would make a busy change log the database's heaviest user."""
    monkeypatch.setattr(presence, "PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(presence, "AT_ONCE", 2)
    one = Following()
    one.presence.start()
    one.applies(2)
    await one.nodes.heard()
    for seq in range(3, 40):
        one.applies(seq)
        await asyncio.sleep(0)
    while one.nodes.told[-1] != 39:
        await one.nodes.heard()
    assert len(one.nodes.told) <= 4
    await one.presence.stop()


async def test_a_few_changes_are_acknowledged_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A key that is made and soon revoked is not to wait for the pause after the first."""
    monkeypatch.setattr(presence, "PAUSE_SECONDS", 3600.0)
    one = Following()
    one.presence.start()
    for seq in (2, 3, 4):
        one.applies(seq)
        await one.nodes.heard()
    assert one.nodes.told == [2, 3, 4]
    await one.presence.stop()


async def test_what_a_round_has_told_is_not_told_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "PAUSE_SECONDS", 0.01)
    one = Following()
    one.seq = 2
    await asyncio.to_thread(one.presence.announce)
    one.presence.start()
    one.presence.heard()
    one.nodes.news.clear()
    one.applies(3)
    await one.nodes.heard()
    assert one.nodes.told == [2, 3]
    await one.presence.stop()


async def test_acknowledging_goes_on_when_the_database_is_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(presence, "PAUSE_SECONDS", 0.01)
    one = Following()
    one.nodes.away = True
    one.presence.start()
    one.applies(2)
    async with asyncio.timeout(10):
        while not caplog.records:  # noqa: ASYNC110 - a log has no event to wait for
            await asyncio.sleep(0.005)
    one.nodes.away = False
    one.applies(3)
    await one.nodes.heard()
    assert one.nodes.told == [3]
    await one.presence.stop()


async def test_who_has_left_does_not_come_back() -> None:
    """A thread that is late would leave a row for which everybody waits."""
    one = Following()
    await asyncio.to_thread(one.presence.announce)
    await asyncio.to_thread(one.presence.leave)
    late = threading.Thread(target=one.presence.announce)
    late.start()
    await asyncio.to_thread(late.join)
    assert one.nodes.rows == {}
