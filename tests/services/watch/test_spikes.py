"""Keys that are used far more than usual are noticed, once, and soon."""

from functools import partial

import pytest

from keyhouse.core.entities import Alert, AlertKind, Event
from keyhouse.core.grains import MINUTE_US
from keyhouse.core.verdict import Verdict
from keyhouse.services import reports
from keyhouse.services.events import tell_noticed
from keyhouse.services.issue import Created
from keyhouse.services.jobs import Claim, Holding, Overtaken
from keyhouse.services.reports import Need
from keyhouse.services.upkeep import roll_up_usage
from keyhouse.services.watch import SpikeWatch, spikes
from keyhouse.services.webhooks import WebhookWish, create_webhook
from keyhouse.services.work import Turn
from tests.servers.acme import Acme

DAY = 24 * 60
DAY_US = DAY * MINUTE_US
QUARTER = 15
LATE = 5


@pytest.fixture
def made(acme: Acme) -> Created:
    """A key, at ten to one: a quarter of an hour ended five minutes ago."""
    acme.api()
    now_us = acme.clock.now_us()
    acme.clock.at_us = now_us - now_us % DAY_US + DAY_US + (12 * 60 + 50) * MINUTE_US
    return acme.key()


def claimed(acme: Acme, holder: str = "nod_1") -> Claim:
    claim = Holding(acme.database.rows, acme.clock, "watch", holder).claim(lambda: False)
    assert claim is not None
    return claim


def watch(acme: Acme) -> SpikeWatch:
    return SpikeWatch(acme.database.rows, acme.database.watch, acme.clock)


def look(acme: Acme, watching: SpikeWatch | None = None) -> int:
    """As the worker does: rolled up, then looked at."""
    claim = claimed(acme)
    roll_up_usage(acme.database.rows, acme.clock, claim, pause=lambda _: None)
    return (watching or watch(acme)).look(claim)


def usual(acme: Acme, made: Created, requests: int, days: int = 8) -> None:
    """So many in one quarter of an hour of each of those days but the last two."""
    for day in range(2, days + 1):
        acme.book(made, requests, minutes_ago=day * DAY)


def alerts(acme: Acme) -> list[Alert]:
    found = acme.read(
        lambda look: reports.list_alerts(look, Turn(None, 50), reports.AlertFilter())
    )
    return list(found.rows)


def test_a_key_used_far_more_than_usual_is_noticed(acme: Acme, made: Created) -> None:
    usual(acme, made, 100)
    acme.book(made, 250, minutes_ago=10)
    acme.book(made, 151, minutes_ago=15, verdict=Verdict.RATE_LIMITED)
    assert look(acme) == 1
    (alert,) = alerts(acme)
    assert (alert.kind, alert.key_id) == (AlertKind.USAGE_SPIKE, made.view.key.id)
    assert alert.sample == "401 requests in 15 minutes, 100 at most before"
    assert alert.provider_id == acme.organization
    assert alert.last_at == acme.clock.now_us() - LATE * MINUTE_US
    assert alert.last_at - alert.first_at == QUARTER * MINUTE_US
    (need,) = acme.read(lambda look: reports.overview(look, acme.project, "test")).needs
    assert (need.need, need.alert) == (Need.UNUSUAL, alert)


@pytest.mark.parametrize(
    ("before", "days", "now"),
    [(100, 8, 400), (100, 6, 401), (1, 8, 299), (0, 0, 5000)],
    ids=["four times", "known for six days", "few", "new"],
)
def test_what_is_no_spike_is_not_told(
    acme: Acme, made: Created, before: int, days: int, now: int
) -> None:
    """Of a key that is known for less than a week nothing is usual."""
    usual(acme, made, before, days)
    acme.book(made, now, minutes_ago=10)
    assert look(acme) == 0
    assert alerts(acme) == []


def test_the_busiest_hour_of_a_week_is_usual_all_week(acme: Acme, made: Created) -> None:
    usual(acme, made, 10)
    acme.book(made, 5000, minutes_ago=6 * DAY)
    acme.book(made, 19_000, minutes_ago=10)
    assert look(acme) == 0


def test_a_key_that_slept_for_months_and_wakes_up_busy_is_noticed(
    acme: Acme, made: Created
) -> None:
    acme.book(made, 5, minutes_ago=100 * DAY)
    acme.book(made, 300, minutes_ago=10)
    assert look(acme) == 1
    assert alerts(acme)[0].sample == "300 requests in 15 minutes, 0 at most before"


