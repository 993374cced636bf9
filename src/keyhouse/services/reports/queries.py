"""Reading usage and the request log."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from keyhouse.core.entities import Access, Key
from keyhouse.core.validation import Problem
from keyhouse.core.verdict import BY_CODE
from keyhouse.ports import Page, UsageRow
from keyhouse.services.catalog import reached_api
from keyhouse.services.refusals import Invalid, NotFound
from keyhouse.services.work import Look, Turn, bad_cursor

READ_USAGE = "usage:read"
READ_REQUESTS = "requests:read"
GROUPS = ("key", "api", "application", "environment", "route")
STEPS_MAX: Final = 1500
"""A day by minutes, two months by hours, four years by days."""

_SECOND_US: Final = 1_000_000


class Step(StrEnum):
    """The length of one row of a usage report."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


_SECONDS = {Step.MINUTE: 60, Step.HOUR: 3600, Step.DAY: 86_400}


class UsageWish(NamedTuple):
    """Which usage is wanted. Without times it is the last day, up to now."""

    since_us: int | None
    until_us: int | None
    step: Step
    group_by: tuple[str, ...]
    equals: Mapping[str, str]


def report_usage(look: Look, wish: UsageWish) -> list[UsageRow]:
    """Sums of what the organization provides and consumes, in order of time."""
    equals = within(look, READ_USAGE, wish.equals)
    until = look.now_us + 1 if wish.until_us is None else wish.until_us
    since = until - 86_400 * _SECOND_US if wish.since_us is None else wish.since_us
    seconds = _SECONDS[wish.step]
    _check_span(since, until, seconds)
    for index, group in enumerate(wish.group_by):
        if group not in GROUPS:
            mend = f"choose among {', '.join(GROUPS)}"
            raise Invalid([Problem(f"group_by.{index}", "is no grouping", mend)])
    return look.reports.usage(
        look.actor.organization_id,
        since_us=since,
        until_us=until,
        step_seconds=seconds,
        group_by=tuple(dict.fromkeys(wish.group_by)),
        equals=equals,
    )


def list_requests(look: Look, turn: Turn, equals: Mapping[str, str]) -> Page:
    """Lines of the request log, the newest first."""
    verdict = equals.get("verdict")
    if verdict is not None and verdict not in BY_CODE:
        mend = f"choose among {', '.join(BY_CODE)}"
        raise Invalid([Problem("verdict", "is no verdict", mend)])
    named = within(look, READ_REQUESTS, equals)
    organization = look.actor.organization_id
    try:
        return look.reports.requests(
            organization, after=turn.cursor, limit=turn.limit, equals=named
        )
    except ValueError:
        raise bad_cursor() from None


def _check_span(since: int, until: int, seconds: int) -> None:
    if since >= until:
        raise Invalid([Problem("until", "is not after since", "choose a later time")])
    if until - since > STEPS_MAX * seconds * _SECOND_US:
        mend = f"ask for at most {STEPS_MAX} steps, or choose a longer step"
        raise Invalid([Problem("since", "is too long ago for this step", mend)])


def within(look: Look, scope: str, equals: Mapping[str, str]) -> dict[str, str]:
    """Filters, with an API's slug replaced by its id, kept within reach.

    Counts cannot be cut to several APIs, so whoever sees but some names one,
    or a key that opens nothing beyond them.
    """
    reach = look.actor.reach(scope)
    named = dict(equals)
    if "api" in named:
        try:
            named["api"] = reached_api(look, scope, named["api"]).id
        except NotFound:
            mend = "GET /v1/apis lists those that you can name"
            raise Invalid([Problem("api", "is not known", mend)]) from None
    elif not reach.whole and not sees_key(look, scope, named.get("key", "")):
        mend = "name an api that your management key is for"
        raise Invalid([Problem("api", "is needed, for you see only some", mend)])
    return named


def sees_key(look: Look, scope: str, id: str) -> bool:
    """Whether there is such a key and `scope` is held for all that it opens."""
    reach = look.actor.reach(scope)
    try:
        key = look.own(Key, id)
    except NotFound:
        return False
    return reach.holds_project(key.project_id) or all(
        reach.holds_access(row) for row in look.tx.find(Access, key_id=key.id)
    )
