"""What a provider sells, and who has it: plans, their versions, subscriptions."""

from dataclasses import dataclass
from enum import StrEnum

from keyhouse.core.entities.limits import Limit
from keyhouse.core.entities.rotation import RotationSchedule


class Visibility(StrEnum):
    """Who may subscribe by a plan's id: its own organization, or any."""

    PRIVATE = "private"
    PUBLIC = "public"


class Approval(StrEnum):
    """Whether a subscription works at once, or waits for the provider's word."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class Per(StrEnum):
    """What a plan's limit counts on: all keys of a subscription, or each of them."""

    SUBSCRIPTION = "subscription"
    KEY = "key"


class Applies(StrEnum):
    """From when other quotas hold: at once, or each from its next window on."""

    NOW = "now"
    NEXT_WINDOW = "next_window"


class SubscriptionState(StrEnum):
    """What a subscription is. Only an active one opens anything."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLimit(Limit):
    """A limit of a plan, or of one subscriber."""

    per: Per = Per.SUBSCRIPTION


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAccess:
    """An API that a plan opens, and the most that keys may do there."""

    api_id: str
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRoute:
    """Limits of a plan that are met on one route only, beside all others."""

    api_id: str
    route_id: str
    limits: tuple[PlanLimit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What holds of a quota up to `until`, whatever the plan says of that name.

    `limit` is None where none does yet. `route_id` is '' for the plan's own.
    """

    route_id: str
    name: str
    limit: PlanLimit | None
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A limit of one subscriber, in place of the plan's of that name or beside it,

    up to `ends_at`; None: for as long as it is kept.
    """

    limit: PlanLimit
    ends_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a provider offers. What it holds is told by its newest version.

    `version` is that one's number. A retired plan takes no new subscriptions,
    those that it has go on. `rotation` is for keys that open an API by it and
    have none of their own, nor their application; it is no part of a version.
    """

    id: str
    organization_id: str
    project_id: str
    slug: str
    name: str
    description: str = ""
    visibility: Visibility
    approval: Approval
    version: int
    retired_at: int | None = None
    created_at: int
    updated_at: int
    rotation: RotationSchedule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """What a plan held from a time on; never changed. `id` is `version_id`.

    `carried` are quotas of the version before that hold for a while yet.
    """

    id: str
    organization_id: str
    plan_id: str
    number: int
    access: tuple[PlanAccess, ...]
    limits: tuple[PlanLimit, ...]
    routes: tuple[PlanRoute, ...]
    carried: tuple[Carried, ...] = ()
    created_by: str
    created_at: int


def version_id(plan_id: str, number: int) -> str:
    """The id of a plan's version; in the order of ids the later ones come later."""
    return f"{plan_id}/{number:06}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Joins an application to a plan, whose organization is the provider.

    `carried` are quotas of the plan that it was moved from. `state_since` is
    when it came to be what it is. `counted_id` is what its use is booked on, and
    `also_counted_ids` what its quotas are booked on besides: those of the APIs
    that it opens (see SubscriptionApi).
    """

    id: str
    provider_id: str
    consumer_id: str
    plan_id: str
    application_id: str
    counted_id: str
    state: SubscriptionState
    state_since: int
    overrides: tuple[Override, ...] = ()
    carried: tuple[Carried, ...] = ()
    created_by: str
    created_at: int
    updated_at: int
    also_counted_ids: tuple[str, ...] = ()

    @property
    def counted_ids(self) -> tuple[str, ...]:
        """All that its quotas are booked on."""
        return (self.counted_id, *self.also_counted_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionApi:
    """By which subscription an application opens an API. `id` is `{application}/{api}`:

    there is one at most. It stays when that one has ended, up to the next one:
    what was sold and is over must not be open again without limits. `counted_id`
    is what use of the API was booked on from the first one on, and never changes:
    so nobody gets a fresh quota by another subscription. Those that one opened
    together for the first time have the same.
    """

    id: str
    application_id: str
    api_id: str
    subscription_id: str
    counted_id: str
