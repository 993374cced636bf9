"""Reading usage and the request log."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from keyhouse.core import ids
from keyhouse.core.entities import Key
from keyhouse.core.steps import SECONDS_MAX, Step, steps_between
from keyhouse.core.validation import Problem
from keyhouse.core.verdict import BY_CODE
from keyhouse.ports import Page, UsageRow, UsageWanted
from keyhouse.services.catalog import reached_api
from keyhouse.services.issue.filters import coming_imports
from keyhouse.services.issue.queries import reached_keys
from keyhouse.services.refusals import Invalid, NotFound
from keyhouse.services.work import Look, Turn, bad_cursor

READ_USAGE = "usage:read"
READ_REQUESTS = "requests:read"
GROUPS = ("key", "api", "application", "environment", "route")
STEPS_MAX: Final = 1500
"""A day by minutes, two months by hours, four years by days."""
DAYS_MAX: Final = 3660
"""Ten years by months."""
USAGE_ROWS_MAX: Final = 10_000
"""On one page, and as many where nobody says how many."""

_SECOND_US: Final = 1_000_000


class UsageWish(NamedTuple):
    """Which usage is wanted. Without times it is the last day, up to now.

    Steps begin as clocks in `zone` show it, one of the IANA's names.
    """

    since_us: int | None
    until_us: int | None
    step: Step
    group_by: tuple[str, ...]
    equals: Mapping[str, str]
    zone: str = "UTC"


def report_usage(look: Look, wish: UsageWish) -> list[UsageRow]:
    """Sums of what the organization provides and consumes, in order of time.

    For what is few by nature: without keys, or for one of them.
    """
    return look.reports.usage(_wanted(look, wish))


def list_usage(look: Look, wish: UsageWish, turn: Turn) -> Page:
    """The same, a page at a time. Without an end each page is told up to its own now."""
    wanted = _wanted(look, wish)
    try:
        return look.reports.usage_page(wanted, after=turn.cursor, limit=turn.limit)
    except ValueError:
        raise bad_cursor() from None


def _wanted(look: Look, wish: UsageWish) -> UsageWanted:
    equals = within(look, READ_USAGE, wish.equals)
    until = look.now_us + 1 if wish.until_us is None else wish.until_us
    since = until - 86_400 * _SECOND_US if wish.since_us is None else wish.since_us
    _check_span(since, until, SECONDS_MAX[wish.step])
    zone = _zone(wish.zone)
    for index, group in enumerate(wish.group_by):
        if group not in GROUPS:
            mend = f"choose among {', '.join(GROUPS)}"
            raise Invalid([Problem(f"group_by.{index}", "is no grouping", mend)])
    cuts = steps_between(wish.step, since, until, zone)
    groups = tuple(dict.fromkeys(wish.group_by))
    return UsageWanted(look.actor.organization_id, cuts, groups, equals)


def _zone(name: str) -> ZoneInfo | None:
    """The zone of that name, None for UTC, in which steps are all alike."""
    if name == "UTC":
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        mend = "use one of the IANA's names, such as Europe/Berlin"
        raise Invalid([Problem("time_zone", "is not known", mend)]) from None


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
    steps = min(STEPS_MAX, DAYS_MAX * 86_400 // seconds)
    if until - since > steps * seconds * _SECOND_US:
        mend = f"ask for at most {steps} steps, or choose a longer step"
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
    """Whether there is such a key, for which the actor holds `scope`."""
    return bool(seen_keys(look, scope, (id,)))


def seen_keys(look: Look, scope: str, given: Sequence[str]) -> list[str]:
    """Those of these keys for which `sees_key` is true, in as many reads as of one."""
    named = tuple(id for id in given if ids.is_id(id, ids.KEY))
    keys = look.tx.find(Key, id=named, organization_id=look.actor.organization_id)
    coming = coming_imports(look)
    there = [key for key in keys if key.import_id not in coming]
    return [key.id for key in reached_keys(look, scope, there)]
