"""A project at a glance."""

import pytest

from keyhouse.core.entities import (
    AlertKind,
    Environment,
    Limit,
    LimitKind,
    Restrictions,
    Window,
)
from keyhouse.core.verdict import Verdict
from keyhouse.services import issue, reports
from keyhouse.services.refusals import NotFound
from keyhouse.services.reports import Need, Overview
from tests.servers.acme import Acme

BROWSER = AlertKind.SERVER_KEY_IN_BROWSER
DAY = 24 * 60
TEN = Limit(name="daily", kind=LimitKind.QUOTA, amount=10, window=Window.DAY)


def look_over(acme: Acme, environment: str = "test") -> Overview:
    return acme.read(lambda look: reports.overview(look, acme.project, environment))


def test_a_day_is_told_beside_the_day_before(acme: Acme) -> None:
    acme.api()
    acme.api("maps")
    made, maps = acme.key(), acme.key("Maps", api="maps")
    acme.book(made, 5, errors=2)
    acme.book(made, 3, verdict=Verdict.QUOTA_EXCEEDED)
    acme.book(maps, 20, minutes_ago=30)
    acme.book(made, 4, minutes_ago=DAY + 30)
    told = look_over(acme)
    assert told.now == (28, 3, 2)
    assert told.before == (4, 0, 0)
    assert [(one.api.slug, one.sums.requests) for one in told.apis] == [
        ("maps", 20),
        ("weather", 8),
    ]
    assert len(told.hours) == 24
    assert sum(hour.served for hour in told.hours) == 25
    assert sum(hour.refused for hour in told.hours) == 3
    assert look_over(acme, "live").now.requests == 0


def test_an_empty_project_is_told_too(acme: Acme) -> None:
    told = look_over(acme)
    assert (told.now, told.apis, told.needs) == ((0, 0, 0), (), ())


def test_a_foreign_project_is_not_found(acme: Acme) -> None:
    stranger = Acme(acme.office, acme.database, "stranger@example.com")
    with pytest.raises(NotFound):
        stranger.read(lambda look: reports.overview(look, acme.project, "test"))
    bound = acme.holding("usage:read", "keys:read", on="api_0")
    with pytest.raises(NotFound):
        acme.read(lambda look: reports.overview(look, acme.project, "test"), bound)


def test_keys_that_need_a_hand_are_named(acme: Acme) -> None:
    acme.api()
    now = acme.office.clock.now_us()
    acme.key("Fine", ends_at=now + 15 * 86_400_000_000)
    ending = acme.key("Ending", ends_at=now + 13 * 86_400_000_000)
    gone = acme.key("Gone", ends_at=now + 13 * 86_400_000_000)
    acme.write(lambda work: issue.revoke_key(work, gone.view.key.id))
    (need,) = look_over(acme).needs
    assert (need.key.id, need.need) == (ending.view.key.id, Need.ENDING)
    live = acme.key("Open", environment=Environment.LIVE)
    places = Restrictions(networks_allowed=("203.0.113.0/24",))
    acme.key("Narrow", environment=Environment.LIVE, restrictions=places)
    (need,) = look_over(acme, "live").needs
    assert (need.key.id, need.need) == (live.view.key.id, Need.UNRESTRICTED)


def test_a_key_that_nobody_uses_is_named_after_a_month(acme: Acme) -> None:
    acme.api()
    idle, used = acme.key("Idle"), acme.key("Used")
    acme.go_on(31 * 86_400)
    acme.book(used)
    (need,) = look_over(acme).needs
    assert (need.key.id, need.need, need.at_us) == (idle.view.key.id, Need.UNUSED, None)


def test_a_quota_that_is_nearly_used_up_is_named(acme: Acme) -> None:
    acme.api(limits=(TEN,))
    made = acme.key()
    acme.spend(made, TEN, 7)
    assert look_over(acme).needs == ()
    acme.spend(made, TEN, 1)
    (need,) = look_over(acme).needs
    assert (need.need, need.limit, need.used, need.amount) == (Need.QUOTA, "daily", 8, 10)
    (left,) = acme.read(lambda look: reports.limits_left(look, made.view.key.id))
    assert (left.used, left.left) == (8, 2)


def test_a_key_that_was_seen_in_a_page_comes_first(acme: Acme) -> None:
    acme.api()
    now = acme.office.clock.now_us()
    acme.key("Ending", ends_at=now + 13 * 86_400_000_000)
    leaked = acme.key("Leaked").view.key
    for days_ago, kind in (
        (8, AlertKind.SECRET_OVER_PLAIN_HTTP),
        (1, BROWSER),
        (0, BROWSER),
    ):
        acme.alert(leaked, kind, now - days_ago * 86_400_000_000)
    first, second = look_over(acme).needs
    assert (first.key.id, first.need) == (leaked.id, Need.EXPOSED)
    assert first.alert is not None
    assert (first.alert.kind, first.at_us) == (BROWSER, now)
    assert second.need is Need.ENDING
