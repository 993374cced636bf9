"""Unknown keys of a project: how many, from where, and whether that is much."""

import pytest

from keyhouse.core.observations import OTHER
from keyhouse.core.verdict import Verdict
from keyhouse.services import reports
from keyhouse.services.reports import Network, Strangers
from tests.servers.acme import Acme

DAY = 24 * 60
HERE, THERE = "203.0.113.0/24", "2001:db8::/48"


def strangers(acme: Acme) -> Strangers:
    return acme.read(lambda look: reports.overview(look, acme.project, "test")).strangers


def test_a_project_whose_keys_nobody_guesses_is_quiet(acme: Acme) -> None:
    empty = strangers(acme)
    assert (empty.requests, empty.networks, empty.others) == (0, (), 0)
    api = acme.api()
    acme.attempt(api, {HERE: 3}, minutes_ago=3 * DAY)
    told = strangers(acme)
    assert (told.requests, told.usual, told.networks) == (0, 0, ())
    assert not told.is_spike


def test_attempts_are_told_by_hour_and_network_over_all_apis(acme: Acme) -> None:
    weather, maps = acme.api(), acme.api("maps")
    now = acme.clock.now_us()
    acme.attempt(weather, {HERE: 5, THERE: 1})
    acme.attempt(maps, {HERE: 2, OTHER: 4}, verdict=Verdict.MALFORMED)
    acme.attempt(weather, {HERE: 8}, verdict=Verdict.UNAVAILABLE)
    told = strangers(acme)
    assert (told.requests, told.unlooked) == (20, 8)
    assert told.networks == (
        Network(HERE, 15, now, now),
        Network(THERE, 1, now, now),
    )
    assert told.others == 4
    assert len(told.hours) == 24
    assert told.hours[-1].requests == 20


def test_few_networks_are_named_and_the_rest_is_counted(acme: Acme) -> None:
    api = acme.api()
    acme.attempt(api, {f"10.0.{n}.0/24": n for n in range(1, 11)})
    told = strangers(acme)
    assert [one.requests for one in told.networks] == [10, 9, 8, 7, 6]
    assert told.others == 15


def test_refused_keys_that_are_known_are_no_strangers(acme: Acme) -> None:
    acme.api()
    made = acme.key()
    acme.book(made, 500, verdict=Verdict.REVOKED)
    acme.book(made, 500, verdict=Verdict.UNAVAILABLE)
    assert strangers(acme).requests == 0


@pytest.mark.parametrize(
    ("now", "a_day_before", "is_spike"),
    [(99, 0, False), (100, 0, True), (299, 100, False), (300, 100, True)],
)
def test_a_spike_is_many_and_more_than_usual(
    acme: Acme, now: int, a_day_before: int, is_spike: bool
) -> None:
    api = acme.api()
    acme.attempt(api, {HERE: now})
    for days in range(1, 8):
        acme.attempt(api, {HERE: a_day_before}, minutes_ago=days * DAY + 60)
    told = strangers(acme)
    assert told.usual == a_day_before
    assert told.is_spike is is_spike


def test_an_outage_is_no_spike(acme: Acme) -> None:
    """While the database is away, all keys that are not cached are turned away."""
    acme.attempt(acme.api(), {HERE: 5000}, verdict=Verdict.UNAVAILABLE)
    told = strangers(acme)
    assert told.unlooked == 5000
    assert not told.is_spike
