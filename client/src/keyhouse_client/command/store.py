"""`kh store`: secrets of any provider, by name, out of code and plain files."""

import argparse
import sys
from typing import Any

from keyhouse_client.command.asked import asked_secret
from keyhouse_client.command.shown import finish, show_object, show_rows
from keyhouse_client.command.streams import shows
from keyhouse_client.keeping.store import Kept, Store


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add `kh store`."""
    store = commands.add_parser("store", help="keep secrets by name, for kh run")
    what = store.add_subparsers(required=True, metavar="what")
    keep = what.add_parser("set", help="keep a secret, from a prompt or standard input")
    keep.add_argument("name")
    keep.add_argument("--force", action="store_true", help="let it replace another")
    finish(keep, _set)
    get = what.add_parser("get", help="print it, into a pipe")
    get.add_argument("name")
    get.add_argument("--show-secret", action="store_true", help="on a terminal as well")
    finish(get, _get)
    finish(what.add_parser("list", help="names, and where each is kept"), _list)
    remove = what.add_parser("remove", help="keep it no more")
    remove.add_argument("name")
    finish(remove, _remove)


def _set(options: argparse.Namespace) -> None:
    store = Store.of_user()
    store.rehearse(options.name, replace=options.force)
    secret = asked_secret(f"Secret for {options.name}")
    told = store.set(options.name, secret, replace=options.force)
    print(f"{options.name} is kept in {told}", file=sys.stderr)
    if options.json and (kept := store.entry(options.name)):
        show_object(kept._asdict())


def _get(options: argparse.Namespace) -> None:
    if sys.stdout.isatty() and not options.show_secret:
        raise ValueError(
            "a terminal keeps what it shows: pipe it to where it goes, or --show-secret"
        )
    secret = Store.of_user().get(options.name)
    if options.json:
        return show_object({"name": options.name, "secret": secret})
    if not shows(secret):
        raise ValueError(
            f"standard output is {sys.stdout.encoding}, which can't hold this secret: "
            "PYTHONIOENCODING=utf-8, or --json"
        )
    print(secret)
    return None


def _list(options: argparse.Namespace) -> None:
    rows = (kept._asdict() for kept in Store.of_user().entries())
    show_rows(rows, Kept._fields, options)


def _remove(options: argparse.Namespace) -> None:
    Store.of_user().remove(options.name)
    if options.json:
        return show_object({"name": options.name, "removed": True})
    print(f"{options.name} is removed")
    return None
