"""APIs, with their routes."""

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from keyhouse.core import ids
from keyhouse.core.entities import (
    Access,
    Api,
    BrowserKeys,
    CostFrom,
    Identity,
    Plan,
    PlanVersion,
    Prefix,
    Route,
    SubscriptionApi,
    UpstreamHeader,
    version_id,
)
from keyhouse.services import catalog
from keyhouse.services.declare.forms import (
    NUMBER,
    OPTIONAL_TEXT,
    TEXT,
    TEXT_MAP,
    TEXTS,
    TEXTS_MAP,
    choice,
)
from keyhouse.services.declare.kinds import Field, Held, Kind, Made, State
from keyhouse.services.declare.kinds_of_projects import DISABLED, LIMITED, PROJECT
from keyhouse.services.declare.limit_forms import LIMITS
from keyhouse.services.declare.rows import done, holds, left, rest
from keyhouse.services.work import Look, Work


def _make_route(work: Work, held: Held) -> Made:
    fields: Any = rest(held, "api", "method", "path")
    method, path = held["method"], held["path"]
    return Made(
        catalog.create_route(work, held["api"], method=method, path=path, fields=fields).id
    )


def _find_route(at: Look | Work, state: State) -> Sequence[str]:
    wanted = {name: state[name] for name in ("method", "path")}
    found = at.tx.find(Route, api_id=state["api"], **wanted)
    return [row.id for row in sorted(found, key=lambda row: (row.position, row.id))]


ROUTES: Final = Kind(
    section="routes",
    one="route",
    prefix=ids.ROUTE,
    entity=Route,
    parent="api",
    fields=(
        Field(name="api", form=TEXT, fixed=True, refers="apis", column="api_id"),
        Field(name="method", form=TEXT, needed=True, fixed=True),
        Field(name="path", form=TEXT, needed=True, fixed=True),
        Field(name="position", form=NUMBER, default=lambda state: state["+position"]),
        Field(name="scopes", form=TEXTS, default=[]),
        Field(name="cost", form=NUMBER, default=1),
        Field(name="cost_from", form=choice(CostFrom), default=CostFrom.ROUTE.value),
        LIMITED,
    ),
    read_scope=catalog.READ_APIS,
    write_scope=catalog.WRITE_APIS,
    title=lambda state: f"{state['method']} {state['path']}",
    identity=("api", "method", "path"),
    find=_find_route,
    make=_make_route,
    change=lambda work, row, held: done(
        catalog.change_route(work, row.api_id, row.id, {**held})  # type: ignore[typeddict-item] # by the table
    ),
    remove=lambda work, row: catalog.delete_route(work, row.api_id, row.id),
    in_project=False,
)


def _make_api(work: Work, held: Held) -> Made:
    fields: Any = rest(held, "slug", "project")
    made = catalog.create_api(
        work, slug=held["slug"], project=held["project"], fields=fields
    )
    return Made(made.id)


def _find_api(at: Look | Work, state: State) -> Sequence[str]:
    api = catalog.find_api(at, state["slug"])
    return [] if api is None else [api.id]


def _headers(at: Look | Work, rows: Sequence[Api]) -> list[State]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in at.tx.find(UpstreamHeader, api_id=tuple(api.id for api in rows)):
        found[row.api_id].append(row.name)
    return [{"headers": sorted(found[api.id])} for api in rows]


def _is_offered(at: Look | Work, row: Api, loose: AbstractSet[str]) -> bool:
    """Whether a plan opens it, besides those that are loose."""
    plans = at.tx.find(Plan, organization_id=row.organization_id)
    newest = tuple(version_id(p.id, p.version) for p in plans if p.id not in loose)
    return any(
        one.api_id == row.id
        for version in at.tx.find(PlanVersion, id=newest)
        for one in version.access
    )


APIS: Final = Kind(
    section="apis",
    one="api",
    prefix=ids.API,
    entity=Api,
    fields=(
        Field(name="slug", form=TEXT, needed=True, fixed=True),
        PROJECT,
        Field(name="name", form=TEXT, default=lambda state: state["slug"]),
        Field(name="upstreams", form=TEXT_MAP, default={}),
        Field(name="scopes", form=TEXTS, default=[]),
        Field(name="roles", form=TEXTS_MAP, default={}),
        LIMITED,
        Field(name="key_header", form=TEXT, default="X-API-Key"),
        Field(name="query_parameter", form=OPTIONAL_TEXT),
        Field(name="browser_keys", form=choice(BrowserKeys), default="refuse"),
        Field(name="cors_origins", form=TEXTS, default=[]),
        Field(name="hosts", form=TEXTS, default=[]),
        Field(name="prefix", form=choice(Prefix), default="strip"),
        Field(name="identity", form=choice(Identity), default="headers"),
        Field(name="token_seconds_max", form=NUMBER, default=3600),
        Field(name="user_limits", form=LIMITS, default=[]),
        Field(name="headers", form=TEXTS, default=[], apart=True, shown_alone=True),
        DISABLED,
    ),
    read_scope=catalog.READ_APIS,
    write_scope=catalog.WRITE_APIS,
    title=lambda state: state["slug"],
    identity=("slug",),
    find=_find_api,
    make=_make_api,
    change=lambda work, row, held: done(catalog.change_api(work, row.id, {**held})),  # type: ignore[typeddict-item] # by the table
    remove=lambda work, row: catalog.delete_api(work, row.id),
    tell_more=_headers,
    stays=lambda at, row, loose: (
        left(at, Access, "key_id", loose, resource_id=row.id)
        or holds(at, SubscriptionApi, api_id=row.id)
        or _is_offered(at, row, loose)
    ),
    known_as=lambda state: (state["slug"],),
    children=(ROUTES,),
)
