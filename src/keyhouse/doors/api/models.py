"""What requests hold: their shape only. What it may say is for the services."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    model_validator,
)

from keyhouse.doors.api.rotation_models import ScheduleBody
from keyhouse.doors.api.times import GivenTime
from keyhouse.services.reports import USAGE_ROWS_MAX


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has characters that cannot be printed")
    return text


def _example(**fields: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Body(BaseModel):
    """A JSON object of which every field is known."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """Query parameters, of which every one is known."""

    model_config = ConfigDict(extra="forbid")


Word = Annotated[str, Field(max_length=255), AfterValidator(_printable)]

Long = Annotated[str, Field(max_length=8192), AfterValidator(_printable)]

# What cannot be cleared has no null. Whether it came is told by `model_fields_set`;
# a factory, for a default would stand in the OpenAPI document as one.
UNSET_TEXT: Any = Field(default_factory=str)
UNSET_FLAG: Any = Field(default_factory=bool)
UNSET_NUMBER: Any = Field(default_factory=int)

LIMIT: dict[str, JsonValue] = {
    "name": "per-minute",
    "rate": 60,
    "period_seconds": 60,
    "burst": 10,
}
QUOTA: dict[str, JsonValue] = {
    "name": "daily",
    "quota": 1000,
    "window": "day",
    "zone": "Europe/Berlin",
}


class LimitBody(Body):
    """A rate (`rate`, `period_seconds`, `burst`) or a quota (`quota`, `window` …)."""

    name: str
    rate: int | None = None
    period_seconds: int | None = None
    burst: int | None = None
    quota: int | None = None
    window: Literal["hour", "day", "week", "month"] | None = None
    zone: str | None = None
    offset_seconds: int | None = None
    model_config = ConfigDict(json_schema_extra={"examples": [LIMIT, QUOTA]})

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.rate is None) == (self.quota is None):
            raise ValueError("has one of rate and quota")
        return self


class OrganizationChange(Body):
    """What may change of an organization. Limits that are given replace all of its."""

    name: str = UNSET_TEXT
    limits: list[LimitBody] | None = None
    model_config = _example(name="Acme", limits=[QUOTA])


class ProjectBody(Body):
    """A new project."""

    name: str
    model_config = _example(name="Weather")


class ProjectChange(Body):
    """What may change of a project."""

    name: str = UNSET_TEXT
    disabled: bool = UNSET_FLAG
    model_config = _example(name="Climate")


class ApiChange(Body):
    """What may change of an API. A list or object that is given replaces all of it."""

    name: str = UNSET_TEXT
    upstreams: dict[str, str] | None = None
    scopes: list[str] | None = None
    roles: dict[str, list[str]] | None = Field(
        None, description="The scopes of each role. Keys that hold one follow at once."
    )
    limits: list[LimitBody] | None = None
    key_header: str | None = None
    query_parameter: str | None = None
    browser_keys: Literal["refuse", "flag"] | None = None
    cors_origins: list[str] | None = None
    hosts: list[str] | None = Field(
        None,
        description="Places that lead to it: api.example.com, *.example.com, or"
        " api.example.com/weather for what is below a prefix; the longest one leads.",
    )
    prefix: Literal["strip", "keep"] | None = Field(
        None,
        description="Whether the upstream gets the slug, or the prefix of its place,"
        " that stood in the path.",
    )
    identity: Literal["headers", "signed"] | None = Field(
        None, description="Whether the upstream is told who calls by a signed token too."
    )
    token_seconds_max: int | None = Field(
        None, description="How long tokens of users last at most; an hour if null."
    )
    user_limits: list[LimitBody] | None = Field(
        None, description="Counted for each user inside an application."
    )
    disabled: bool = UNSET_FLAG
    model_config = _example(
        upstreams={"test": "http://127.0.0.1:3000", "live": "https://weather.internal"},
        scopes=["forecast:read", "alerts:read"],
        roles={"reader": ["*:read"]},
        limits=[LIMIT],
        hosts=["api.example.com/weather"],
    )


class ApiBody(ApiChange):
    """A new API. Its project is the only one there is, unless it is named."""

    slug: str
    project: str | None = None
    model_config = _example(
        slug="weather",
        upstreams={"test": "http://127.0.0.1:3000"},
        scopes=["forecast:read"],
        limits=[LIMIT],
    )


class UpstreamHeaderBody(Body):
    """The value of a header that the gateway adds toward an upstream."""

    value: str = Field(repr=False)
    model_config = _example(value="Bearer what-the-upstream-wants")


class RouteChange(Body):
    """What may change of a route. A list that is given replaces all of it."""

    method: str = UNSET_TEXT
    path: str = UNSET_TEXT
    position: int = UNSET_NUMBER
    scopes: list[str] | None = Field(
        None, description="All are needed; of `a:read|a:admin` either is enough."
    )
    cost: int = UNSET_NUMBER
    cost_from: Literal["route", "upstream"] | None = Field(
        None,
        description="`upstream`: `cost` is reserved, and the upstream's answer tells what "
        "of it was spent, in `Keyhouse-Cost`. Null: the route says it.",
    )
    limits: list[LimitBody] | None = None
    model_config = _example(cost=2, limits=[LIMIT])


class RouteBody(RouteChange):
    """A new route."""

    method: str
    path: str
    model_config = _example(
        method="GET", path="/v1/forecast/**", scopes=["forecast:read"], cost=1
    )


class ApplicationChange(Body):
    """What may change of an application. Limits that are given replace all of its."""

    name: str = UNSET_TEXT
    external_id: str | None = None
    purpose: str | None = None
    limits: list[LimitBody] | None = None
    rotation: ScheduleBody | None = None
    customer: str | None = Field(None, description="Its id or external id; null: none.")
    disabled: bool = UNSET_FLAG
    model_config = _example(purpose="plans routes by the weather", customer="crm-4711")


class ApplicationBody(Body):
    """A new application. Its project is the only one there is, unless it is named."""

    name: str
    external_id: str | None = None
    purpose: str = ""
    limits: list[LimitBody] | None = None
    rotation: ScheduleBody | None = None
    customer: str | None = Field(None, description="Its id or external id.")
    project: str | None = None
    model_config = _example(name="Route planner", customer="crm-4711")


class CustomerChange(Body):
    """What may change of a customer. What is given replaces all of it."""

    external_id: str = UNSET_TEXT
    name: str = UNSET_TEXT
    limits: list[LimitBody] | None = None
    metadata: dict[str, Any] | None = None
    prepaid: bool = UNSET_FLAG
    disabled: bool = UNSET_FLAG
    model_config = _example(limits=[QUOTA])


class CustomerBody(CustomerChange):
    """A new customer. Its project is the only one there is, unless it is named."""

    external_id: str
    project: str | None = None
    model_config = _example(external_id="crm-4711", name="Globex", limits=[QUOTA])


class CreditBody(Body):
    """What is added to a customer's balance or, with an amount below 0, taken."""

    amount: int = Field(description="Units; below 0 in an adjustment or a refund.")
    kind: Literal["purchase", "grant", "adjustment", "refund"]
    note: str = ""
    model_config = _example(amount=1000, kind="purchase", note="invoice 2026-17")


