"""`keyhouse plans`."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.limits import NoLimits, Quotas, Rates, limits
from keyhouse.doors.cli.nouns import Id, Noun, add_delete, create, group, update
from keyhouse.doors.cli.opening import opening
from keyhouse.doors.cli.schedules import NoRotation, RotateEvery, schedule
from keyhouse.doors.cli.tenants import NewName, Project

_PLANS = Noun(
    "plans",
    "plan",
    "plans",
    ("id", "slug", "name", "visibility", "approval", "version", "retired_at"),
)
_VERSIONS = ("number", "access", "limits", "routes", "created_at")
_ROUTE_HELP = (
    "'API METHOD /PATH LIMIT', as 'weather GET /v1/radar/** slow=5/1'. Repeatable."
)
_ROUTE_WORDS = 4

Opens = Annotated[
    list[str] | None, typer.Option("--api", help="API[:SCOPE,@ROLE] it opens. Repeatable.")
]
KeyRates = Annotated[
    list[str] | None, typer.Option("--key-rate", help="As --rate; each key counts apart.")
]
KeyQuotas = Annotated[
    list[str] | None, typer.Option("--key-quota", help="As --quota; each key counts apart.")
]
RouteRates = Annotated[list[str] | None, typer.Option("--route-rate", help=_ROUTE_HELP)]
RouteQuotas = Annotated[
    list[str] | None, typer.Option("--route-quota", help="As --route-rate, for a quota.")
]
Description = Annotated[str | None, typer.Option(help="For those who may subscribe.")]
Public = Annotated[
    bool | None,
    typer.Option("--public/--private", help="Whether any organization may subscribe."),
]
Approval = Annotated[
    bool | None,
    typer.Option("--approval/--no-approval", help="Whether subscriptions wait for you."),
]
NextWindow = Annotated[
    bool,
    typer.Option("--next-window", help="Quotas keep their amount until their window ends."),
]

plans = group(_PLANS, "Plans: what is sold of APIs, how fast and how much.")
add_delete(plans, _PLANS, "Only one that nobody ever subscribed to.")


@plans.command(
    "create",
    epilog="Example: keyhouse plans create basic --api weather:forecast:read "
    "--quota monthly=50000/month --rate second=5/1",
)
def create_plan(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    slug: Annotated[str, typer.Argument(help="Its short name, unique in its project.")],
    *,
    api: Opens = None,
    name: NewName = None,
    description: Description = None,
    rates: Rates = None,
    quotas: Quotas = None,
    key_rates: KeyRates = None,
    key_quotas: KeyQuotas = None,
    route_rates: RouteRates = None,
    route_quotas: RouteQuotas = None,
    public: Public = None,
    approval: Approval = None,
    rotate_every: RotateEvery = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Create a plan. Its limits count for all keys of a subscription together."""
    fields = {
        "slug": slug,
        "name": name,
        "description": description,
        "access": [opening(text) for text in api or ()],
        "limits": _limits(rates, quotas, key_rates, key_quotas) or None,
        "routes": _routes(route_rates, route_quotas) or None,
        "visibility": _word(public, "public", "private"),
        "approval": _word(approval, "manual", "automatic"),
        "rotation": schedule(rotate_every),
        "project": project,
    }
    create(context, _PLANS, fields, json=as_json)


@plans.command(
    "update",
    epilog="Example: keyhouse plans update ID --quota monthly=80000/month --next-window",
)
def update_plan(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    id: Id,
    *,
    api: Opens = None,
    slug: Annotated[str | None, typer.Option(help="Its short name.")] = None,
    name: NewName = None,
    description: Description = None,
    rates: Rates = None,
    quotas: Quotas = None,
    key_rates: KeyRates = None,
    key_quotas: KeyQuotas = None,
    route_rates: RouteRates = None,
    route_quotas: RouteQuotas = None,
    no_limits: NoLimits = False,
    no_routes: Annotated[
        bool, typer.Option("--no-routes", help="Take all limits of routes away.")
    ] = False,
    public: Public = None,
    approval: Approval = None,
    retire: Annotated[
        bool | None,
        typer.Option("--retire/--offer", help="Whether it takes new subscriptions."),
    ] = None,
    rotate_every: RotateEvery = None,
    no_rotation: NoRotation = False,
    next_window: NextWindow = False,
    as_json: AsJson = False,
) -> None:
    """Change a plan, for all its subscriptions. What is given replaces all of its kind."""
    given = _limits(rates, quotas, key_rates, key_quotas)
    on_routes = _routes(route_rates, route_quotas)
    changes = {
        "slug": slug,
        "name": name,
        "description": description,
        "access": [opening(text) for text in api or ()] or None,
        "limits": [] if no_limits else given or None,
        "routes": [] if no_routes else on_routes or None,
        "visibility": _word(public, "public", "private"),
        "approval": _word(approval, "manual", "automatic"),
        "retired": retire,
        "rotation": schedule(rotate_every),
    }
    if next_window:
        changes["applies"] = "next_window"
    cleared = {"rotation": None} if no_rotation else None
    update(context, _PLANS, id, changes, json=as_json, cleared=cleared)


@plans.command("versions", epilog="Example: keyhouse plans versions ID --json")
def list_versions(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
    """All that a plan ever held, the newest version first."""
    with desk(context).client() as client:
        show.rows(client.plans.versions(id).each(), _VERSIONS, json=as_json)


def plan_limits(
    rates: Sequence[str] | None, quotas: Sequence[str] | None, *, per_key: bool = False
) -> list[dict[str, Any]]:
    """The management API's form of a plan's limits."""
    per = "key" if per_key else "subscription"
    return [{**one, "per": per} for one in limits(rates, quotas)]


def _limits(
    rates: list[str] | None,
    quotas: list[str] | None,
    key_rates: list[str] | None,
    key_quotas: list[str] | None,
) -> list[dict[str, Any]]:
    of_keys = plan_limits(key_rates, key_quotas, per_key=True)
    return [*plan_limits(rates, quotas), *of_keys]


def _routes(rates: list[str] | None, quotas: list[str] | None) -> list[dict[str, Any]]:
    """The limits of routes, joined by route. Raises WrongUse for what can't be read."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for option, texts in (("--route-rate", rates), ("--route-quota", quotas)):
        for text in texts or ():
            words = text.split()
            if len(words) != _ROUTE_WORDS:
                raise WrongUse(f"{option} {text}: write {_ROUTE_HELP}")
            api, method, path, limit = words
            given = ([limit], None) if option == "--route-rate" else (None, [limit])
            found.setdefault((api, f"{method} {path}"), []).extend(plan_limits(*given))
    return [
        {"api": api, "route": route, "limits": given}
        for (api, route), given in found.items()
    ]


def _word(flag: bool | None, yes: str, no: str) -> str | None:
    if flag is None:
        return None
    return yes if flag else no
