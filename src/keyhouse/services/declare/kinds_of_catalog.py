"""Projects, APIs with their routes, customers and applications."""

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from keyhouse.core import ids
from keyhouse.core.entities import (
    Access,
    Api,
    Application,
    ApplicationCustomer,
    BrowserKeys,
    Credit,
    Customer,
    Identity,
    Key,
    KeyKind,
    Prefix,
    Project,
    Route,
    UpstreamHeader,
)
from keyhouse.services import catalog, tenants
from keyhouse.services.declare.forms import (
    FLAG,
    JSON,
    LIMITS,
    NUMBER,
    OPTIONAL_TEXT,
    TEXT,
    TEXT_MAP,
    TEXTS,
    TEXTS_MAP,
    choice,
)
from keyhouse.services.declare.kinds import Field, Held, Kind, Made, State
from keyhouse.services.work import Look, Work

_PAGE: Final = 200
_IN_PROJECTS: Final = (Api, Application, Customer, Key)
_DISABLED: Final = Field(name="disabled", form=FLAG, default=False, column="disabled_at")
_LIMITS: Final = Field(name="limits", form=LIMITS, default=[])
PROJECT: Final = Field(
    name="project",
    form=OPTIONAL_TEXT,
    fixed=True,
    refers="projects",
    column="project_id",
)


def _rest(held: Held, *names: str) -> dict[str, Any]:
    return {name: value for name, value in held.items() if name not in names}


def _find_project(at: Look | Work, state: State) -> Sequence[str]:
    organization = at.actor.organization_id
    found = at.tx.page(
        Project, after=None, limit=2, organization_id=organization, name=state["name"]
    )
    return [row.id for row in found.rows]


def _make_project(work: Work, held: Held) -> Made:
    made = tenants.create_project(work, name=held["name"])
    if held["disabled"]:
        tenants.change_project(work, made.id, {"disabled": True})
    return Made(made.id)


def _holds(at: Look | Work, kind: type[Any], /, **equals: object) -> bool:
    return bool(at.tx.stretch(kind, after="", limit=1, within=None, **equals))


def _left(
    at: Look | Work, kind: type[Any], of: str, loose: AbstractSet[str], **equals: object
) -> bool:
    """Whether there are rows that fit, besides those whose `of` is loose."""
    after = ""
    while rows := at.tx.stretch(kind, after=after, limit=_PAGE, within=None, **equals):
        if any(getattr(row, of) not in loose for row in rows):
            return True
        after = rows[-1].id
    return False


PROJECTS: Final = Kind(
    section="projects",
    one="project",
    prefix=ids.PROJECT,
    entity=Project,
    fields=(Field(name="name", form=TEXT, needed=True), _DISABLED),
    read_scope=tenants.READ_PROJECTS,
    write_scope=tenants.WRITE_PROJECTS,
    title=lambda state: state["name"],
    identity=("name",),
    find=_find_project,
    make=_make_project,
    change=lambda work, row, held: _done(tenants.change_project(work, row.id, {**held})),  # type: ignore[typeddict-item] # by the table
    remove=lambda work, row: tenants.delete_project(work, row.id),
    stays=lambda at, row, loose: (
        any(_left(at, one, "id", loose, project_id=row.id) for one in _IN_PROJECTS)
        or _holds(at, Access, resource_id=row.id)
    ),
    owned=lambda at, row: not _manages(at, project_id=row.id),
    known_as=lambda state: (state["name"],),
    in_project=False,
)


def _manages(at: Look | Work, **equals: object) -> bool:
    """Whether a management key is there: it is its holder's way in, and stays."""
    return _holds(at, Key, kind=KeyKind.MANAGEMENT, deleted_at=None, **equals)


def _done(_: object) -> None:
    """What a command gave is not needed."""


def _make_route(work: Work, held: Held) -> Made:
    fields: Any = _rest(held, "api", "method", "path")
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
        _LIMITS,
    ),
    read_scope=catalog.READ_APIS,
    write_scope=catalog.WRITE_APIS,
    title=lambda state: f"{state['method']} {state['path']}",
    identity=("api", "method", "path"),
    find=_find_route,
    make=_make_route,
    change=lambda work, row, held: _done(
        catalog.change_route(work, row.api_id, row.id, {**held})  # type: ignore[typeddict-item] # by the table
    ),
    remove=lambda work, row: catalog.delete_route(work, row.api_id, row.id),
    in_project=False,
)


