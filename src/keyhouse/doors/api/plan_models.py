"""What requests and answers about plans and subscriptions hold: their shape only."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from keyhouse.doors.api.answers import QuotaOut, RateOut
from keyhouse.doors.api.models import (
    QUOTA,
    UNSET_FLAG,
    UNSET_TEXT,
    Body,
    LimitBody,
    ListQuery,
    Word,
)
from keyhouse.doors.api.rotation_models import SCHEDULE, ScheduleBody, ScheduleOut
from keyhouse.doors.api.times import GivenTime, ToldTime

PerName = Literal["subscription", "key"]
AppliesName = Literal["now", "next_window"]
StateName = Literal["pending", "active", "suspended", "ended"]
_BODY = "06TbZQ2dGmM8vXk1cPqRst"
_AT = "2026-03-01T09:30:00Z"
_PER: Any = Field("subscription", description="Whether each key counts apart.")
_APPLIES: Any = Field(
    "now", description="Whether quotas change at once or each with its next window."
)
_ROTATION = (
    "How often keys that open an API by this plan are to get a new secret, where "
    "neither they nor their application have a schedule."
)
_MONTHLY: dict[str, JsonValue] = {
    "name": "monthly",
    "quota": 50_000,
    "window": "month",
    "zone": "UTC",
    "offset_seconds": 0,
    "per": "subscription",
}
_SLOW: dict[str, JsonValue] = {
    "name": "slow",
    "rate": 5,
    "period_seconds": 1,
    "burst": None,
    "per": "subscription",
}
_OPENED: dict[str, JsonValue] = {
    "api": f"api_{_BODY}",
    "slug": "weather",
    "scopes": ["forecast:read"],
    "roles": [],
}
_ROUTE: dict[str, JsonValue] = {
    "api": f"api_{_BODY}",
    "route": f"rte_{_BODY}",
    "method": "GET",
    "path": "/v1/radar/**",
    "limits": [_SLOW],
}


def _example(**told: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [told]})


class PlanLimitBody(LimitBody):
    """A rate or a quota of a plan."""

    per: PerName = _PER
    model_config = _example(**QUOTA, per="subscription")


class PlanAccessBody(Body):
    """An API that a plan opens, by id or slug, and the most that keys may do there."""

    api: str
    scopes: list[str] = Field(default_factory=list)
    roles: list[str] = Field(default_factory=list)
    model_config = _example(api="weather", scopes=["forecast:read"])


class PlanRouteBody(Body):
    """Limits on one route of an API that the plan opens, beside all others."""

    api: str
    route: str = Field(description="Its id, or method and path, as GET /v1/radar/**.")
    limits: list[PlanLimitBody]
    model_config = _example(
        api="weather",
        route="GET /v1/radar/**",
        limits=[{"name": "slow", "rate": 5, "period_seconds": 1}],
    )


class PlanChange(Body):
    """What may change of a plan. A list that is given replaces all of it.

    What changes access, limits or routes is a new version of the plan.
    """

    slug: str = UNSET_TEXT
    name: str = UNSET_TEXT
    description: str | None = None
    visibility: Literal["private", "public"] | None = Field(
        None, description="Who may subscribe by its id: own applications, or any."
    )
    approval: Literal["automatic", "manual"] | None = Field(
        None, description="Whether a subscription waits for the provider."
    )
    retired: bool = UNSET_FLAG
    rotation: ScheduleBody | None = Field(None, description=_ROTATION)
    access: list[PlanAccessBody] | None = None
    limits: list[PlanLimitBody] | None = None
    routes: list[PlanRouteBody] | None = None
    applies: AppliesName = _APPLIES
    model_config = _example(
        limits=[{"name": "monthly", "quota": 50_000, "window": "month"}],
        applies="next_window",
    )


class PlanBody(Body):
    """A new plan. Its project is the only one there is, unless it is named."""

    slug: str
    name: str = UNSET_TEXT
    description: str | None = None
    visibility: Literal["private", "public"] | None = None
    approval: Literal["automatic", "manual"] | None = None
    retired: bool = UNSET_FLAG
    rotation: ScheduleBody | None = Field(None, description=_ROTATION)
    access: list[PlanAccessBody]
    limits: list[PlanLimitBody] | None = None
    routes: list[PlanRouteBody] | None = None
    project: str | None = None
    model_config = _example(
        slug="basic",
        name="Basic",
        access=[{"api": "weather", "scopes": ["forecast:read"]}],
        limits=[{"name": "monthly", "quota": 50_000, "window": "month"}],
    )


class SubscriptionBody(Body):
    """Which application to subscribe to which plan, each by its id."""

    plan: str
    application: str
    model_config = _example(plan=f"pln_{_BODY}", application=f"app_{_BODY}")


class MoveBody(Body):
    """The plan to move to, by its id; it is one of the same provider."""

    plan: str
    applies: AppliesName = _APPLIES
    model_config = _example(plan=f"pln_{_BODY}", applies="next_window")


class OverrideBody(PlanLimitBody):
    """A limit of one subscriber, in place of the plan's of that name or beside it."""

    ends_at: GivenTime | None = None
    model_config = _example(**QUOTA, per="subscription", ends_at="2030-01-01T00:00:00Z")


