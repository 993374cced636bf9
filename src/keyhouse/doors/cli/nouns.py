"""What the groups for organizations, projects, APIs, applications and keys share."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.paging import Cursor, Everything, Stretch, show_list

Id = Annotated[str, typer.Argument(help="The id, as `list` shows it.")]
RowsMax = Annotated[int, typer.Option("--limit", min=1, help="No more rows than these.")]
Enabled = Annotated[
    bool | None, typer.Option("--enable/--disable", help="Switch it on or off.")
]


class Noun(NamedTuple):
    """A kind of thing: its group's name, one of it, and its table's columns.

    `resource` names the client's attribute.
    """

    plural: str
    one: str
    resource: str
    columns: tuple[str, ...]


def group(noun: Noun, help_text: str) -> typer.Typer:
    """A group with `list` and `show`."""
    made = typer.Typer(no_args_is_help=True, help=help_text)
    listing = f"Example: keyhouse {noun.plural} list --json"

    @made.command("list", help=f"All {noun.plural}.", epilog=listing)
    def _list(
        context: typer.Context,
        *,
        rows_max: RowsMax = 1000,
        cursor: Cursor = None,
        everything: Everything = False,
        as_json: AsJson = False,
    ) -> None:
        stretch = Stretch(rows_max, cursor, everything)
        with desk(context).client() as client:
            listing = getattr(client, noun.resource)
            show_list(listing, stretch, noun.columns, json=as_json)

    add_show(made, noun)
    return made


def add_show(made: typer.Typer, noun: Noun) -> None:
    """`show ID`."""
    epilog = f"Example: keyhouse {noun.plural} show ID"

    @made.command("show", help=f"One {noun.one}.", epilog=epilog)
    def _show(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
        with desk(context).client() as client:
            show.item(getattr(client, noun.resource).get(id), json=as_json)


def add_delete(made: typer.Typer, noun: Noun, note: str = "") -> None:
    """`delete ID`."""
    epilog = f"Example: keyhouse {noun.plural} delete ID"

    @made.command("delete", help=f"Delete one {noun.one}. {note}".strip(), epilog=epilog)
    def _delete(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
        with desk(context).client() as client:
            getattr(client, noun.resource).delete(id)
        done({"id": id, "deleted": True}, f"{id} is deleted", json=as_json)


def disabled(enabled: bool | None) -> bool | None:
    """The API's field for what --enable or --disable says."""
    return None if enabled is None else not enabled


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that were given; None is not given."""
    return {name: value for name, value in fields.items() if value is not None}


def to_change(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that were given. Raises WrongUse where none was."""
    found = given(changes)
    if not found:
        raise WrongUse("Nothing to change: name at least one option (see --help).")
    return found


def update(
    context: typer.Context,
    noun: Noun,
    id: str,
    changes: Mapping[str, Any],
    *,
    json: bool,
    cleared: Mapping[str, None] | None = None,
) -> None:
    """Send the changes that were given (None is not given); show what then stands.

    Fields that are `cleared` become null.
    """
    wanted = {**given(changes), **cleared} if cleared else to_change(changes)
    with desk(context).client() as client:
        show.item(getattr(client, noun.resource).update(id, **wanted), json=json)


def create(
    context: typer.Context, noun: Noun, fields: Mapping[str, Any], *, json: bool
) -> None:
    """Create one with the fields that were given; show it."""
    wanted = given(fields)
    with desk(context).client() as client:
        show.item(getattr(client, noun.resource).create(**wanted), json=json)


def done(found: Mapping[str, Any], words: str, *, json: bool) -> None:
    """Tell what was done."""
    if json:
        show.as_json(found)
    else:
        show.say(words)


Doing = Callable[[Any, str], Mapping[str, Any]]
