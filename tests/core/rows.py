"""Rows with everything filled in, so that a test says only what matters to it."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from keyhouse.core import entities as rows
from keyhouse.core.compilation import (
    compile_api,
    compile_application,
    compile_key,
    compile_line,
    compile_organization,
    compile_project,
)
from keyhouse.core.records import ApiRecord, Line

_WHEN: Any = {"created_at": 0, "updated_at": 0}

ORGANIZATION = rows.Organization(id="org_a", name="A", **_WHEN)
PROJECT = rows.Project(id="prj_a", organization_id="org_a", name="P", **_WHEN)
APPLICATION = rows.Application(
    id="app_a", organization_id="org_a", project_id="prj_a", name="bot", **_WHEN
)
API = rows.Api(
    id="api_a",
    organization_id="org_a",
    project_id="prj_a",
    slug="webdata",
    name="Webdata",
    upstreams={"live": "http://127.0.0.1:1", "test": "http://127.0.0.1:2"},
    **_WHEN,
)
KEY = rows.Key(
    id="key_a",
    organization_id="org_a",
    project_id="prj_a",
    application_id="app_a",
    name="main",
    kind=rows.KeyKind.SERVER,
    environment=rows.Environment.LIVE,
    created_by="operator",
    **_WHEN,
)
ACCESS = rows.Access(
    id="key_a/api_a",
    key_id="key_a",
    resource=rows.Resource.API,
    resource_id="api_a",
    provider_id="org_a",
    created_at=0,
)
PLAN = rows.Plan(
    id="pln_a",
    organization_id="org_a",
    project_id="prj_a",
    slug="basic",
    name="Basic",
    visibility=rows.Visibility.PRIVATE,
    approval=rows.Approval.AUTOMATIC,
    version=1,
    **_WHEN,
)
VERSION = rows.PlanVersion(
    id="pln_a/000001",
    organization_id="org_a",
    plan_id="pln_a",
    number=1,
    access=(rows.PlanAccess(api_id="api_a", scopes=("*",)),),
    limits=(),
    routes=(),
    created_by="operator",
    created_at=0,
)
SUBSCRIPTION = rows.Subscription(
    id="sub_a",
    provider_id="org_a",
    consumer_id="org_a",
    plan_id="pln_a",
    application_id="app_a",
    counted_id="sub_a",
    state=rows.SubscriptionState.ACTIVE,
    state_since=0,
    created_by="operator",
    **_WHEN,
)
SECRET = rows.SecretRow(
    id="sec_a",
    key_id="key_a",
    version=1,
    namespace="",
    algorithm="blake2b-256-keyed",
    pepper_id="p1",
    digest=b"d" * 32,
    hint="kh_sk_live_…abcd",
    starts_at=0,
    created_by="operator",
    created_at=0,
)


def route(position: int, method: str, path: str, **more: Any) -> rows.Route:
    """A route of the API; `id` is made of its position."""
    return rows.Route(
        id=f"rte_{position}",
        organization_id="org_a",
        api_id="api_a",
        position=position,
        method=method,
        path=path,
        **more,
        **_WHEN,
    )


def rate(name: str, amount: int = 10, **more: Any) -> rows.Limit:
    """A rate limit of `amount` a second."""
    kind = rows.LimitKind.RATE
    return rows.Limit(name=name, kind=kind, amount=amount, period_seconds=1, **more)


def quota(name: str, amount: int = 100, **more: Any) -> rows.Limit:
    """A quota of `amount` a day."""
    more.setdefault("window", rows.Window.DAY)
    return rows.Limit(name=name, kind=rows.LimitKind.QUOTA, amount=amount, **more)


def plan_quota(name: str, amount: int = 100, **more: Any) -> rows.PlanLimit:
    """A plan's quota of `amount` a day."""
    kind, window = rows.LimitKind.QUOTA, more.pop("window", rows.Window.DAY)
    return rows.PlanLimit(name=name, kind=kind, amount=amount, window=window, **more)


def plan_rate(name: str, amount: int = 10, **more: Any) -> rows.PlanLimit:
    """A plan's rate limit of `amount` a second."""
    kind = rows.LimitKind.RATE
    return rows.PlanLimit(name=name, kind=kind, amount=amount, period_seconds=1, **more)


def api_record(*routes: rows.Route, **changes: Any) -> ApiRecord:
    """The API compiled, with some columns changed."""
    return compile_api(replace(API, **changes), routes, ZoneInfo)


def line(
    api: ApiRecord | None = None,
    *,
    secret: dict[str, Any] | None = None,
    access: dict[str, Any] | None = None,
    application: dict[str, Any] | None = None,
    owner: dict[str, Any] | None = None,
    provider: dict[str, Any] | None = None,
    **key: Any,
) -> Line:
    """The way from the secret to the API, with some columns changed."""
    compiled = compile_key(
        replace(KEY, **key),
        [replace(ACCESS, **(access or {}))],
        [replace(SECRET, **(secret or {}))],
        ZoneInfo,
    )
    return compile_line(
        compiled.secrets[0],
        compiled,
        compile_application(replace(APPLICATION, **(application or {})), ZoneInfo),
        api or api_record(),
        owners=[
            compile_organization(replace(ORGANIZATION, **(owner or {})), ZoneInfo),
            compile_project(PROJECT),
        ],
        providers=[
            compile_organization(ORGANIZATION, ZoneInfo),
            compile_project(replace(PROJECT, **(provider or {}))),
        ],
    )
