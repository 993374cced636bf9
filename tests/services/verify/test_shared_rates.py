"""Rates that are counted elsewhere: what was reserved waits for their answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.core.decision import Decision
from keyhouse.core.entities import AlertKind, BrowserKeys, Limit, LimitKind, Window
from keyhouse.core.limits import Taken
from keyhouse.core.pending import Pending
from keyhouse.core.records import RateUse
from keyhouse.core.request import Request
from keyhouse.core.verdict import Verdict
from keyhouse.ports import RateAnswer, RateCounter, Slowed, Uncounted
from tests.services.verify.world import SECRET, World, finish, limit

QUOTA = Limit(name="daily", kind=LimitKind.QUOTA, amount=3, window=Window.DAY)
Take = Callable[[object], None]


@dataclass
class Elsewhere:
    """Counters whose answers come when the test says so, or do not come at all."""

    is_answered: bool | None = None
    away: bool = False
    told: RateAnswer | None = None
    counted: MemoryRateCounter = field(default_factory=MemoryRateCounter)
    waiting: list[tuple[RateAnswer, Take]] = field(default_factory=list)

    def share_among(self, nodes: int) -> None:
        self.counted.share_among(nodes)

    async def close(self) -> None:
        await self.counted.close()

    def take(self, uses: Sequence[RateUse], cost: int, now_us: int) -> Pending[RateAnswer]:
        told: RateAnswer = (
            Uncounted() if self.away else self.counted.take(uses, cost, now_us)
        )
        told = self.told or told

        def begin(then: Take) -> None:
            self.waiting.append((told, then))

        return Pending(None, _blocks, _same, begin)

    def answer(self) -> None:
        """All that is waited for comes."""
        waiting, self.waiting = self.waiting, []
        for told, then in waiting:
            then(told)


def _blocks() -> object:
    raise AssertionError("nothing blocks where there is a begin")


def _same(answer: object) -> RateAnswer:
    assert isinstance(answer, tuple) or answer.__class__.__name__ in ("Slowed", "Uncounted")
    return answer  # type: ignore[return-value] # what `begin` gave


class Shared(World):
    """A world whose rates are counted elsewhere."""

    def __init__(self, **key_fields: Any) -> None:
        self.elsewhere = Elsewhere()
        super().__init__(**key_fields)
        counter: RateCounter = self.elsewhere
        self.rates = counter  # type: ignore[assignment] # for what is built next
        self.verifier = self._verifier()
        self.confirm()

    def begun(self, *, browser: bool = False) -> list[Decision]:
        """Ask once; the decision is in the list when it has come."""
        got: list[Decision] = []
        asked = Request(secret=SECRET.reveal().encode(), api="weather", browser=browser)
        outcome = self.verifier.verify(asked)
        while isinstance(outcome, Pending) and outcome.begin is None:
            outcome = outcome.resume(outcome.work())
        assert isinstance(outcome, Pending)
        assert outcome.begin is not None
        resume = outcome.resume
        outcome.begin(lambda answer: got.append(finish(resume(answer))))
        return got


def test_the_decision_comes_with_the_answer_and_tells_all_limits() -> None:
    world = Shared(limits=(QUOTA, limit("minute", 5)))
    got = world.begun()
    assert got == []
    world.elsewhere.answer()
    assert got[0].verdict is Verdict.VALID
    assert [(one.name, one.remaining) for one in got[0].limits] == [
        ("minute", 4),
        ("daily", 2),
    ]


def test_what_waits_has_its_units_and_no_other_call_gets_them() -> None:
    world = Shared(limits=(QUOTA, limit("minute", 50)))
    waiting = [world.begun() for _ in range(3)]
    refused = finish(world.verifier.verify(world.ask()))
    assert refused.verdict is Verdict.QUOTA_EXCEEDED
    world.elsewhere.answer()
    assert [got[0].verdict for got in waiting] == [Verdict.VALID] * 3


def test_a_refusal_that_comes_later_gives_the_units_back() -> None:
    world = Shared(limits=(QUOTA, limit("minute", 1)))
    waiting = [world.begun() for _ in range(3)]
    world.elsewhere.answer()
    verdicts = [got[0].verdict for got in waiting]
    assert verdicts == [Verdict.VALID] + [Verdict.RATE_LIMITED] * 2
    world.clock.wall_us += 60_000_000
    again = world.begun()
    world.elsewhere.answer()
    assert again[0].limits[1].remaining == 1


@pytest.mark.parametrize("calls", [1, 4])
def test_where_nothing_may_pass_uncounted_nothing_is_spent(calls: int) -> None:
    world = Shared(limits=(QUOTA, limit("minute", 50)))
    world.elsewhere.away = True
    for _ in range(calls):
        got = world.begun()
        world.elsewhere.answer()
        assert got[0].verdict is Verdict.UNAVAILABLE
    world.elsewhere.away = False
    got = world.begun()
    world.elsewhere.answer()
    assert got[0].limits[1].remaining == 2


def test_a_refusal_without_a_counter_that_refuses_is_one_all_the_same() -> None:
    """Another node's clock may tell other times than ours: that must not be a fault."""
    world = Shared(limits=(QUOTA, limit("minute", 5)))
    world.elsewhere.told = Slowed((Taken(True, 0, 5, 0, 0),))
    got = world.begun()
    world.elsewhere.answer()
    assert (got[0].verdict, got[0].retry_us) == (Verdict.RATE_LIMITED, None)
    world.elsewhere.told = None
    again = world.begun()
    world.elsewhere.answer()
    assert again[0].limits[1].remaining == 2, "what was reserved has not come back"


def test_a_key_in_a_browser_is_flagged_though_the_answer_comes_later() -> None:
    world = Shared(limits=(limit("minute", 5),))
    world.store.change("api", "api_1", browser_keys=BrowserKeys.FLAG)
    world.confirm()
    world.begun(browser=True)
    (alert,) = world.alarms.take()
    assert alert.kind is AlertKind.SERVER_KEY_IN_BROWSER
    assert alert.count == 1
