"""The overview says what changed and what needs a hand, in plain words."""

from dataclasses import replace

import pytest

from keyhouse.core.entities import Alert, AlertKind, Environment, Key, KeyKind
from keyhouse.doors.console.overview.bars import HEIGHT, WIDTH, bars
from keyhouse.doors.console.overview.strange import spike, tried
from keyhouse.doors.console.overview.telling import change, mend, need
from keyhouse.services.reports import Hour, KeyNeed, Need, Strangers

DAY_US = 86_400_000_000
NOW_US = 100 * DAY_US
KEY = Key(
    id="key_1",
    organization_id="org_1",
    project_id="prj_1",
    application_id="app_1",
    name="Planner",
    kind=KeyKind.SERVER,
    environment=Environment.TEST,
    created_by="usr_1",
    created_at=0,
    updated_at=0,
)
ALERT = Alert(
    id="evt_1",
    organization_id="org_1",
    provider_id="org_1",
    key_id="key_1",
    kind=AlertKind.SERVER_KEY_IN_BROWSER,
    first_at=0,
    last_at=NOW_US - DAY_US,
    count=1200,
    sample="https://a.example",
)
SPIKE = replace(
    ALERT,
    kind=AlertKind.USAGE_SPIKE,
    count=2,
    sample="900 requests in 15 minutes, 100 at most before",
)
FROM_ELSEWHERE = "was used from a network that it is not known by"
ELSEWHERE = replace(
    ALERT, kind=AlertKind.UNFAMILIAR_NETWORK, count=3, sample="203.0.113.0/24"
)


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (0, 0, "none the day before either"),
        (7, 7, "as the day before"),
        (7, 0, "none the day before"),
        (112, 100, "12% more than the day before"),
        (50, 100, "50% less than the day before"),
        (900, 100, "100 the day before"),
        (1001, 1000, "about as the day before"),
    ],
)
def test_a_day_is_told_against_the_one_before(now: int, before: int, told: str) -> None:
    assert change(now, before) == told


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (KeyNeed(KEY, Need.ENDING, NOW_US + 3 * DAY_US), "ends in 3 days"),
        (
            KeyNeed(KEY, Need.ROTATION, NOW_US + 3 * DAY_US),
            "is to get a new secret in 3 days",
        ),
        (
            KeyNeed(KEY, Need.ROTATION, NOW_US - 2 * DAY_US),
            "was to get a new secret 2 days ago",
        ),
        (
            KeyNeed(KEY, Need.QUOTA, NOW_US + DAY_US, "daily", 83, 100),
            "has used 83% of daily, which starts anew in 1 day",
        ),
        (
            KeyNeed(KEY, Need.EXPOSED, NOW_US, alert=ALERT),
            "was sent by a browser 1,200 times from https://a.example, last 1 day ago",
        ),
        (
            KeyNeed(KEY, Need.UNUSUAL, NOW_US, alert=SPIKE),
            f"was used far more than usual: {SPIKE.sample}, last 1 day ago",
        ),
        (
            KeyNeed(KEY, Need.ELSEWHERE, NOW_US, alert=ELSEWHERE),
            f"{FROM_ELSEWHERE}, 203.0.113.0/24 and 2 others, last 1 day ago",
        ),
        (KeyNeed(KEY, Need.UNUSED), "was never used"),
        (KeyNeed(KEY, Need.UNUSED, NOW_US - 40 * DAY_US), "was last used 1 month ago"),
    ],
)
def test_what_a_key_needs_is_told(one: KeyNeed, told: str) -> None:
    assert need(one, NOW_US) == told


@pytest.mark.parametrize("kind", Need)
def test_every_need_comes_with_what_to_do(kind: Need) -> None:
    assert mend(KeyNeed(KEY, kind)).words
    assert need(KeyNeed(KEY, kind), NOW_US)


def test_bars_stay_within_the_drawing_and_show_the_least_refusal() -> None:
    hours = [Hour(index, 1000 * index, 3, 1) for index in range(1, 25)]
    drawn = bars(hours)
    assert max(bar.x + bar.width for bar in drawn) <= WIDTH
    assert all(piece.y >= 0 for bar in drawn for piece in bar.pieces)
    assert all(bar.pieces[-1].kind == "refused" for bar in drawn)
    assert all(bar.pieces[-1].height >= 1 for bar in drawn)
    assert drawn[-1].pieces[-1].y <= HEIGHT


def test_a_quiet_day_has_bars_without_pieces() -> None:
    drawn = bars([Hour(index, 0, 0, 0) for index in range(24)])
    assert [bar.pieces for bar in drawn] == [()] * 24


@pytest.mark.parametrize(
    ("requests", "unlooked", "told"),
    [
        (1, 0, "1 attempt in the last 24 hours."),
        (
            1204,
            4,
            "1,204 attempts in the last 24 hours, 4 of them turned away without a look-up.",
        ),
    ],
)
def test_attempts_with_unknown_keys_are_told(
    requests: int, unlooked: int, told: str
) -> None:
    assert tried(Strangers(requests, unlooked, 0, (), (), 0)) == told


@pytest.mark.parametrize(
    ("usual", "told"),
    [
        (0, "were tried 1,200 times in 24 hours, hardly ever before"),
        (1, "were tried 1,200 times in 24 hours, usually 1 time a day"),
        (40, "were tried 1,200 times in 24 hours, usually 40 times a day"),
    ],
)
def test_a_spike_is_told_against_a_usual_day(usual: int, told: str) -> None:
    assert spike(Strangers(1204, 4, usual, (), (), 0)) == told