class AccessBody(Body):
    """What a key opens: an API, by id or slug, and the scopes and roles for it.

    A management key may instead name a project or the organization.
    """

    api: str | None = None
    project: str | None = None
    organization: str | None = None
    scopes: list[str] = Field(default_factory=list)
    roles: list[str] = Field(
        default_factory=list, description="Names of the API's roles; not for projects."
    )
    model_config = _example(api="weather", scopes=["forecast:read"], roles=[])

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.api, self.project, self.organization)) != 1:
            raise ValueError("names one api (or, for management keys, one resource)")
        return self


class RestrictionsBody(Body):
    """Where a key may be used; what is left out is not restricted."""

    networks_allowed: list[str] = Field(default_factory=list)
    networks_denied: list[str] = Field(default_factory=list)
    referrers: list[str] = Field(default_factory=list)
    endpoints: list[str] = Field(default_factory=list)
    apps: list[str] = Field(default_factory=list)
    model_config = _example(networks_allowed=["203.0.113.0/24"], endpoints=["GET /v1/**"])


class ApplicationNamed(Body):
    """An application that is found by its external id (or name), or made."""

    name: str
    external_id: str | None = None


def _application_form(value: object) -> str:
    return "~id" if isinstance(value, str) else "~named"


ApplicationGiven = Annotated[
    Annotated[str, Tag("~id")] | Annotated[ApplicationNamed, Tag("~named")],
    Discriminator(_application_form),
]


