"""`kh keys`: for those who hold a management key."""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from keyhouse_client.client import Client
from keyhouse_client.command.shown import show_object, show_rows, with_client
from keyhouse_client.secret_file import SecretLost, secret_file

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
    create.add_argument("--out", type=Path, help="a new file (0600) for the secret")
    create.add_argument("--force", action="store_true", help="let --out replace a file")
    create.add_argument(
        "--show-secret", action="store_true", help="print it though stdout is no terminal"
    )
    with_client(create, _create)
    for name, run in (("show", _show), ("revoke", _revoke)):
        one = what.add_parser(name)
        one.add_argument("id")
        with_client(one, run)


def _list(client: Client, options: argparse.Namespace) -> None:
    names = ("name", "application", "api", "state", "environment")
    filters = {name: getattr(options, name) for name in names}
    show_rows(client.keys.each(**filters), _KEY_COLUMNS, options)


def _create(client: Client, options: argparse.Namespace) -> None:
    held = {"scopes": options.scope, **({"roles": options.role} if options.role else {})}
    access = [{"api": api, **held} for api in options.api]
    names = ("application", "environment", "ends_at")
    fields = {name: getattr(options, name) for name in names if getattr(options, name)}
    out: Path | None = options.out
    if not (out or options.json or options.show_secret or sys.stdout.isatty()):
        raise ValueError(
            "the secret is shown once, and standard output is no terminal: "
            "name --out FILE, or --show-secret to print it all the same"
        )
    with secret_file(out, force=options.force) if out else nullcontext() as file:
        made = client.keys.create(options.name, access, **fields)
        key: dict[str, Any] = {**made}
        if key["secret"] is None:
            raise SecretLost(f"{key['id']} {key['name']}", _mend(key["id"]))
        if file is not None:
            file.fill(key["secret"])
            key |= {"secret": None, "secret_file": str(out)}
    if options.json:
        return show_object(key)
    where = (
        f"its secret is in {out}" if out else "this is the only time its secret is shown"
    )
    print(f"{key['id']} {key['name']}: {where}", file=sys.stderr)
    if out is None:
        print(key["secret"])
    return None


def _mend(id: str) -> str:
    return (
        f"Revoke it and make another: kh keys revoke {id}; "
        f"or give it a new one: keyhouse keys rotate {id}."
    )


def _show(client: Client, options: argparse.Namespace) -> None:
    show_object(client.keys.get(options.id))


def _revoke(client: Client, options: argparse.Namespace) -> None:
    key = client.keys.revoke(options.id)
    if options.json:
        return show_object(key)
    print(f"{key['id']} {key['name']} is {key['state']}")
    return None
