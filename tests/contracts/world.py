"""A small installation: one of each thing, to be changed by tests."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from keyhouse.adapters.database import Database
from keyhouse.core import entities
from keyhouse.core.secret import ALGORITHM

NOW = 1_760_000_000_000_000
DIGEST = bytes(range(32))


def id_of(prefix: str, number: int) -> str:
    """A well-formed id; those of higher numbers sort later."""
    return f"{prefix}_{number:022}"


def organization(number: int = 1, name: str = "Acme") -> entities.Organization:
    return entities.Organization(
        id=id_of("org", number), name=name, created_at=NOW, updated_at=NOW
    )


def project(number: int = 1, of: int = 1) -> entities.Project:
    return entities.Project(
        id=id_of("prj", number),
        organization_id=id_of("org", of),
        name="Main",
        created_at=NOW,
        updated_at=NOW,
    )


def api(number: int = 1, of: int = 1, slug: str = "weather") -> entities.Api:
    return entities.Api(
        id=id_of("api", number),
        organization_id=id_of("org", of),
        project_id=id_of("prj", of),
        slug=slug,
        name="Weather",
        upstreams={"test": "http://127.0.0.1:3000"},
        limits=(
            entities.Limit(
                name="daily",
                kind=entities.LimitKind.QUOTA,
                amount=1000,
                window=entities.Window.DAY,
                zone="Europe/Berlin",
            ),
        ),
        created_at=NOW,
        updated_at=NOW,
    )


def held_host(host: str, organization: int = 1) -> entities.HeldHost:
    return entities.HeldHost(id=host, organization_id=id_of("org", organization))


def api_host(place: str, api: int) -> entities.ApiHost:
    return entities.ApiHost(
        id=place,
        organization_id=id_of("org", 1),
        api_id=id_of("api", api),
        parent=place.partition("/")[0].partition(".")[2],
        host_id=place.partition("/")[0],
    )


def application(number: int = 1, external_id: str | None = None) -> entities.Application:
    return entities.Application(
        id=id_of("app", number),
        organization_id=id_of("org", 1),
        project_id=id_of("prj", 1),
        name="Robot",
        external_id=external_id,
        created_at=NOW,
        updated_at=NOW,
    )


def customer(number: int = 1, of: int = 1) -> entities.Customer:
    return entities.Customer(
        id=id_of("cus", number),
        organization_id=id_of("org", of),
        project_id=id_of("prj", of),
        external_id=f"crm-{number}",
        name="Globex",
        created_at=NOW,
        updated_at=NOW,
    )


def link(
    application: int = 1, customer: int = 1, provider: int = 1
) -> entities.ApplicationCustomer:
    return entities.ApplicationCustomer(
        id=f"{id_of('app', application)}/{id_of('org', provider)}",
        application_id=id_of("app", application),
        provider_id=id_of("org", provider),
        customer_id=id_of("cus", customer),
        created_at=NOW,
    )


def plan(number: int = 1) -> entities.Plan:
    return entities.Plan(
        id=id_of("pln", number),
        organization_id=id_of("org", 1),
        project_id=id_of("prj", 1),
        slug=f"plan-{number}",
        name="Basic",
        visibility=entities.Visibility.PRIVATE,
        approval=entities.Approval.AUTOMATIC,
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )


def plan_version(
    number: int = 1, *limits: entities.PlanLimit, plan: int = 1
) -> entities.PlanVersion:
    opened = entities.PlanAccess(api_id=id_of("api", 1), scopes=("forecast:read",))
    return entities.PlanVersion(
        id=entities.version_id(id_of("pln", plan), number),
        organization_id=id_of("org", 1),
        plan_id=id_of("pln", plan),
        number=number,
        access=(opened,),
        limits=limits,
        routes=(),
        created_by="operator",
        created_at=NOW,
    )


def subscription(number: int = 1, plan: int = 1) -> entities.Subscription:
    return entities.Subscription(
        id=id_of("sub", number),
        provider_id=id_of("org", 1),
        consumer_id=id_of("org", 1),
        plan_id=id_of("pln", plan),
        application_id=id_of("app", 1),
        counted_id=id_of("sub", number),
        state=entities.SubscriptionState.ACTIVE,
        state_since=NOW,
        created_by="operator",
        created_at=NOW,
        updated_at=NOW,
    )


def subscription_api(subscription: int = 1) -> entities.SubscriptionApi:
    return entities.SubscriptionApi(
        id=f"{id_of('app', 1)}/{id_of('api', 1)}",
        application_id=id_of("app", 1),
        api_id=id_of("api", 1),
        subscription_id=id_of("sub", subscription),
        counted_id=id_of("sub", subscription),
    )


def key(number: int = 1, application: int = 1) -> entities.Key:
    return entities.Key(
        id=id_of("key", number),
        organization_id=id_of("org", 1),
        project_id=id_of("prj", 1),
        application_id=id_of("app", application),
        name=f"key {number}",
        kind=entities.KeyKind.SERVER,
        environment=entities.Environment.TEST,
        created_by="operator",
        created_at=NOW,
        updated_at=NOW,
    )


def access(key: int = 1, api: int = 1, provider: int = 1) -> entities.Access:
    return entities.Access(
        id=f"{id_of('key', key)}/{id_of('api', api)}",
        key_id=id_of("key", key),
        resource=entities.Resource.API,
        resource_id=id_of("api", api),
        provider_id=id_of("org", provider),
        scopes=("forecast:read",),
        created_at=NOW,
    )


def secret(number: int = 1, key: int = 1, digest: bytes = DIGEST) -> entities.SecretRow:
    return entities.SecretRow(
        id=id_of("sec", number),
        key_id=id_of("key", key),
        version=number,
        namespace="",
        algorithm=ALGORITHM,
        pepper_id="p1",
        digest=digest,
        hint="kh_sk_test_…abcd",
        starts_at=NOW,
        created_by="operator",
        created_at=NOW,
    )


def route(number: int = 1, api: int = 1) -> entities.Route:
    return entities.Route(
        id=id_of("rte", number),
        organization_id=id_of("org", 1),
        api_id=id_of("api", api),
        position=number,
        method="GET",
        path="/forecast",
        scopes=("forecast:read",),
        created_at=NOW,
        updated_at=NOW,
    )


@dataclass
class World:
    """The rows of the installation, parents first."""

    organization: entities.Organization = field(default_factory=organization)
    project: entities.Project = field(default_factory=project)
    api: entities.Api = field(default_factory=api)
    application: entities.Application = field(default_factory=application)
    key: entities.Key = field(default_factory=key)
    access: entities.Access = field(default_factory=access)
    secret: entities.SecretRow = field(default_factory=secret)
    route: entities.Route = field(default_factory=route)

    def __iter__(self) -> Iterator[entities.Entity]:
        yield from (self.organization, self.project, self.api, self.application)
        yield from (self.key, self.access, self.secret, self.route)

    def insert(self, database: Database) -> None:
        with database.rows.writing() as rows:
            for row in self:
                rows.insert(row)
