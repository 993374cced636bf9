"""What was booked of a key's networks is remembered, in bounded memory."""

from keyhouse.services.meter.told import AGAIN_US, ToldPlaces

HOME, FAR = ("key_1", "198.51.100.0/24"), ("key_1", "203.0.113.0/24")


def test_what_is_booked_is_not_booked_again_for_a_day() -> None:
    told = ToldPlaces()
    assert told.untold({HOME: 5}) == {HOME: 5}
    assert told.untold({HOME: 6}) == {HOME: 6}  # it was not booked
    told.tell({HOME: 6})
    assert told.untold({HOME: 5 + AGAIN_US, FAR: 7}) == {FAR: 7}
    assert told.untold({HOME: 6 + AGAIN_US}) == {HOME: 6 + AGAIN_US}


def test_what_was_booked_longest_ago_is_forgotten_first() -> None:
    told = ToldPlaces(most=2)
    third = ("key_2", "192.0.2.0/24")
    told.tell({HOME: 1, FAR: 1})
    told.tell({HOME: 2})
    told.tell({third: 3})
    assert told.untold({HOME: 4, FAR: 4, third: 4}) == {FAR: 4}
