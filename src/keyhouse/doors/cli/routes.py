"""`keyhouse routes`: what a method and path of an API need, and what they cost."""

from typing import Annotated

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.limits import NoLimits, Quotas, Rates, changed, limits
from keyhouse.doors.cli.nouns import RowsMax, done, given, to_change
from keyhouse.doors.cli.paging import Cursor, Everything, Row, Stretch, show_list

_COLUMNS = ("id", "position", "method", "path", "scopes", "cost", "limits")

Api = Annotated[str, typer.Argument(help="The API, by id or slug.")]
Route = Annotated[str, typer.Argument(help="The route's id, as `list` shows it.")]
NewMethod = Annotated[str | None, typer.Option("--method", help="GET, POST … or *.")]
NewPath = Annotated[str | None, typer.Option("--path", help="A pattern of paths.")]
Position = Annotated[
    int | None, typer.Option("--position", help="The first that fits holds.")
]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help="A scope it needs; A|B: either. Repeatable."),
]
NoScopes = Annotated[bool, typer.Option("--no-scopes", help="It needs none any more.")]
Cost = Annotated[int | None, typer.Option("--cost", help="Units that a call spends.")]

CostFrom = Annotated[
    str | None,
    typer.Option("--cost-from", help="route, or upstream: it tells what of it was spent."),
]

routes = typer.Typer(
    no_args_is_help=True, help="Routes: what a method and path of an API need and cost."
)


@routes.command("list", epilog="Example: keyhouse routes list weather --json")
def list_routes(
    context: typer.Context,
    api: Api,
    *,
    rows_max: RowsMax = 1000,
    cursor: Cursor = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """All routes of an API, in the order in which they are tried."""
    stretch = Stretch(rows_max, cursor, everything)
    with desk(context).client() as client:
        listing = client.apis.routes(api)
        show_list(listing, stretch, _COLUMNS, json=as_json, arranged=_order)


def _order(row: Row) -> tuple[int, str]:
    return row["position"], row["id"]


@routes.command("show", epilog="Example: keyhouse routes show weather ID")
def show_route(
    context: typer.Context, api: Api, id: Route, *, as_json: AsJson = False
) -> None:
    """One route."""
    with desk(context).client() as client:
        show.item(client.apis.routes(api).get(id), json=as_json)


@routes.command(
    "create",
    epilog="Example: keyhouse routes create weather GET '/v1/forecast/**' "
    "--scope forecast:read --cost 2",
)
def create_route(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    api: Api,
    method: Annotated[str, typer.Argument(help="GET, POST … or *.")],
    path: Annotated[str, typer.Argument(help="A pattern of paths.")],
    *,
    position: Position = None,
    scopes: Scopes = None,
    cost: Cost = None,
    cost_from: CostFrom = None,
    rates: Rates = None,
    quotas: Quotas = None,
    as_json: AsJson = False,
) -> None:
    """Add a route to an API; the last unless --position says otherwise."""
    more = given(
        {
            "position": position,
            "scopes": scopes or None,
            "cost": cost,
            "cost_from": cost_from,
            "limits": limits(rates, quotas) or None,
        }
    )
    with desk(context).client() as client:
        made = client.apis.routes(api).create(method=method, path=path, **more)
    show.item(made, json=as_json)


@routes.command("update", epilog="Example: keyhouse routes update weather ID --cost 5")
def update_route(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    api: Api,
    id: Route,
    *,
    method: NewMethod = None,
    path: NewPath = None,
    position: Position = None,
    scopes: Scopes = None,
    no_scopes: NoScopes = False,
    cost: Cost = None,
    cost_from: CostFrom = None,
    rates: Rates = None,
    quotas: Quotas = None,
    no_limits: NoLimits = False,
    as_json: AsJson = False,
) -> None:
    """Change a route. Scopes and limits that are given replace all of its."""
    changes = to_change(
        {
            "method": method,
            "path": path,
            "position": position,
            "scopes": [] if no_scopes else scopes or None,
            "cost": cost,
            "cost_from": cost_from,
            "limits": changed(rates, quotas, none=no_limits),
        }
    )
    with desk(context).client() as client:
        show.item(client.apis.routes(api).update(id, **changes), json=as_json)


@routes.command("delete", epilog="Example: keyhouse routes delete weather ID")
def delete_route(
    context: typer.Context, api: Api, id: Route, *, as_json: AsJson = False
) -> None:
    """Delete a route."""
    with desk(context).client() as client:
        client.apis.routes(api).delete(id)
    done({"id": id, "deleted": True}, f"{id} is deleted", json=as_json)
