"""Writing APIs."""

from typing import TypedDict

from keyhouse.core import ids
from keyhouse.core.entities import (
    Access,
    Api,
    BrowserKeys,
    Entity,
    Identity,
    Limit,
    Prefix,
    Route,
    UpstreamHeader,
)
from keyhouse.core.user_tokens import SECONDS_MAX
from keyhouse.core.validation import (
    Problem,
    check_api_roles,
    check_cors_origins,
    check_hosts,
    check_key_header,
    check_limits,
    check_name,
    check_number,
    check_query_parameter,
    check_scopes,
    check_slug,
    check_upstreams,
)
from keyhouse.services.catalog.hosts import free_hosts, keep_hosts
from keyhouse.services.catalog.queries import WRITE_APIS, home_project, reached_api
from keyhouse.services.catalog.selling import is_sold
from keyhouse.services.refusals import Taken, refuse
from keyhouse.services.work import Work, switched


class ApiFields(TypedDict, total=False):
    """What may be said of an API; in a change, only what is there is changed."""

    name: str
    upstreams: dict[str, str]
    scopes: tuple[str, ...]
    roles: dict[str, tuple[str, ...]]
    limits: tuple[Limit, ...]
    key_header: str
    query_parameter: str | None
    browser_keys: BrowserKeys
    cors_origins: tuple[str, ...]
    hosts: tuple[str, ...]
    prefix: Prefix
    identity: Identity
    token_seconds_max: int
    user_limits: tuple[Limit, ...]
    disabled: bool


def create_api(work: Work, *, slug: str, project: str | None, fields: ApiFields) -> Api:
    """A new API in a project. Its name is its slug unless one is given."""
    home = home_project(work, WRITE_APIS, project)
    refuse([*check_slug("slug", slug), *_check(work, fields, ())])
    given = {"name": slug, **switched(work, None, dict(fields))}
    api = Api(
        id=work.new_id(ids.API),
        organization_id=work.actor.organization_id,
        project_id=home.id,
        slug=slug,
        created_at=work.now_us,
        updated_at=work.now_us,
        **given,
    )
    made = work.add("api.create", api)
    keep_hosts(work, made, ())
    return made


def change_api(work: Work, name: str, fields: ApiFields) -> Api:
    """Change an API.

    A scope that goes is gone from no key, but opens nothing new. A role that
    goes is gone from no key either, and opens nothing from then on.
    """
    api = reached_api(work, WRITE_APIS, name)
    refuse(_check(work, fields, api.scopes))
    changed = work.change("api.change", api, **switched(work, api, dict(fields)))
    keep_hosts(work, changed, api.hosts)
    return changed


def delete_api(work: Work, name: str) -> None:
    """Delete an API that no key was made for, with its routes, hosts and headers.

    One that keys open is disabled instead: that takes effect as fast, can be
    undone, and its usage keeps a name.
    """
    api = reached_api(work, WRITE_APIS, name)
    if work.tx.page(Access, after=None, limit=1, resource_id=api.id).rows:
        raise Taken("api", "has keys", "disable it instead: it is then refused at once")
    if is_sold(work, api):
        mend = "take it out of the plan, or disable it instead"
        raise Taken("api", "is opened by a plan or was subscribed to", mend)
    rows: list[Entity] = [
        *work.tx.find(Route, api_id=api.id),
        *work.tx.find(UpstreamHeader, api_id=api.id),
    ]
    for row in rows:
        work.tx.remove(row)
    free_hosts(work, api)
    work.drop("api.delete", api)


def _check(work: Work, fields: ApiFields, known: tuple[str, ...]) -> list[Problem]:
    """What is wrong with the fields; `known` are the scopes of the API as it was."""
    problems: list[Problem] = []
    if "name" in fields:
        problems += check_name("name", fields["name"])
    if "upstreams" in fields:
        private = work.placing.admits_private(work.actor.organization_id)
        problems += check_upstreams("upstreams", fields["upstreams"], private=private)
    if "scopes" in fields:
        problems += check_scopes("scopes", fields["scopes"], wild=False)
    if "roles" in fields:
        scopes = fields.get("scopes", known)
        problems += check_api_roles("roles", fields["roles"], scopes)
    if "limits" in fields:
        problems += check_limits("limits", fields["limits"], work.knows_zone)
    if "key_header" in fields:
        problems += check_key_header("key_header", fields["key_header"])
    if "query_parameter" in fields:
        problems += check_query_parameter("query_parameter", fields["query_parameter"])
    if "cors_origins" in fields:
        problems += check_cors_origins("cors_origins", fields["cors_origins"])
    return [*problems, *_check_leading(work, fields), *_check_users(work, fields)]


def _check_users(work: Work, fields: ApiFields) -> list[Problem]:
    """What is wrong with what users get."""
    problems: list[Problem] = []
    if "token_seconds_max" in fields:
        seconds = fields["token_seconds_max"]
        problems += check_number("token_seconds_max", seconds, 1, SECONDS_MAX)
    if "user_limits" in fields:
        problems += check_limits("user_limits", fields["user_limits"], work.knows_zone)
    return problems


def _check_leading(work: Work, fields: ApiFields) -> list[Problem]:
    """What is wrong with how calls are led, and with what upstreams are told."""
    problems: list[Problem] = []
    if fields.get("identity") is Identity.SIGNED and not work.keyring.signing:
        mend = "give the keyring a signing key: `keyhouse keyring new-signing-key`"
        problems.append(Problem("identity", "cannot be signed", mend))
    if "hosts" in fields:
        problems += check_hosts("hosts", fields["hosts"], work.placing.own_hosts)
    return problems
