"""`keyhouse calendars`."""

from pathlib import Path
from typing import Annotated

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.nouns import Noun, add_delete, group

_CALENDARS = Noun(
    "calendars", "calendar", "calendars", ("id", "name", "created_by", "created_at")
)

calendars = group(_CALENDARS, "Calendars: what is due, for calendar programs.")
add_delete(calendars, _CALENDARS, "Its address shows nothing more.")


@calendars.command("create", epilog="Example: keyhouse calendars create 'on call'")
def create_calendar(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What people call it.")],
    *,
    out: Annotated[
        Path | None, typer.Option(help="Write the address into this file (0600).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a calendar of what is due. Its address is shown this one time."""
    with desk(context).client() as client:
        made = client.calendars.create(name)
    show.secret(made, out, json=as_json)
