"""The worker rolls usage up, and nobody sees that it did."""

from functools import partial

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import Job
from keyhouse.core.grains import Grain
from keyhouse.core.verdict import Verdict
from keyhouse.services import reports, rotation
from keyhouse.services.jobs import Claim, Holding, Overtaken
from keyhouse.services.reports import Span, Step, UsageWish
from keyhouse.services.upkeep import Retention, UsageRetention, keep_up, roll_up_usage
from keyhouse.services.upkeep.rolling import LATE_MINUTES
from keyhouse.services.work import Turn
from tests.servers.acme import Acme

HOUR = 60
DAY = 24 * HOUR


def _never() -> bool:
    return False


def _claim(acme: Acme) -> Claim:
    holding = Holding(acme.office.rows, acme.clock, "usage.rollup", "nod_1")
    claim = holding.claim(_never)
    assert claim is not None
    return claim


def _roll(acme: Acme, **options: int) -> int:
    rows, pause = acme.office.rows, lambda _seconds: None
    return roll_up_usage(rows, acme.clock, _claim(acme), pause=pause, **options)


def _rolled_and_pruned(acme: Acme) -> None:
    assert _roll(acme) > 0
    assert _roll(acme) == 0
    keep_up(acme.database.upkeep, acme.clock, Retention(30), _never)


def test_no_report_changes_when_usage_is_rolled_up(acme: Acme) -> None:
    """Charts from one hour to 90 days, the overview, the list of keys, the rotation."""
    acme.api()
    made = acme.key()
    for minutes_ago in (0, 3, 50, 20 * HOUR, 6 * DAY, 29 * DAY, 80 * DAY):
        acme.book(made, 3, minutes_ago=minutes_ago, errors=1, slot=5)
        acme.book(made, 2, minutes_ago=minutes_ago, verdict=Verdict.RATE_LIMITED)
    acme.attempt("weather", {"192.0.2.0/24": 7}, minutes_ago=3 * HOUR)
    id = made.view.key.id

    def seen() -> list[object]:
        return [
            *(acme.read(partial(reports.report_key, id=id, span=span)) for span in Span),
            acme.read(lambda look: reports.overview(look, acme.project, "test")),
            acme.read(lambda look: reports.key_activity(look, [id])),
            acme.read(lambda look: reports.calls_in_last_hour(look, key=id)),
            acme.read(lambda look: rotation.get_rotation(look, id)),
        ]

    before = seen()
    _rolled_and_pruned(acme)
    assert seen() == before


@pytest.mark.parametrize("step", Step)
def test_pages_of_usage_hold_what_the_whole_does(acme: Acme, step: Step) -> None:
    """Wherever a page ends: among minutes, quarters of an hour, or days that are left."""
    acme.api()
    keys = [acme.key(f"Key {number}") for number in range(3)]
    for place, minutes_ago in enumerate((0, 3, 20 * HOUR, 6 * DAY, 59 * DAY, 80 * DAY)):
        for key in keys[place % 2 :]:
            acme.book(key, place + 1, minutes_ago=minutes_ago)
    _rolled_and_pruned(acme)
    acme.book(keys[0], 5, minutes_ago=6 * DAY)
    now, days = acme.clock.now_us(), 1 if step is Step.MINUTE else 60
    since = now - days * 86_400 * 10**6
    wish = UsageWish(since, now + 1, step, ("key",), {}, "Europe/Berlin")
    whole = acme.read(lambda look: reports.report_usage(look, wish))
    assert len(whole) > 3
    found: list[object] = []
    cursor: str | None = None
    while not found or cursor is not None:
        turn = Turn(cursor, 2)
        page = acme.read(partial(reports.list_usage, wish=wish, turn=turn))
        found, cursor = found + page.rows, page.next_cursor
    assert found == whole


def _sums(acme: Acme, step: Step, days: int, zone: str = "UTC") -> list[int]:
    now = acme.clock.now_us()
    wish = UsageWish(now - days * 86_400 * 10**6, now + 1, step, (), {}, zone)
    return [
        row.requests for row in acme.read(lambda look: reports.report_usage(look, wish))
    ]


