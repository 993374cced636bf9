"""`kh keys`: for those who hold a management key."""

import argparse
from typing import TYPE_CHECKING, Any

from keyhouse_client.command.handing_over import add_places, taker, told_if_interrupted
from keyhouse_client.command.shown import show_object, show_rows, with_client

if TYPE_CHECKING:
    from keyhouse_client.client import Client

_KEY_COLUMNS = ("id", "name", "environment", "state", "hint", "last_used_at")


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add `kh keys`."""
    keys = commands.add_parser("keys", help="list, create, show and revoke keys")
    what = keys.add_subparsers(required=True, metavar="what")
    listing = what.add_parser("list", help="all keys")
    for name in ("name", "application", "api", "state", "environment"):
        listing.add_argument(f"--{name}")
    with_client(listing, _list)
    create = what.add_parser("create", help="a new key; prints its secret, once")
    create.add_argument("name")
    create.add_argument("--api", required=True, action="append", help="id or slug")
    create.add_argument("--scope", action="append", default=[], help="on each of the APIs")
    create.add_argument("--role", action="append", default=[], help="on each of the APIs")
    create.add_argument("--application", help="id")
    create.add_argument("--environment", choices=("test", "live"))
    create.add_argument("--ends-at", help="RFC 3339")
    add_places(create)
    with_client(create, _create)
    for name, run in (("show", _show), ("revoke", _revoke)):
        one = what.add_parser(name)
        one.add_argument("id")
        with_client(one, run)


def _list(client: "Client", options: argparse.Namespace) -> None:
    names = ("name", "application", "api", "state", "environment")
    filters = {name: getattr(options, name) for name in names}
    show_rows(client.keys.each(**filters), _KEY_COLUMNS, options)


def _create(client: "Client", options: argparse.Namespace) -> None:
    held = {"scopes": options.scope, **({"roles": options.role} if options.role else {})}
    access = [{"api": api, **held} for api in options.api]
    names = ("application", "environment", "ends_at")
    fields = {name: getattr(options, name) for name in names if getattr(options, name)}
    unsure = "There may be a new key whose secret nobody has: kh keys list, kh keys revoke"
    with told_if_interrupted(unsure):
        with taker(options, replace=options.force) as to:
            made = client.keys.create(options.name, access, **fields)
            mend = _mend(made["id"])
            key = to.take(made, mend)
        to.tell(key, mend, options)


def _mend(id: str) -> str:
    return (
        f"Revoke it and make another: kh keys revoke {id}; "
        f"or give it a new one: kh rotate {id}."
    )


def _show(client: "Client", options: argparse.Namespace) -> None:
    show_object(client.keys.get(options.id))


def _revoke(client: "Client", options: argparse.Namespace) -> None:
    key = client.keys.revoke(options.id)
    if options.json:
        return show_object(key)
    print(f"{key['id']} {key['name']} is {key['state']}")
    return None