def test_a_spike_that_goes_on_is_told_of_the_day_once_with_how_long(
    acme: Acme, made: Created
) -> None:
    """What it came to in the last hours makes it no more usual."""
    usual(acme, made, 100)
    watching = watch(acme)
    for requests in (500, 900, 800):
        acme.book(made, requests, minutes_ago=10)
        assert look(acme, watching) == 1
        assert look(acme, watching) == 0
        acme.clock.at_us += QUARTER * MINUTE_US
    (alert,) = alerts(acme)
    assert alert.count == 3
    assert alert.sample == "800 requests in 15 minutes, 100 at most before"
    assert alert.last_at - alert.first_at == 3 * QUARTER * MINUTE_US


def test_another_process_that_looks_again_changes_nothing(
    acme: Acme, made: Created
) -> None:
    usual(acme, made, 100)
    acme.book(made, 900, minutes_ago=10)
    assert look(acme) == 1
    known = alerts(acme)
    assert look(acme) == 0
    assert alerts(acme) == known


def test_who_was_overtaken_raises_nothing(acme: Acme, made: Created) -> None:
    usual(acme, made, 100)
    acme.book(made, 900, minutes_ago=10)
    claim = claimed(acme)
    roll_up_usage(acme.database.rows, acme.clock, claim, pause=lambda _: None)
    acme.clock.at_us += MINUTE_US
    claimed(acme, "nod_2")
    with pytest.raises(Overtaken):
        watch(acme).look(claim)
    assert alerts(acme) == []


def test_what_is_rolled_up_late_is_looked_at_once_it_is(acme: Acme, made: Created) -> None:
    """As after a start, or on a large installation; no quarter of an hour is left out."""
    usual(acme, made, 100)
    assert look(acme) == 0
    watching = watch(acme)
    acme.book(made, 900, minutes_ago=10)
    assert watching.look(claimed(acme)) == 0
    acme.clock.at_us += 3 * QUARTER * MINUTE_US
    acme.book(made, 950, minutes_ago=10)
    assert watching.look(claimed(acme)) == 0
    assert look(acme, watching) == 1
    acme.clock.at_us += QUARTER * MINUTE_US
    acme.book(made, 990, minutes_ago=10 + QUARTER)
    acme.book(made, 1000, minutes_ago=10)
    acme.clock.at_us += 2 * QUARTER * MINUTE_US
    assert look(acme, watching) == 1
    (alert,) = alerts(acme)
    assert alert.sample.startswith("1,000 requests")


@pytest.mark.parametrize("verdict", [Verdict.REVOKED, Verdict.EXPIRED, Verdict.DISABLED])
def test_who_has_no_good_secret_makes_no_key_seem_busy(
    acme: Acme, made: Created, verdict: Verdict
) -> None:
    usual(acme, made, 100)
    acme.book(made, 5000, minutes_ago=10, verdict=verdict)
    assert look(acme) == 0
    assert alerts(acme) == []


def test_however_many_keys_are_busy_each_is_looked_at(
    acme: Acme, made: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spikes, "KEYS_AT_ONCE", 2)
    keys = [made, *(acme.key(f"Key {number}") for number in range(4))]
    for one in keys:
        usual(acme, one, 10)
        acme.book(one, 400, minutes_ago=10)
    assert look(acme) == 5
    assert {alert.key_id for alert in alerts(acme)} == {one.view.key.id for one in keys}


def test_each_key_is_held_against_its_own_use(acme: Acme, made: Created) -> None:
    busy = acme.key("Busy")
    usual(acme, made, 100)
    usual(acme, busy, 1000)
    for one in (made, busy):
        acme.book(one, 1000, minutes_ago=10)
    assert look(acme) == 1
    assert [alert.key_id for alert in alerts(acme)] == [made.view.key.id]


def test_a_webhook_hears_of_it_once(acme: Acme, made: Created) -> None:
    wish = WebhookWish(url="https://hooks.example/x", events=("key.usage_spike",), name="h")
    acme.write(lambda work: create_webhook(work, wish))
    usual(acme, made, 100)
    new_id = partial(acme.office.new_id, now_us=acme.clock.now_us())
    for requests in (500, 900):
        acme.book(made, requests, minutes_ago=10)
        look(acme)
        tell_noticed(claimed(acme), acme.database.rows, acme.clock, new_id)
        acme.clock.at_us += QUARTER * MINUTE_US
    with acme.database.rows.reading() as tx:
        (event,) = tx.find(Event)
    assert event.kind == "key.usage_spike"
    assert event.data["sample"] == "500 requests in 15 minutes, 100 at most before"
