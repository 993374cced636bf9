"""A key's powers, of one that is wanted and of one that is there."""

from keyhouse.core.entities import Resource
from keyhouse.doors.console.keys.sentences import Reach
from keyhouse.services.issue import KeyView, KeyWish

_WIDER = {
    Resource.PROJECT: "the whole project",
    Resource.ORGANIZATION: "the whole organization",
}


def reach_of_wish(wish: KeyWish) -> Reach:
    """The powers of a key that somebody wants."""
    return Reach(
        access={opening.name: opening.scopes for opening in wish.access},
        roles={opening.name: opening.roles for opening in wish.access},
        environment=wish.environment,
        restrictions=wish.restrictions,
        # What could not be read is 0, and told beside its field.
        limits=tuple(limit for limit in wish.limits if limit.amount),
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
    )


def reach_of_key(view: KeyView) -> Reach:
    """The powers of a key."""
    key = view.key
    opened = {
        view.slugs.get(row.resource_id) or _WIDER[row.resource]: row for row in view.access
    }
    return Reach(
        access={name: row.scopes for name, row in opened.items()},
        roles={name: row.roles for name, row in opened.items()},
        environment=key.environment,
        restrictions=key.restrictions,
        limits=key.limits,
        starts_at=key.starts_at,
        ends_at=key.ends_at,
    )
