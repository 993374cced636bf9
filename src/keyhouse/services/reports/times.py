"""Stretches of time that reports are cut into."""

from collections.abc import Mapping, Sequence
from typing import Final

from keyhouse.core.grains import even_cuts
from keyhouse.ports import Tally, UsageWanted
from keyhouse.services.work import Look

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US


def even_tallies(
    look: Look,
    since_us: int,
    until_us: int,
    step_seconds: int,
    group_by: Sequence[str],
    equals: Mapping[str, str | Sequence[str]],
) -> list[Tally]:
    """Counts by steps of one length, of what the actor's organization sees.

    None at all where a filter has no values.
    """
    if any(not values for values in equals.values() if not isinstance(values, str)):
        return []
    cuts = even_cuts(since_us, until_us, step_seconds)
    organization = look.actor.organization_id
    return look.reports.tallies(UsageWanted(organization, cuts, group_by, equals))


def step_starts(now_us: int, step_us: int, count: int) -> range:
    """When the last `count` steps began, the one that lasts yet included.

    Steps begin at whole multiples of their length since 1970, UTC. The `stop` is
    when the last of them ends: a report up to there has no row without a place.
    """
    end = now_us - now_us % step_us + step_us
    return range(end - count * step_us, end, step_us)
