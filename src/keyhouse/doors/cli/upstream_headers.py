"""`keyhouse apis headers`: what the gateway adds toward an API's upstream."""

import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.nouns import done

_COLUMNS = ("name", "set_at", "set_by")

Api = Annotated[str, typer.Argument(help="The API, by id or slug.")]
Name = Annotated[str, typer.Argument(help="The header's name.")]
ValueFile = Annotated[
    Path | None, typer.Option(help="Where the value is; else stdin is asked for it.")
]

headers = typer.Typer(
    no_args_is_help=True,
    help="Headers that the gateway adds toward an API's upstream; kept sealed.",
)


@headers.command("list", epilog="Example: keyhouse apis headers list weather")
def list_headers(context: typer.Context, api: Api, *, as_json: AsJson = False) -> None:
    """Their names, and when each was set; never a value."""
    with desk(context).client() as client:
        show.rows(client.apis.headers(api).list().data, _COLUMNS, json=as_json)


@headers.command(
    "set", epilog="Example: keyhouse apis headers set weather Authorization < value.txt"
)
def set_header(
    context: typer.Context,
    api: Api,
    name: Name,
    *,
    value_file: ValueFile = None,
    as_json: AsJson = False,
) -> None:
    """Add a header, or replace its value: from stdin or a file, never an argument."""
    value = _value(value_file)
    with desk(context).client() as client:
        show.item(client.apis.headers(api).set(name, value), json=as_json)


@headers.command("delete", epilog="Example: keyhouse apis headers delete weather X-Token")
def delete_header(
    context: typer.Context, api: Api, name: Name, *, as_json: AsJson = False
) -> None:
    """Add it no more."""
    with desk(context).client() as client:
        client.apis.headers(api).delete(name)
    done({"name": name, "deleted": True}, f"{name} is deleted", json=as_json)


def _value(file: Path | None) -> str:
    """What is to be sealed. Other users of the machine see arguments."""
    try:
        if file is not None:
            return file.read_text("utf-8").strip()
        return (getpass("Value: ") if sys.stdin.isatty() else sys.stdin.read()).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file}: {error}") from None
