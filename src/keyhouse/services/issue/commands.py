"""Writing keys."""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

from keyhouse.core.entities import (
    Access,
    Application,
    Environment,
    Key,
    KeyKind,
    Limit,
    Restrictions,
    RotationSchedule,
)
from keyhouse.core.validation import (
    Problem,
    check_key_environment,
    check_limits,
    check_metadata,
    check_name,
    check_restrictions,
    check_schedule,
    check_tags,
    check_text,
    check_times,
)
from keyhouse.services.issue.access import AccessWish, open_access
from keyhouse.services.issue.homes import (
    ApplicationWish,
    Home,
    application_in,
    existing,
)
from keyhouse.services.issue.kinds import check_kind
from keyhouse.services.issue.loosening import demand_hold
from keyhouse.services.issue.minting import (
    ANYWHERE,
    Issued,
    NewKey,
    issue_key,
    replace_access,
)
from keyhouse.services.issue.owners import member_named
from keyhouse.services.issue.queries import WRITE, reached_key
from keyhouse.services.issue.views import RESTORE_DAYS, RESTORE_US, KeyView, views_of
from keyhouse.services.privilege import beyond_bounds, demand_no_more
from keyhouse.services.refusals import Taken, refuse
from keyhouse.services.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """A key that somebody wants. `application` is an id, or names one to be made.

    `owner` is the id or mail address of a member.
    """

    name: str
    access: tuple[AccessWish, ...]
    kind: KeyKind = KeyKind.SERVER
    environment: Environment | None = None
    project: str | None = None
    application: str | ApplicationWish | None = None
    restrictions: Restrictions = ANYWHERE
    limits: tuple[Limit, ...] = ()
    starts_at: int | None = None
    ends_at: int | None = None
    metadata: dict[str, Any] | None = None
    rotation: RotationSchedule | None = None
    owner: str | None = None
    purpose: str = ""
    tags: tuple[str, ...] = ()


class KeyChanges(TypedDict, total=False):
    """What may change of a key; only what is there is changed."""

    name: str
    access: tuple[AccessWish, ...]
    restrictions: Restrictions
    limits: tuple[Limit, ...]
    starts_at: int | None
    ends_at: int | None
    metadata: dict[str, Any]
    rotation: RotationSchedule | None
    owner: str | None
    purpose: str
    tags: tuple[str, ...]


class Created(NamedTuple):
    """A new key as it is told, and its secret."""

    view: KeyView
    issued: Issued


def create_key(work: Work, wish: KeyWish) -> Created:
    """Make a key and its first secret.

    The project is the application's, or that of the first API. Raises Invalid
    for what cannot be; a publishable key needs pages or apps, and narrow scopes,
    a management key no restrictions but networks, and the bounds of the key that asks.
    """
    work.actor.reach(WRITE)
    environment = wish.environment
    if environment is None and wish.kind is not KeyKind.MANAGEMENT:
        environment = Environment.TEST
    problems = [
        *check_name("name", wish.name),
        *_check_labels(wish.purpose, wish.tags),
        *check_key_environment("environment", wish.kind, environment),
        *_check(work, wish.restrictions, wish.limits, wish.metadata or {}),
        *check_times("starts_at", wish.starts_at, "ends_at", wish.ends_at),
        *check_schedule("rotation", wish.rotation),
        *check_kind(wish.kind, wish.restrictions, wish.limits, wish.access),
    ]
    refuse(problems)
    if wish.kind is KeyKind.MANAGEMENT:
        refuse(beyond_bounds(work, wish.ends_at, wish.restrictions))
    home = Home(wish.application, wish.project)
    opened = open_access(
        work, wish.kind, wish.access, lambda first: existing(work, home, first)
    )
    owner_id = member_named(work, wish.owner)
    new = NewKey(
        name=wish.name,
        kind=wish.kind,
        environment=environment,
        application=application_in(work, home, opened.project_id),
        access=opened.access,
        restrictions=wish.restrictions,
        limits=wish.limits,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        metadata=wish.metadata,
        rotation=wish.rotation,
        owner_id=owner_id,
        purpose=wish.purpose,
        tags=tuple(dict.fromkeys(wish.tags)),
    )
    issued = issue_key(work, new)
    return Created(told_key(work, issued.key), issued)


