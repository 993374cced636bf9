"""`keyhouse calendars`."""

from typing import Annotated

import typer

from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.nouns import Noun, add_delete, group
from keyhouse.doors.cli.once import Force, Out, Shown, told_once

_CALENDARS = Noun(
    "calendars", "calendar", "calendars", ("id", "name", "created_by", "created_at")
)
_MEND = "Delete it and make another: keyhouse calendars delete {id}."

calendars = group(_CALENDARS, "Calendars: what is due, for calendar programs.")
add_delete(calendars, _CALENDARS, "Its address shows nothing more.")


@calendars.command("create", epilog="Example: keyhouse calendars create 'on call'")
def create_calendar(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What people call it.")],
    *,
    out: Out = None,
    force: Force = False,
    shown: Shown = False,
    as_json: AsJson = False,
) -> None:
    """Make a calendar of what is due. Its address is shown this one time."""
    with (
        told_once(out, force=force, shown=shown, json=as_json, mend=_MEND) as tell,
        desk(context).client() as client,
    ):
        tell(client.calendars.create(name))
