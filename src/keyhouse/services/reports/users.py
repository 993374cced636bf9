"""Which users call most."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from keyhouse.core.observations import OTHER, Dimension
from keyhouse.core.validation import Problem
from keyhouse.ports import Observed
from keyhouse.services.refusals import Invalid
from keyhouse.services.reports.queries import READ_USAGE, within
from keyhouse.services.reports.times import DAY_US
from keyhouse.services.work import Look

DAYS_MAX: Final = 92
USERS_MAX: Final = 500
"""Rows with a user in one answer; beside them there is one for each API and verdict."""


class UsersWish(NamedTuple):
    """Which days are wanted, whole ones, UTC. Without times, those that the last

    24 hours touch.
    """

    since_us: int | None
    until_us: int | None
    equals: Mapping[str, str]


class UserRow(NamedTuple):
    """One user at one API, with one verdict. `user` is None for all that are not named."""

    application: str | None
    user: str | None
    seen: Observed


def report_users(look: Look, wish: UsersWish) -> list[UserRow]:
    """The users that were seen most, of whatever application.

    Each key and API has a bounded number of places a day for its users, and the
    `USERS_MAX` busiest rows of all are told; the rest of an API and verdict is one
    row without a name, so that all together is what was counted.
    """
    equals = within(look, READ_USAGE, wish.equals)
    until = look.now_us + 1 if wish.until_us is None else wish.until_us
    since = until - DAY_US if wish.since_us is None else wish.since_us
    if since >= until:
        raise Invalid([Problem("until", "is not after since", "choose a later time")])
    if until - since > DAYS_MAX * DAY_US:
        mend = f"ask for at most {DAYS_MAX} days"
        raise Invalid([Problem("since", "is too long ago", mend)])
    rows = look.reports.observed(
        look.actor.organization_id,
        Dimension.USER,
        since_us=since,
        until_us=until,
        equals=equals,
        named_max=USERS_MAX,
    )
    return [_row(row) for row in rows]


def _row(row: Observed) -> UserRow:
    if row.value == OTHER:
        return UserRow(None, None, row)
    application, _, user = row.value.partition("/")
    return UserRow(application, user, row)
