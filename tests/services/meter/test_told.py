"""What was booked of a key's networks is remembered, in bounded memory."""

from keyhouse.core.addresses import parse_network
from keyhouse.core.usage import KeyPlace
from keyhouse.services.meter.told import (
    AGAIN_US,
    PLACES,
    ToldPlaces,
    shared_out,
)

NOW = 1_790_000_000_000_000


def place(key: str, network: str, organization: str = "org_1") -> KeyPlace:
    return KeyPlace(organization, key, parse_network(network)[0])


HOME, FAR = place("key_1", "198.51.100.0/24"), place("key_1", "203.0.113.0/24")


def test_what_is_booked_is_not_booked_again_for_half_a_day() -> None:
    told = ToldPlaces()
    assert not told.holds(HOME)
    assert not told.holds(HOME)  # it was not booked
    told.tell([HOME], NOW)
    assert told.holds(HOME)
    assert not told.holds(FAR)
    told.tell([FAR], NOW + AGAIN_US - 1)
    assert told.holds(HOME)
    told.tell([], NOW + AGAIN_US)
    assert not told.holds(HOME)


def test_a_clock_that_was_ahead_makes_nothing_be_remembered_for_ever() -> None:
    told = ToldPlaces()
    told.tell([HOME], NOW + 400 * AGAIN_US)
    told.tell([], NOW)
    assert not told.holds(HOME)


def test_of_too_many_those_that_were_booked_longest_ago_are_booked_again() -> None:
    told = ToldPlaces(rows=1)
    places = [place("key_1", f"10.{number}.0.0/24") for number in range(PLACES + 2)]
    told.tell(places, NOW)
    assert [told.holds(one) for one in places] == [False] * 2 + [True] * PLACES


def test_thousands_are_remembered_and_take_no_more_room() -> None:
    told = ToldPlaces()
    places = [place(f"key_{number}", "10.0.0.0/24") for number in range(8000)]
    told.tell(places, NOW)
    assert sum(not told.holds(one) for one in places) < 80


def test_a_key_that_roams_is_booked_no_further_and_others_are() -> None:
    told = ToldPlaces()
    booked = 0
    for number in range(1000):
        one = place("key_1", f"10.{number // 256}.{number % 256}.0/24")
        if not told.holds(one):
            told.tell([one], NOW)
            booked += 1
    assert 48 <= booked < 250
    assert told.holds(FAR)
    assert not told.holds(FAR._replace(key_id="key_2"))
    told.tell([], NOW + AGAIN_US)
    assert not told.holds(FAR)


def test_a_place_that_is_forgotten_and_booked_again_makes_no_key_roam() -> None:
    """Else who comes from a new network would go unnoticed where keys are very many."""
    told = ToldPlaces(rows=1)
    others = [place(f"key_{number}", "10.0.0.0/24") for number in range(2, 2 + PLACES)]
    for _ in range(500):
        told.tell([HOME], NOW)
        told.tell(others, NOW)
    assert not told.holds(HOME)
    assert not told.holds(FAR)


def test_few_are_all_taken() -> None:
    assert shared_out({HOME: 1, FAR: 2}, most=2) == {HOME: 1, FAR: 2}


def test_nobody_s_flood_takes_another_s_turn() -> None:
    """Neither many keys of an organization, nor one that comes from everywhere."""
    flood = {place(f"key_f{n}", "10.0.0.0/24", "org_f"): n for n in range(500)}
    roams = {place("key_r", f"10.{n}.0.0/24", "org_r"): n for n in range(200)}
    beside = place("key_s", "10.0.0.0/24", "org_r")
    taken = shared_out({**flood, **roams, beside: 7, HOME: 5}, most=10)
    assert len(taken) == 10
    assert taken[HOME] == 5
    assert taken[beside] == 7
    assert sum(one in flood for one in taken) < 6
