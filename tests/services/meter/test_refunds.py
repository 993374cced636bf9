"""Reservations that come to less: what was used is what calls came to, never more

than the limit, whatever is flushed, lost or killed in between.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from keyhouse.adapters.database import Database, open_database, upgrade
from keyhouse.adapters.database.tables import lease, usage_bucket
from keyhouse.adapters.spool import MappedSpoolFolder
from keyhouse.core.decision import Decision
from keyhouse.core.quotas import Span, span_of
from keyhouse.core.reservations import Reservation
from keyhouse.core.usage import Completed
from keyhouse.core.verdict import Verdict
from keyhouse.services.budgets import Exhausted, Reserved, Short
from keyhouse.services.meter import adopt_orphans
from tests.services.meter.test_metering import (
    API,
    BUDGET,
    LINE,
    NOW,
    QUOTA,
    USES,
    Door,
    Node,
)

LIMIT = QUOTA.amount
DAY_US = 86_400_000_000


class Call(NamedTuple):
    """A call that is under way."""

    request_id: str
    decision: Decision
    span: Span


def end(node: Node, call: Call, refund: int) -> None:
    """What a door does when an exchange is over."""
    decision = call.decision
    use = node.meter.use(decision, API)
    number = decision.verdict.number
    ended = Completed(call.request_id, decision.at_us, use, number, 200, 9, 1, 2)
    if node.meter.settled(ended, decision, refund) and refund:
        node.book.refund(decision.lease_ids, refund)


def begin(node: Node, cost: int) -> Call | None:
    """Reserve and write it down; None where the quota has no more."""
    now = node.clock.now
    for _ in range(20):
        told = node.book.reserve(USES, cost, now)
        if isinstance(told, Short):
            node.book.install(told.work(), now)
            continue
        if isinstance(told, Exhausted):
            return None
        assert isinstance(told, Reserved)
        ids = told.lease_ids
        decision = Decision(Verdict.VALID, now, LINE, units=cost, lease_ids=ids)
        return Call(node.write(decision), decision, span_of(QUOTA, now))
    raise AssertionError("neither spent nor refused")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'keyhouse.db'}"
    upgrade(url)
    opened = open_database(url)
    yield opened
    opened.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> MappedSpoolFolder:
    return MappedSpoolFolder(tmp_path / "spools", "boot", 4096 + 2048 * 128)


def used(database: Database, span: Span) -> int:
    return database.ledger.used(BUDGET, span)[0]


def units(database: Database) -> int:
    with database.engine.connect() as connection:
        return int(
            connection.execute(sa.select(sa.func.sum(usage_bucket.c.units))).scalar() or 0
        )


SPAN = span_of(QUOTA, NOW)


@pytest.mark.parametrize("flushed", [False, True])
def test_what_was_not_spent_is_neither_used_nor_counted(
    database: Database, folder: MappedSpoolFolder, flushed: bool
) -> None:
    node = Node(folder, Door(database))
    call = begin(node, 40)
    assert call is not None
    if flushed:
        assert node.flush()
        assert (used(database, SPAN), units(database)) == (40, 40)
    end(node, call, 33)
    assert node.flush()
    assert (used(database, SPAN), units(database)) == (7, 7)
    node.spool.discard()


def test_what_came_back_can_be_spent_again_to_the_last_unit(
    database: Database, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, Door(database))
    for _ in range(30):
        call = begin(node, 700)
        assert call is not None
        end(node, call, 690)
        assert node.flush()
    assert used(database, SPAN) == 300
    assert begin(node, LIMIT - 299) is None
    assert begin(node, LIMIT - 300) is not None
    assert node.flush()
    assert database.ledger.used(BUDGET, SPAN) == (LIMIT, 0)
    node.spool.discard()


def test_the_dead_gave_back_what_their_spool_says_and_nothing_else(
    database: Database, folder: MappedSpoolFolder
) -> None:
    door = Door(database)
    node = Node(folder, door)
    done, open_ = begin(node, 100), begin(node, 200)
    assert done is not None
    assert open_ is not None
    end(node, done, 90)
    node.spool.close()
    assert adopt_orphans(folder, door) == ["spl_a"]
    assert database.ledger.used(BUDGET, SPAN) == (210, 0)
    assert units(database) == 210


def test_a_refund_behind_its_windows_end_is_none_of_the_next_window(
    database: Database, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, Door(database))
    call = begin(node, LIMIT)
    assert call is not None
    node.clock.now = SPAN.end_us
    late = begin(node, 1)
    assert late is not None
    end(node, call, LIMIT)
    for _ in range(3):
        node.clock.now += 3_000_000
        assert node.flush()
    assert database.ledger.used(BUDGET, SPAN) == (0, 0)
    assert sum(database.ledger.used(BUDGET, late.span)) == 1
    assert begin(node, LIMIT) is None
    node.spool.discard()


def test_units_that_came_back_go_back_when_nobody_wants_them(
    database: Database, folder: MappedSpoolFolder, caplog: pytest.LogCaptureFixture
) -> None:
    """A lease that is given back before its refund is booked does not hold so much."""
    door = Door(database)
    node = Node(folder, door)
    call, other = begin(node, 500), begin(node, 1)
    assert call is not None
    assert other is not None
    assert node.flush()
    booked_to = door.booked_to

    def tick() -> None:
        node.clock.now += 3_000_000
        node.flusher.tick()

    def meanwhile(spool_id: str) -> int | None:
        """The owner goes on while the flusher is between booking and giving back."""
        door.booked_to = booked_to  # type: ignore[method-assign]
        end(node, call, 499)
        for _ in range(3):
            tick()
        return booked_to(spool_id)

    tick()
    tick()
    door.booked_to = meanwhile  # type: ignore[method-assign]
    assert node.flusher.work()
    assert door.booked_to == booked_to
    assert node.flusher.work()
    assert database.ledger.used(BUDGET, SPAN) == (2, 0)
    assert not caplog.records
    node.spool.discard()


class Spending(RuleBasedStateMachine):
    """Against the plainest model: what each call came to, by its window."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(mkdtemp(prefix="refunds-"))
        shutil.copy(TEMPLATE[0], self.path / "keyhouse.db")
        self.database = open_database(f"sqlite:///{self.path / 'keyhouse.db'}")
        self.door = Door(self.database)
        self.folder = MappedSpoolFolder(self.path / "spools", "boot", 4096 + 512 * 128)
        self.started = 0
        self.now = NOW
        self.came_to: dict[Span, int] = {}
        self.flying: list[Call] = []
        self.reserved: list[tuple[Reservation, Span]] = []
        self.node = self._start()

    def _start(self) -> Node:
        self.started += 1
        node = Node(self.folder, self.door, f"spl_{self.started}", log_rows_max=3)
        node.clock.now = self.now
        return node

    def _pass(self, us: int) -> None:
        self.now += us
        self.node.clock.now = self.now

    @rule(cost=st.integers(1, 400))
    def serve(self, cost: int) -> None:
        call = begin(self.node, cost)
        if call is not None:
            self.flying.append(call)
            self.came_to[call.span] = self.came_to.get(call.span, 0) + cost

    @rule(share=st.floats(0, 1), at=st.integers(0, 99))
    def complete(self, share: float, at: int) -> None:
        if self.flying:
            call = self.flying.pop(at % len(self.flying))
            refund = int(call.decision.units * share)
            end(self.node, call, refund)
            self.came_to[call.span] -= refund

    @rule(cost=st.integers(1, 400))
    def reserve(self, cost: int) -> None:
        """For a call elsewhere, which may be told of after the node is gone."""
        call = begin(self.node, cost)
        if call is not None:
            decision = call.decision
            use = self.node.meter.use(decision, API)
            ids, at = decision.lease_ids, decision.at_us
            made = Reservation(call.request_id, at, "prj", cost, ids, use)
            self.reserved.append((made, call.span))
            self.came_to[call.span] = self.came_to.get(call.span, 0) + cost

    @rule(share=st.floats(0, 1), at=st.integers(0, 99), times=st.integers(1, 2))
    def settle(self, share: float, at: int, times: int) -> None:
        if self.reserved:
            made, span = self.reserved.pop(at % len(self.reserved))
            spent = int(made.units * share)
            for _ in range(times):
                assert self.database.settlements.settle(made, spent, self.now) == spent
            self.came_to[span] -= made.units - spent

    @rule()
    def flush(self) -> None:
        self._pass(700_000)
        self.node.flush()

    @rule(seconds=st.sampled_from((1, 5, 86_400)))
    def wait(self, seconds: int) -> None:
        self._pass(seconds * 1_000_000)

    @rule()
    def lose_the_database_for_a_while(self) -> None:
        self.door.away = True
        self.node.flush()
        self.door.away = False

    @rule()
    def lose_an_answer(self) -> None:
        self.door.answer_lost = True
        self.node.flush()
        self.door.answer_lost = False

    @rule()
    def crash_and_replay(self) -> None:
        """What was under way stays spent: nobody knows what it came to."""
        self.node.spool.close()
        self.flying.clear()
        assert adopt_orphans(self.folder, self.door, 3) == [self.node.spool.id]
        self.node = self._start()

    @invariant()
    def no_window_is_overspent(self) -> None:
        for span in self.came_to:
            spent, leased = self.database.ledger.used(BUDGET, span)
            assert spent + leased <= LIMIT
            assert 0 <= self.came_to[span] <= LIMIT
            assert spent + leased >= self.came_to[span], (
                "units in the air are free to others"
            )

    def teardown(self) -> None:
        self.node.flush()
        self.node.spool.close()
        adopt_orphans(self.folder, self.door, 3)
        for span, units_ in self.came_to.items():
            assert self.database.ledger.used(BUDGET, span) == (units_, 0)
        assert units(self.database) == sum(self.came_to.values())
        with self.database.engine.connect() as connection:
            held = sa.select(sa.func.min(lease.c.amount - lease.c.settled))
            assert (connection.execute(held).scalar() or 0) >= 0
        self.database.dispose()
        shutil.rmtree(self.path)


TEMPLATE: list[Path] = []


@pytest.fixture(scope="module", autouse=True)
def template(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A migrated file that the machine's are copied from."""
    path = tmp_path_factory.mktemp("template") / "keyhouse.db"
    upgrade(f"sqlite:///{path}")
    TEMPLATE[:] = [path]


TestSpending = Spending.TestCase
TestSpending.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
