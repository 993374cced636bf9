"""What lets a key work where or when it does not now."""

from keyhouse.core.entities import Key, KeyKind, Restrictions
from keyhouse.core.validation import Problem
from keyhouse.services.issue.minting import ANYWHERE
from keyhouse.services.privilege import beyond_bounds, demand_no_more
from keyhouse.services.refusals import refuse
from keyhouse.services.work import Work


def demand_hold(
    work: Work,
    key: Key,
    starts_at: int | None,
    ends_at: int | None,
    restrictions: Restrictions,
) -> None:
    """Have a management key freed of its bounds only by who may do all that it may.

    Raises Forbidden for a key that may do more than the actor, Taken for one that
    works longer or elsewhere, and Invalid where it then would, and for the actor's
    own: its bounds are those that whoever gave it away has set.
    """
    freed = _freed(key, starts_at, ends_at, restrictions)
    if key.kind is not KeyKind.MANAGEMENT or not freed:
        return
    demand_no_more(work, key)
    if key.id == work.actor.id:
        mend = "have another key or a person change it"
        refuse([Problem(name, "is a bound of the key that asks", mend) for name in freed])
    refuse(beyond_bounds(work, ends_at, restrictions))


def _freed(
    key: Key, starts_at: int | None, ends_at: int | None, restrictions: Restrictions
) -> list[str]:
    """The fields that would bind the key less; any other networks might."""
    start, end = key.starts_at, key.ends_at
    freed: list[str] = []
    if start is not None and (starts_at is None or starts_at < start):
        freed.append("starts_at")
    if end is not None and (ends_at is None or ends_at > end):
        freed.append("ends_at")
    if _networks(key.restrictions) not in (_networks(ANYWHERE), _networks(restrictions)):
        freed.append("restrictions")
    return freed


def _networks(restrictions: Restrictions) -> tuple[tuple[str, ...], ...]:
    """What of restrictions holds for management keys."""
    return restrictions.networks_allowed, restrictions.networks_denied
