"""Which keys of a project need a hand, and why."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from keyhouse.core.entities import Alert, AlertKind, Environment, Key, Restrictions
from keyhouse.ports import KeyState
from keyhouse.services.issue.queries import READ
from keyhouse.services.issue.schedules import due_dates
from keyhouse.services.issue.views import state_of
from keyhouse.services.refusals import NotFound
from keyhouse.services.reports.alerts import newest_by_kind, recent_alerts
from keyhouse.services.reports.left import LimitLeft, limits_of
from keyhouse.services.reports.times import DAY_US
from keyhouse.services.work import Look

KEYS_MAX: Final = 500
"""How many of the newest keys are looked at."""
NEEDS_MAX: Final = 50
SOON_US: Final = 14 * DAY_US
ALERT_US: Final = 7 * DAY_US
IDLE_US: Final = 30 * DAY_US
QUOTA_SHARE: Final = 0.8
_PAGE: Final = 100
_ANYWHERE: Final = Restrictions()


class Need(StrEnum):
    """Why a key needs a hand, the most urgent first."""

    EXPOSED = "exposed"
    ELSEWHERE = "elsewhere"
    UNUSUAL = "unusual"
    ENDING = "ending"
    ROTATION = "rotation"
    QUOTA = "quota"
    UNRESTRICTED = "unrestricted"
    UNUSED = "unused"


_ORDER: Final = tuple(Need)
_OF_ALERT: Final = {
    AlertKind.USAGE_SPIKE: Need.UNUSUAL,
    AlertKind.UNFAMILIAR_NETWORK: Need.ELSEWHERE,
}


class KeyNeed(NamedTuple):
    """A key that needs a hand. `at_us` is when it ends, its secret is due or its quota

    resets, or when it was last used; of a quota, its name and how much is used of it; of a
    secret seen where it must not be, and of what is unusual, the newest alert.
    """

    key: Key
    need: Need
    at_us: int | None = None
    limit: str | None = None
    used: int | None = None
    amount: int | None = None
    alert: Alert | None = None


def keys_in_need(look: Look, project_id: str, environment: str) -> tuple[KeyNeed, ...]:
    """The most urgent first: secrets seen within 7 days where they must not be, keys

    that came from an unfamiliar network or were used far more than usual then, what
    ends, or is to get a new secret, within 14 days, four fifths of a quota used, live
    keys without a restriction, keys that nobody used for 30 days.
    """
    if not look.actor.reach(READ).holds_project(project_id):
        raise NotFound("project")
    keys = _keys(look, project_id, environment)
    if not keys:
        return ()
    used = look.reports.last_used([key.id for key in keys])
    limits = _told_once(limits_of(look, keys))
    alerts = recent_alerts(look, look.now_us - ALERT_US)
    needs = [
        KeyNeed(key, _OF_ALERT.get(alert.kind, Need.EXPOSED), alert.last_at, alert=alert)
        for key in keys
        for alert in newest_by_kind(alerts.get(key.id, ()))
    ]
    due = due_dates(look.tx, keys, look.now_us)
    needs += [
        KeyNeed(key, Need.ROTATION, due[key.id])
        for key in keys
        if key.id in due and due[key.id] <= look.now_us + SOON_US
    ]
    needs += [
        need for key in keys for need in _needs(key, look.now_us, used, limits[key.id])
    ]
    return tuple(sorted(needs, key=_urgency)[:NEEDS_MAX])


def _told_once(limits: Mapping[str, list[LimitLeft]]) -> dict[str, list[LimitLeft]]:
    """The limits by key; what several share is told of the first alone."""
    told: set[str] = set()
    kept: dict[str, list[LimitLeft]] = {}
    for key_id, met in limits.items():
        kept[key_id] = [one for one in met if one.counted_on not in told]
        told.update(one.counted_on for one in met)
    return kept


def _keys(look: Look, project_id: str, environment: str) -> list[Key]:
    """The newest keys that work now."""
    keys: list[Key] = []
    cursor = None
    while len(keys) < KEYS_MAX:
        page = look.tx.page(
            Key,
            after=cursor,
            limit=_PAGE,
            organization_id=look.actor.organization_id,
            project_id=project_id,
            environment=environment,
        )
        rows: list[Key] = page.rows
        keys += [row for row in rows if state_of(row, look.now_us) is KeyState.ACTIVE]
        cursor = page.next_cursor
        if cursor is None:
            break
    return keys


def _needs(
    key: Key, now_us: int, last_used: Mapping[str, int], limits: list[LimitLeft]
) -> Iterator[KeyNeed]:
    if key.ends_at is not None and key.ends_at <= now_us + SOON_US:
        yield KeyNeed(key, Need.ENDING, key.ends_at)
    for one in limits:
        if (
            one.limit.window
            and one.used is not None
            and one.used >= QUOTA_SHARE * one.limit.amount
        ):
            name, amount = one.limit.name, one.limit.amount
            yield KeyNeed(key, Need.QUOTA, one.resets_at, name, one.used, amount)
    if key.environment is Environment.LIVE and key.restrictions == _ANYWHERE:
        yield KeyNeed(key, Need.UNRESTRICTED)
    seen = last_used.get(key.id)
    if max(seen or 0, key.created_at) < now_us - IDLE_US:
        yield KeyNeed(key, Need.UNUSED, seen)


def _urgency(need: KeyNeed) -> tuple[int, float]:
    within: float = need.at_us or 0
    if need.alert is not None:
        within = -need.alert.last_at
    if need.used is not None:
        within = -need.used / (need.amount or 1)
    return _ORDER.index(need.need), within