OWNER: Any = Field(None, description="A member's id or mail address.")
TAGS: Any = Field(None, description="At most 20 short labels, as `team:routing`.")


class KeyChange(Body):
    """What may change of a key. A list or object that is given replaces all of it."""

    name: str = UNSET_TEXT
    access: list[AccessBody] | None = None
    restrictions: RestrictionsBody | None = None
    limits: list[LimitBody] | None = None
    starts_at: GivenTime | None = None
    ends_at: GivenTime | None = None
    metadata: dict[str, Any] | None = None
    rotation: ScheduleBody | None = None
    owner: str | None = OWNER
    purpose: str | None = None
    tags: list[str] | None = TAGS
    model_config = _example(
        restrictions={"networks_allowed": ["203.0.113.0/24"]},
        ends_at="2030-01-01T00:00:00Z",
    )


class KeyBody(Body):
    """A new key: a name and what it opens; the rest has defaults."""

    name: str
    access: list[AccessBody]
    application: ApplicationGiven | None = None
    project: str | None = None
    environment: Literal["live", "test"] | None = None
    kind: Literal["server", "publishable", "management"] = "server"
    restrictions: RestrictionsBody | None = None
    limits: list[LimitBody] | None = None
    starts_at: GivenTime | None = None
    ends_at: GivenTime | None = None
    metadata: dict[str, Any] | None = None
    rotation: ScheduleBody | None = None
    owner: str | None = OWNER
    purpose: str = ""
    tags: list[str] | None = TAGS
    model_config = _example(
        name="Route planner", access=[{"api": "weather", "scopes": ["forecast:read"]}]
    )


class KeysBody(Body):
    """Up to 100 new keys: all are made, or none."""

    keys: list[KeyBody]
    model_config = _example(
        keys=[
            {"name": "Van 1", "access": [{"api": "weather", "scopes": ["forecast:read"]}]},
            {"name": "Van 2", "access": [{"api": "weather", "scopes": ["forecast:read"]}]},
        ]
    )


class TransferBody(Body):
    """Where a key goes."""

    application: str = Field(description="The id of the application that has it then.")
    model_config = _example(application="app_06TbZQ2dGmM8vXk1cPqRst")


class RevokeBody(Body):
    """Whose keys are revoked: names exactly one of the four."""

    application: Word | None = Field(None, description="Its id.")
    customer: Word | None = Field(None, description="Its id or external id.")
    owner: Word | None = Field(None, description="A person's id, or a member's address.")
    project: Word | None = Field(None, description="Its id.")
    dry_run: bool = Field(default=False, description="Count them, and change nothing.")
    expected: int | None = Field(
        None, description="How many keys that must be, the revoked ones included."
    )
    model_config = _example(application="app_06TbZQ2dGmM8vXk1cPqRst", expected=12)

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = (self.application, self.customer, self.owner, self.project)
        if sum(one is not None for one in named) != 1:
            raise ValueError("names one application, customer, owner or project")
        return self


class SecretBody(Body):
    """A whole secret, to find the key that it belongs to."""

    secret: str
    model_config = _example(
        # Never minted: the published vector of the checksum.
        secret="kh_sk_test_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"  # noqa: S106  (an example)
    )