def _make_api(work: Work, held: Held) -> Made:
    fields: Any = _rest(held, "slug", "project")
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
        _LIMITS,
        Field(name="key_header", form=TEXT, default="X-API-Key"),
        Field(name="query_parameter", form=OPTIONAL_TEXT),
        Field(name="browser_keys", form=choice(BrowserKeys), default="refuse"),
        Field(name="cors_origins", form=TEXTS, default=[]),
        Field(name="hosts", form=TEXTS, default=[]),
        Field(name="prefix", form=choice(Prefix), default="strip"),
        Field(name="identity", form=choice(Identity), default="headers"),
        Field(name="headers", form=TEXTS, default=[], apart=True, shown_alone=True),
        _DISABLED,
    ),
    read_scope=catalog.READ_APIS,
    write_scope=catalog.WRITE_APIS,
    title=lambda state: state["slug"],
    identity=("slug",),
    find=_find_api,
    make=_make_api,
    change=lambda work, row, held: _done(catalog.change_api(work, row.id, {**held})),  # type: ignore[typeddict-item] # by the table
    remove=lambda work, row: catalog.delete_api(work, row.id),
    tell_more=_headers,
    stays=lambda at, row, loose: _left(at, Access, "key_id", loose, resource_id=row.id),
    known_as=lambda state: (state["slug"],),
    children=(ROUTES,),
)


def _make_customer(work: Work, held: Held) -> Made:
    fields: Any = _rest(held, "external_id", "project")
    made = catalog.create_customer(
        work, external_id=held["external_id"], project=held["project"], fields=fields
    )
    return Made(made.id)


def _find_customer(at: Look | Work, state: State) -> Sequence[str]:
    where = {"project_id": state["project"], "external_id": state["external_id"]}
    return [row.id for row in at.tx.find(Customer, **where)]


CUSTOMERS: Final = Kind(
    section="customers",
    one="customer",
    prefix=ids.CUSTOMER,
    entity=Customer,
    fields=(
        Field(name="external_id", form=TEXT, needed=True),
        PROJECT,
        Field(name="name", form=TEXT, default=lambda state: state["external_id"]),
        _LIMITS,
        Field(name="metadata", form=JSON, default={}),
        Field(name="prepaid", form=FLAG, default=False, column="prepaid_at"),
        _DISABLED,
    ),
    read_scope=catalog.READ_CUSTOMERS,
    write_scope=catalog.WRITE_CUSTOMERS,
    title=lambda state: state["external_id"],
    identity=("project", "external_id"),
    find=_find_customer,
    make=_make_customer,
    change=lambda work, row, held: _done(catalog.change_customer(work, row.id, {**held})),  # type: ignore[typeddict-item] # by the table
    remove=lambda work, row: catalog.delete_customer(work, row.id),
    stays=lambda at, row, loose: (
        _holds(at, Credit, customer_id=row.id)
        or _left(at, ApplicationCustomer, "application_id", loose, customer_id=row.id)
    ),
    known_as=lambda state: (state["external_id"],),
)


def _make_application(work: Work, held: Held) -> Made:
    made = catalog.create_application(work, **_rest(held, "disabled"))
    if held["disabled"]:
        catalog.change_application(work, made.id, {"disabled": True})
    return Made(made.id)


def _find_application(at: Look | Work, state: State) -> Sequence[str]:
    """By its external id; without one by its name, among all that have the name."""
    where: dict[str, object] = {"project_id": state["project"]}
    if state["external_id"] is not None:
        where["external_id"] = state["external_id"]
    else:
        where |= {"name": state["name"], "external_id": None}
    return [
        row.id
        for row in at.tx.stretch(Application, after="", limit=2, within=None, **where)
    ]


def _customers(at: Look | Work, rows: Sequence[Application]) -> list[State]:
    links = at.tx.find(
        ApplicationCustomer,
        application_id=tuple(row.id for row in rows),
        provider_id=at.actor.organization_id,
    )
    found = {link.application_id: link.customer_id for link in links}
    return [{"customer": found.get(row.id)} for row in rows]


APPLICATIONS: Final = Kind(
    section="applications",
    one="application",
    prefix=ids.APPLICATION,
    entity=Application,
    fields=(
        Field(name="name", form=TEXT, needed=True),
        Field(name="external_id", form=OPTIONAL_TEXT),
        PROJECT,
        Field(name="purpose", form=TEXT, default=""),
        Field(name="customer", form=OPTIONAL_TEXT, refers="customers", apart=True),
        _LIMITS,
        _DISABLED,
    ),
    read_scope=catalog.READ_APPLICATIONS,
    write_scope=catalog.WRITE_APPLICATIONS,
    title=lambda state: state["name"],
    identity=("project", "external_id", "name"),
    find=_find_application,
    make=_make_application,
    change=lambda work, row, held: _done(
        catalog.change_application(work, row.id, {**held})  # type: ignore[typeddict-item] # by the table
    ),
    remove=lambda work, row: catalog.delete_application(work, row.id),
    tell_more=_customers,
    stays=lambda at, row, _loose: _holds(at, Key, application_id=row.id),
    owned=lambda at, row: not _manages(at, application_id=row.id),
    known_as=lambda state: (state["external_id"], state["name"]),
)
