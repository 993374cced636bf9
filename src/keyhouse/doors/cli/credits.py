"""`keyhouse customers balance`, `credits` and `credit`: what they have prepaid."""

from typing import Annotated

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.nouns import Id, RowsMax
from keyhouse.doors.cli.paging import Cursor, Everything, Stretch, show_list

_COLUMNS = ("id", "at", "kind", "amount", "balance", "note", "actor")

Units = Annotated[int, typer.Argument(min=1, help="How many.")]
Kind = Annotated[str, typer.Option("--kind", help="purchase, grant, adjustment or refund.")]
Take = Annotated[bool, typer.Option("--take", help="Take them away instead.")]
Note = Annotated[str, typer.Option("--note", help="Why, as an invoice's number.")]


def add_credits(customers: typer.Typer) -> None:
    """Add the commands to the group."""

    @customers.command("balance", epilog="Example: keyhouse customers balance ID")
    def _balance(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
        """What a customer has left of its credits."""
        with desk(context).client() as client:
            show.item(client.customers.balance(id), json=as_json)

    @customers.command("credits", epilog="Example: keyhouse customers credits ID --json")
    def _credits(
        context: typer.Context,
        id: Id,
        *,
        rows_max: RowsMax = 100,
        cursor: Cursor = None,
        everything: Everything = False,
        as_json: AsJson = False,
    ) -> None:
        """The ledger of a customer, the newest entry first."""
        stretch = Stretch(rows_max, cursor, everything)
        with desk(context).client() as client:
            show_list(client.customers.credits(id), stretch, _COLUMNS, json=as_json)

    @customers.command(
        "credit",
        epilog="Example: keyhouse customers credit ID 1000 --note 'invoice 2026-17'",
    )
    def _credit(
        context: typer.Context,
        id: Id,
        units: Units,
        *,
        kind: Kind = "purchase",
        take: Take = False,
        note: Note = "",
        as_json: AsJson = False,
    ) -> None:
        """Add credits to a customer's balance. Its live calls are prepaid from then on."""
        amount = -units if take else units
        with desk(context).client() as client:
            made = client.customers.credits(id).create(amount, kind, note=note)
        show.item(made, json=as_json)
