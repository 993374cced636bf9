"""`keyhouse subscriptions`."""

from typing import Annotated

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.limits import Quotas, Rates
from keyhouse.doors.cli.nouns import Id, Noun, RowsMax, add_show, done, update
from keyhouse.doors.cli.paging import Cursor, Everything, Stretch, show_list
from keyhouse.doors.cli.plans import NextWindow, plan_limits

_SUBSCRIPTIONS = Noun("subscriptions", "subscription", "subscriptions", ())
_COLUMNS = ("id", "plan", "application", "consumer", "provider", "state", "state_since")
_VERBS = {
    "approve": "Let a pending subscription open what its plan does.",
    "suspend": "Refuse the application's keys there until it is resumed.",
    "resume": "Undo a suspension.",
    "end": "End a subscription for good; either side may.",
}
Filter = Annotated[str | None, typer.Option(help="Only those with this one.")]

subscriptions = typer.Typer(
    no_args_is_help=True, help="Subscriptions: which application has which plan."
)
add_show(subscriptions, _SUBSCRIPTIONS)


@subscriptions.command(
    "list", epilog="Example: keyhouse subscriptions list --state pending"
)
def list_subscriptions(
    context: typer.Context,
    *,
    bought: Annotated[
        bool, typer.Option("--bought", help="Those of your applications.")
    ] = False,
    plan: Filter = None,
    application: Filter = None,
    state: Filter = None,
    rows_max: RowsMax = 1000,
    cursor: Cursor = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """The subscriptions to your plans, or those of your applications."""
    filters = {
        "side": "consumer" if bought else "provider",
        "plan": plan,
        "application": application,
        "state": state,
    }
    stretch = Stretch(rows_max, cursor, everything)
    with desk(context).client() as client:
        show_list(client.subscriptions, stretch, _COLUMNS, json=as_json, filters=filters)


@subscriptions.command(
    "create", epilog="Example: keyhouse subscriptions create pln_… app_…"
)
def create_subscription(
    context: typer.Context,
    plan: Annotated[str, typer.Argument(help="The plan's id.")],
    application: Annotated[str, typer.Argument(help="The application's id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Subscribe an application to a plan."""
    with desk(context).client() as client:
        show.item(client.subscriptions.create(plan, application), json=as_json)


@subscriptions.command(
    "update",
    epilog="Example: keyhouse subscriptions update ID --quota monthly=80000/month "
    "--until 2030-01-01T00:00:00Z",
)
def update_subscription(
    context: typer.Context,
    id: Id,
    *,
    rates: Rates = None,
    quotas: Quotas = None,
    until: Annotated[
        str | None, typer.Option(help="When they end, as 2030-01-01T00:00:00Z.")
    ] = None,
    no_overrides: Annotated[
        bool, typer.Option("--no-overrides", help="Take all of them away.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Give one subscriber limits of its own, in place of all that it has."""
    limits = plan_limits(rates, quotas)
    if until is not None and not limits:
        raise WrongUse("--until: name the limits that end then, with --rate or --quota")
    ending = {} if until is None else {"ends_at": until}
    overrides = [{**limit, **ending} for limit in limits]
    changes = {"overrides": [] if no_overrides else overrides or None}
    update(context, _SUBSCRIPTIONS, id, changes, json=as_json)


@subscriptions.command(
    "move", epilog="Example: keyhouse subscriptions move ID pln_… --next-window"
)
def move_subscription(
    context: typer.Context,
    id: Id,
    plan: Annotated[str, typer.Argument(help="The id of the plan to move to.")],
    *,
    next_window: NextWindow = False,
    as_json: AsJson = False,
) -> None:
    """Move a subscription to another plan. What was used stays used."""
    applies = "next_window" if next_window else "now"
    with desk(context).client() as client:
        moved = client.subscriptions.move(id, plan, applies=applies)
        show.item(moved, json=as_json)


def _add_verb(verb: str, words: str) -> None:
    epilog = f"Example: keyhouse subscriptions {verb} ID"

    @subscriptions.command(verb, help=words, epilog=epilog)
    def _do(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
        with desk(context).client() as client:
            found = getattr(client.subscriptions, verb)(id)
        done(found, f"{id} is {found['state']}", json=as_json)


for _verb, _words in _VERBS.items():
    _add_verb(_verb, _words)