def change_key(work: Work, id: str, changes: KeyChanges) -> KeyView:
    """Change a key. It keeps its kind, environment, application and secrets.

    Raises Forbidden where a management key that may do more than the actor
    would be bound less, and Invalid where one would free itself.
    """
    key = living_key(work, id)
    restrictions = changes.get("restrictions", key.restrictions)
    limits = changes.get("limits", key.limits)
    wishes = changes.get("access")
    problems = check_name("name", changes["name"]) if "name" in changes else []
    problems += _check(
        work, restrictions, changes.get("limits", ()), changes.get("metadata", {})
    )
    starts, ends = (
        changes.get("starts_at", key.starts_at),
        changes.get("ends_at", key.ends_at),
    )
    problems += _check_labels(changes.get("purpose", ""), changes.get("tags", ()))
    problems += check_times("starts_at", starts, "ends_at", ends)
    problems += check_schedule("rotation", changes.get("rotation"))
    problems += check_kind(key.kind, restrictions, limits, wishes or (), held=key)
    refuse(problems)
    demand_hold(work, key, starts, ends, restrictions)
    if wishes is not None:
        if key.kind is KeyKind.MANAGEMENT and key.id != work.actor.id:
            refuse(beyond_bounds(work, ends, restrictions))
        held = work.tx.find(Access, key_id=key.id)
        opened = open_access(
            work, key.kind, wishes, lambda _: work.tx.get(Application, key.application_id)
        )
        replace_access(work, key, held, opened.access)
    return told_key(work, work.change("key.change", key, **_columns(work, changes)))


def disable_key(work: Work, id: str) -> KeyView:
    """Refuse a key until it is enabled."""
    key = living_key(work, id)
    since = key.disabled_at or work.now_us
    return told_key(work, work.change("key.disable", key, disabled_at=since))


def enable_key(work: Work, id: str) -> KeyView:
    """Let a disabled key work again; one that is revoked stays so.

    Raises Forbidden for a management key that may do more than the actor.
    """
    key = living_key(work, id)
    demand_no_more(work, key)
    if key.revoked_at is not None:
        raise Taken("state", "the key is revoked for good", "create a new key")
    return told_key(work, work.change("key.enable", key, disabled_at=None))


def revoke_key(work: Work, id: str) -> KeyView:
    """Refuse a key for ever."""
    key = living_key(work, id)
    since = key.revoked_at or work.now_us
    return told_key(work, work.change("key.revoke", key, revoked_at=since))


def delete_key(work: Work, id: str) -> None:
    """Put a key away: it is refused as unknown and listed no more."""
    key = reached_key(work, WRITE, id)
    work.change("key.delete", key, deleted_at=key.deleted_at or work.now_us)


def restore_key(work: Work, id: str) -> KeyView:
    """Undo a deletion, for 30 days. What else the key is, as revoked, it is again.

    Raises Forbidden for a management key that may do more than the actor.
    """
    key = reached_key(work, WRITE, id)
    demand_no_more(work, key)
    if key.deleted_at is not None and key.deleted_at + RESTORE_US <= work.now_us:
        reason = f"the key was deleted over {RESTORE_DAYS} days ago"
        raise Taken("state", reason, "create a new key")
    return told_key(work, work.change("key.restore", key, deleted_at=None))


def living_key(work: Work, id: str) -> Key:
    """The key, to be changed; Taken for one that is deleted."""
    key = reached_key(work, WRITE, id)
    if key.deleted_at is not None:
        raise Taken("state", "the key is deleted", "restore it first")
    return key


def told_key(work: Work, key: Key) -> KeyView:
    """The key as the answer to a command tells it."""
    used = work.tx.last_used([key.id])
    return views_of(work.tx, [key], work.now_us, used)[0]


def _columns(work: Work, changes: KeyChanges) -> dict[str, Any]:
    """What changes of the key's own row."""
    columns: dict[str, Any] = {n: v for n, v in changes.items() if n != "access"}
    if "owner" in columns:
        columns["owner_id"] = member_named(work, columns.pop("owner"))
    if "tags" in columns:
        columns["tags"] = tuple(dict.fromkeys(columns["tags"]))
    return columns


def _check_labels(purpose: str, tags: tuple[str, ...]) -> list[Problem]:
    return [*check_text("purpose", purpose), *check_tags("tags", tags)]


def _check(
    work: Work,
    restrictions: Restrictions,
    limits: tuple[Limit, ...],
    metadata: dict[str, Any],
) -> list[Problem]:
    return [
        *check_restrictions("restrictions", restrictions),
        *check_limits("limits", limits, work.knows_zone),
        *check_metadata("metadata", metadata),
    ]
