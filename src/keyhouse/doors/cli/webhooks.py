"""`keyhouse webhooks`: endpoints that are told of events."""

from typing import Annotated

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.durations import seconds
from keyhouse.doors.cli.nouns import (
    Enabled,
    Id,
    Noun,
    RowsMax,
    add_delete,
    disabled,
    given,
    group,
    update,
)
from keyhouse.doors.cli.once import Force, Out, Shown, told_once
from keyhouse.doors.cli.paging import Cursor, Everything, Stretch, show_list

_WEBHOOKS = Noun(
    "webhooks",
    "webhook",
    "webhooks",
    ("id", "name", "url", "events", "disabled_because", "failing_since"),
)
_DELIVERIES = ("id", "type", "state", "attempts", "status", "error", "last_at", "next_at")
_MEND = (
    "Give it another: keyhouse webhooks rotate-secret {id}; "
    "or end it: keyhouse webhooks delete {id}."
)

Url = Annotated[str, typer.Argument(help="https://…, or http:// to this machine.")]
NewUrl = Annotated[str | None, typer.Option("--url", help="Another address.")]
Events = Annotated[
    list[str] | None,
    typer.Option("--event", help="A kind of event, as key.revoked. Repeatable."),
]
Name = Annotated[str | None, typer.Option(help="For you, to know it by.")]
Project = Annotated[
    str | None, typer.Option(help="Only what happens in this project, by its id.")
]
Overlap = Annotated[
    str, typer.Option(help="How long the old secret signs as well: 1d, 12h, or 0.")
]
State = Annotated[str | None, typer.Option(help="pending, delivered or failed.")]
DeliveryId = Annotated[
    str, typer.Argument(help="The delivery's id, as `deliveries` shows it.")
]

webhooks = group(_WEBHOOKS, "Webhooks: addresses that are told of events.")
add_delete(webhooks, _WEBHOOKS, "What was on its way to it is sent no more.")


@webhooks.command(
    "create",
    epilog="Example: keyhouse webhooks create https://example.com/hooks "
    "--event key.revoked --event quota.reached --out webhook.secret",
)
def create_webhook(
    context: typer.Context,
    url: Url,
    *,
    event: Events = None,
    name: Name = None,
    project: Project = None,
    out: Out = None,
    force: Force = False,
    shown: Shown = False,
    as_json: AsJson = False,
) -> None:
    """Have an address told of events, of all without --event. Its secret is shown once."""
    fields = given({"name": name, "project": project})
    with (
        told_once(out, force=force, shown=shown, json=as_json, mend=_MEND) as tell,
        desk(context).client() as client,
    ):
        tell(client.webhooks.create(url, event or ["*"], **fields))


@webhooks.command(
    "update", epilog="Example: keyhouse webhooks update ID --event '*' --enable"
)
def update_webhook(
    context: typer.Context,
    id: Id,
    *,
    url: NewUrl = None,
    event: Events = None,
    name: Name = None,
    enabled: Enabled = None,
    as_json: AsJson = False,
) -> None:
    """Change it, or switch it on again after it was disabled."""
    changes = {
        "url": url,
        "events": event or None,
        "name": name,
        "disabled": disabled(enabled),
    }
    update(context, _WEBHOOKS, id, changes, json=as_json)


@webhooks.command(
    "rotate-secret", epilog="Example: keyhouse webhooks rotate-secret ID --overlap 1d"
)
def rotate_secret(
    context: typer.Context,
    id: Id,
    *,
    overlap: Overlap = "1d",
    out: Out = None,
    force: Force = False,
    shown: Shown = False,
    as_json: AsJson = False,
) -> None:
    """Give it a new secret, shown this one time; for the overlap both sign."""
    length = seconds("--overlap", overlap)
    with (
        told_once(out, force=force, shown=shown, json=as_json, mend=_MEND) as tell,
        desk(context).client() as client,
    ):
        tell(client.webhooks.rotate_secret(id, length))


@webhooks.command("test", epilog="Example: keyhouse webhooks test ID")
def send_test(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
    """Send it an event of the type webhook.test."""
    with desk(context).client() as client:
        show.item(client.webhooks.test(id), json=as_json)


@webhooks.command(
    "deliveries", epilog="Example: keyhouse webhooks deliveries ID --state failed"
)
def list_deliveries(
    context: typer.Context,
    id: Id,
    *,
    state: State = None,
    rows_max: RowsMax = 50,
    cursor: Cursor = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """What was sent to it, or is to be sent, the newest first."""
    stretch = Stretch(rows_max, cursor, everything)
    with desk(context).client() as client:
        listing = client.webhooks.deliveries(id)
        show_list(listing, stretch, _DELIVERIES, json=as_json, filters={"state": state})


@webhooks.command("replay", epilog="Example: keyhouse webhooks replay ID DELIVERY_ID")
def replay_delivery(
    context: typer.Context, id: Id, delivery: DeliveryId, *, as_json: AsJson = False
) -> None:
    """Send the same event once more, whatever became of it."""
    with desk(context).client() as client:
        show.item(client.webhooks.deliveries(id).replay(delivery), json=as_json)