class SubscriptionChange(Body):
    """What may change of a subscription. Overrides that are given replace all."""

    overrides: list[OverrideBody] | None = None
    model_config = _example(
        overrides=[
            {
                "name": "monthly",
                "quota": 80_000,
                "window": "month",
                "ends_at": "2030-01-01T00:00:00Z",
            }
        ]
    )


class PlansQuery(ListQuery):
    """Which plans."""

    project: Word | None = None
    slug: Word | None = None


class SubscriptionsQuery(ListQuery):
    """Which subscriptions."""

    side: Literal["provider", "consumer"] = Field(
        "provider", description="Those to your plans, or those of your applications."
    )
    plan: Word | None = None
    application: Word | None = None
    state: StateName | None = None


class PlanRateOut(RateOut):
    """A rate limit of a plan."""

    per: PerName


class PlanQuotaOut(QuotaOut):
    """A quota of a plan."""

    per: PerName


class PlanAccessOut(BaseModel):
    """An API that a plan opens."""

    api: str
    slug: str | None
    scopes: list[str]
    roles: list[str]


class PlanRouteOut(BaseModel):
    """A route on which a plan has limits; null where the route is gone."""

    api: str
    route: str
    method: str | None
    path: str | None
    limits: list[PlanRateOut | PlanQuotaOut]


class PlanVersionOut(BaseModel):
    """What a plan held from a time on."""

    number: int
    access: list[PlanAccessOut]
    limits: list[PlanRateOut | PlanQuotaOut]
    routes: list[PlanRouteOut]
    created_at: ToldTime
    model_config = _example(
        number=1, access=[_OPENED], limits=[_MONTHLY], routes=[_ROUTE], created_at=_AT
    )


class PlanOut(BaseModel):
    """A plan with what its newest version holds."""

    id: str
    slug: str
    name: str
    description: str
    provider: str
    project: str
    visibility: Literal["private", "public"]
    approval: Literal["automatic", "manual"]
    version: int
    access: list[PlanAccessOut]
    limits: list[PlanRateOut | PlanQuotaOut]
    routes: list[PlanRouteOut]
    rotation: ScheduleOut | None
    retired_at: ToldTime | None
    created_at: ToldTime
    updated_at: ToldTime
    model_config = _example(
        id=f"pln_{_BODY}",
        slug="basic",
        name="Basic",
        description="",
        provider=f"org_{_BODY}",
        project=f"prj_{_BODY}",
        visibility="private",
        approval="automatic",
        version=1,
        access=[_OPENED],
        limits=[_MONTHLY],
        routes=[_ROUTE],
        rotation=SCHEDULE,
        retired_at=None,
        created_at=_AT,
        updated_at=_AT,
    )


class OverrideOut(BaseModel):
    """A limit of one subscriber, and until when it holds."""

    limit: PlanRateOut | PlanQuotaOut
    ends_at: ToldTime | None


class SubscriptionOut(BaseModel):
    """A subscription: `provider` and `consumer` are organizations."""

    id: str
    plan: str
    application: str
    provider: str
    consumer: str
    state: StateName
    state_since: ToldTime
    overrides: list[OverrideOut]
    created_at: ToldTime
    updated_at: ToldTime
    model_config = _example(
        id=f"sub_{_BODY}",
        plan=f"pln_{_BODY}",
        application=f"app_{_BODY}",
        provider=f"org_{_BODY}",
        consumer=f"org_{_BODY}",
        state="active",
        state_since=_AT,
        overrides=[{"limit": _MONTHLY, "ends_at": "2030-01-01T00:00:00Z"}],
        created_at=_AT,
        updated_at=_AT,
    )
