"""Whether a process moves: what its parent makes of it."""

import asyncio
import os

import pytest

from keyhouse.doors.supervisor.pulse import BEAT_SECONDS, Beating, Pulse, Silence


async def test_a_loop_that_turns_shows_it() -> None:
    """A worker that works is never taken for one that hangs."""
    pulse = Pulse()
    assert pulse.count == 0
    Beating(os.dup(pulse.fd))
    assert pulse.count == 1
    await asyncio.sleep(3 * BEAT_SECONDS)
    assert pulse.count >= 2
    pulse.close()


def _after(silence: Silence, looks: list[tuple[int, float]]) -> float:
    return [silence.look(count, now) for count, now in looks][-1]


def test_silence_is_counted_from_the_last_move() -> None:
    looks = [(1, 0.0), (2, 1.0), (2, 2.0), (2, 3.0), (2, 4.0)]
    assert _after(Silence(1), looks) == 3
    assert _after(Silence(1), [*looks, (3, 5.0)]) == 0


def test_who_has_not_begun_is_silent_since_the_first_look() -> None:
    """A worker that is stuck before it beats is not forgotten."""
    assert _after(Silence(1), [(0, float(now)) for now in range(100)]) == 99


@pytest.mark.parametrize("asleep", [5.0, 3600.0])
def test_a_watcher_that_slept_holds_its_sleep_against_nobody(asleep: float) -> None:
    """A laptop that wakes, a container that was frozen: nobody is killed."""
    looks = [(1, 0.0), (1, 1.0), (1, 1.0 + asleep)]
    assert _after(Silence(1), looks) == 3