def test_what_a_node_brings_days_late_is_rolled_up_too(acme: Acme) -> None:
    """A node that was away, or a spool that is read back after a crash."""
    acme.api()
    made = acme.key()
    acme.book(made, 1, minutes_ago=10 * DAY)
    _rolled_and_pruned(acme)
    acme.book(made, 5, minutes_ago=10 * DAY)
    assert _sums(acme, Step.DAY, 30) == [6]
    assert _roll(acme) > 0
    assert _sums(acme, Step.DAY, 30) == [6]
    assert sum(_sums(acme, Step.MONTH, 60)) == 6


def test_a_minute_that_lasts_yet_is_left_alone(acme: Acme) -> None:
    """Nodes book in it twice a second, and would wait for each other."""
    acme.api()
    made = acme.key()
    acme.book(made, minutes_ago=LATE_MINUTES)
    acme.book(made, minutes_ago=0)
    assert _roll(acme) == 0
    acme.book(made, minutes_ago=LATE_MINUTES + 1)
    with acme.office.rows.reading() as look:
        assert look.usage_waits(Grain.MINUTE, 1 << 40)
    assert _roll(acme) >= 1
    with acme.office.rows.reading() as look:
        assert look.usage_waits(Grain.MINUTE, 1 << 40)


def test_small_steps_come_to_the_same(acme: Acme) -> None:
    acme.api()
    made = acme.key()
    for minutes_ago in range(100, 2 * DAY, 7 * HOUR):
        acme.book(made, minutes_ago=minutes_ago)
    before = _sums(acme, Step.DAY, 4)
    assert _roll(acme, at_once=2) > 2
    assert _roll(acme) == 0
    assert _sums(acme, Step.DAY, 4) == before


def test_a_stop_ends_the_round_early(acme: Acme) -> None:
    acme.api()
    acme.book(acme.key(), minutes_ago=DAY)
    claim = Claim("usage.rollup", 1, acme.clock, lambda: True)
    assert roll_up_usage(acme.office.rows, acme.clock, claim) == 0


def test_who_was_overtaken_rolls_nothing_up(acme: Acme) -> None:
    """A worker that was stopped and wakes must leave the job to its new holder."""
    acme.api()
    acme.book(acme.key(), minutes_ago=DAY)
    late = _claim(acme)
    with acme.office.rows.writing() as tx:
        row = tx.get(Job, "usage.rollup")
        assert row is not None
        tx.update(row, token=row.token + 1, holder="nod_2")
    with pytest.raises(Overtaken):
        roll_up_usage(acme.office.rows, acme.clock, late)
    with acme.office.rows.reading() as look:
        assert look.usage_waits(Grain.MINUTE, acme.clock.now_us())


def test_each_grain_goes_after_its_time_and_none_before_a_finer_one() -> None:
    """`usage.retention_days` of 1 must not leave quarters of an hour for 45 days."""
    assert dict(UsageRetention().by_grain()) == {
        Grain.MINUTE: 3,
        Grain.QUARTER_HOUR: 45,
        Grain.DAY: 730,
    }
    short = dict(UsageRetention(days=1, month_years=2).by_grain())
    assert short == {
        Grain.MINUTE: 1,
        Grain.QUARTER_HOUR: 1,
        Grain.DAY: 1,
        Grain.MONTH: 730.5,
    }


def test_what_is_past_every_time_is_told_no_more(acme: Acme, database: Database) -> None:
    acme.api()
    made = acme.key()
    acme.book(made, 1, minutes_ago=900 * DAY)
    acme.book(made, 2, minutes_ago=DAY)
    _roll(acme)
    kept = Retention(30, UsageRetention(days=10, month_years=2))
    keep_up(database.upkeep, acme.clock, kept, _never)
    assert sum(_sums(acme, Step.MONTH, 1000)) == 2
