"""Alarms wait for the next batch, are summed up, and cannot grow for ever."""

from dataclasses import replace

from keyhouse.core.entities import AlertKind
from keyhouse.services.alerts import ALARMS_MAX, Alarms
from tests.core.rows import line

KEY = line().key
KIND = AlertKind.SERVER_KEY_IN_BROWSER


def test_what_was_taken_is_not_told_again() -> None:
    alarms = Alarms()
    for at_us in (5, 9):
        alarms.sound(KEY, "org_p", KIND, at_us, "https://a.example")
    (alert,) = alarms.take()
    assert (alert.first_at, alert.last_at, alert.count) == (5, 9, 2)
    assert alarms.take() == []


def test_what_is_put_back_adds_to_what_came_since() -> None:
    alarms = Alarms()
    alarms.sound(KEY, "org_p", KIND, 5, "a")
    taken = alarms.take()
    alarms.sound(KEY, "org_p", KIND, 9, "b")
    alarms.put_back(taken)
    (alert,) = alarms.take()
    assert (alert.first_at, alert.last_at, alert.count) == (5, 9, 2)


def test_there_is_a_bound_and_what_is_known_still_counts() -> None:
    alarms = Alarms()
    for number in range(ALARMS_MAX + 10):
        alarms.sound(replace(KEY, id=f"key_{number}"), "org_p", KIND, 5, "")
    alarms.sound(replace(KEY, id="key_0"), "org_p", KIND, 5, "")
    taken = alarms.take()
    assert len(taken) == ALARMS_MAX
    assert {alert.count for alert in taken if alert.key_id == "key_0"} == {2}
