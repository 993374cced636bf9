"""What was booked of a key's networks is remembered, in bounded memory."""

from keyhouse.services.meter.told import AGAIN_US, PLACES, ToldPlaces

HOME, FAR = ("key_1", "198.51.100.0/24"), ("key_1", "203.0.113.0/24")
NOW = 1_790_000_000_000_000


def test_what_is_booked_is_not_booked_again_for_half_a_day() -> None:
    told = ToldPlaces()
    assert told.untold({HOME: 5}) == {HOME: 5}
    assert told.untold({HOME: 6}) == {HOME: 6}  # it was not booked
    told.tell({HOME: 6}, NOW)
    assert told.untold({HOME: 7, FAR: 7}) == {FAR: 7}
    told.tell({FAR: 7}, NOW + AGAIN_US - 1)
    assert told.untold({HOME: 8, FAR: 8}) == {}
    told.tell({}, NOW + AGAIN_US)
    assert told.untold({HOME: 9, FAR: 9}) == {HOME: 9, FAR: 9}


def test_a_clock_that_was_ahead_makes_nothing_be_remembered_for_ever() -> None:
    told = ToldPlaces()
    told.tell({HOME: 1}, NOW + 400 * AGAIN_US)
    told.tell({}, NOW)
    assert told.untold({HOME: 2}) == {HOME: 2}


def test_of_too_many_those_that_were_booked_longest_ago_are_booked_again() -> None:
    told = ToldPlaces(rows=1)
    places = [("key_1", f"10.{number}.0.0/24") for number in range(PLACES + 2)]
    for place in places:
        told.tell({place: 1}, NOW)
    assert told.untold(dict.fromkeys(places, 2)) == dict.fromkeys(places[:2], 2)


def test_thousands_are_remembered_and_take_no_more_room() -> None:
    told = ToldPlaces()
    places = {(f"key_{number}", "10.0.0.0/24"): 1 for number in range(8000)}
    told.tell(places, NOW)
    assert len(told.untold(places)) < 80