class ListQuery(Query):
    """Which page of a list."""

    limit: int = Field(50, ge=1, le=100, description="The most rows of the page.")
    cursor: Word | None = Field(None, description="The `next_cursor` of another page.")


class ApisQuery(ListQuery):
    """Which APIs."""

    project: Word | None = None


class ApplicationsQuery(ListQuery):
    """Which applications."""

    project: Word | None = None
    external_id: Word | None = None


class CustomersQuery(ListQuery):
    """Which customers."""

    project: Word | None = None
    external_id: Word | None = None


class KeysQuery(ListQuery):
    """Which keys."""

    name: Word | None = Field(None, description="Beginnings of words in the name.")
    application: Word | None = None
    api: Word | None = Field(None, description="Id or slug.")
    state: (
        Literal["active", "disabled", "revoked", "expired", "not_yet_valid", "deleted"]
        | None
    ) = Field(None, description="Deleted keys are listed only if asked for.")
    environment: Literal["live", "test"] | None = None
    project: Word | None = None
    kind: Literal["server", "publishable", "management"] | None = None
    owner: Word | None = Field(None, description="A person's id, or a member's address.")
    customer: Word | None = Field(None, description="Id or external id.")
    tag: list[Word] = Field(
        default_factory=list, max_length=20, description="Repeated: all of them."
    )
    created_since: GivenTime | None = None
    used_since: GivenTime | None = None
    unused_since: GivenTime | None = Field(
        None, description="Not used since then, or never."
    )
    never_used: bool = False
    search: Word | None = Field(
        None,
        description="Beginnings of words in the name, or the last four characters of "
        "a secret. Never a whole secret.",
    )
    import_id: Word | None = Field(None, description="The import that brought them.")


class AuditQuery(ListQuery):
    """Which audit rows."""

    subject: Word | None = Field(None, description="The id of what was written.")
    actor: Word | None = Field(None, description="The id of the management key.")
    action: Word | None = Field(None, description="As `key.revoke`.")
    since: GivenTime | None = Field(None, description="From then on.")
    until: GivenTime | None = Field(None, description="Before then.")


class AuditExportQuery(Query):
    """Which audit rows go into an export."""

    since: GivenTime | None = Field(None, description="From then on.")
    until: GivenTime | None = Field(None, description="Before then.")
    after: Word | None = Field(
        None, description="The id of the last row of an export, to go on behind it."
    )


class AlertsQuery(ListQuery):
    """Which alerts."""

    key: Word | None = None
    kind: Word | None = Field(None, description="As `server_key_in_browser`.")


class RequestsQuery(ListQuery):
    """Which requests."""

    key: Word | None = None
    api: Word | None = Field(None, description="Id or slug.")
    application: Word | None = None
    verdict: Word | None = Field(None, description="As `valid` or `rate_limited`.")


class UnknownKeysQuery(Query):
    """Which unknown keys; whole days, UTC."""

    since: GivenTime | None = Field(None, description="A day before `until` if not given.")
    until: GivenTime | None = Field(None, description="Now if not given.")
    api: Word | None = Field(None, description="Id or slug.")


class UsersQuery(UnknownKeysQuery):
    """Which users; whole days, UTC."""

    key: Word | None = None


class UsageQuery(Query):
    """Which usage."""

    since: GivenTime | None = Field(None, description="A day before `until` if not given.")
    until: GivenTime | None = Field(None, description="Now if not given.")
    step: Literal["minute", "hour", "day", "month"] = "hour"
    time_zone: Word = Field(
        "UTC", description="Hours, days and months begin as clocks show it there."
    )
    group_by: Word = Field(
        "", description="Any of key, api, application, environment, route; with commas."
    )
    key: Word | None = None
    api: Word | None = Field(None, description="Id or slug.")
    application: Word | None = None
    environment: Literal["live", "test"] | None = None
    limit: int = Field(
        USAGE_ROWS_MAX, ge=1, le=USAGE_ROWS_MAX, description="The most rows of the page."
    )
    cursor: Word | None = Field(None, description="The `next_cursor` of another page.")
