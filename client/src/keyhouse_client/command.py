"""The command `kh`: keys and usage, for those who hold a management key."""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keyhouse_client.client import Client
from keyhouse_client.errors import KeyhouseError

_KEY_COLUMNS = ("id", "name", "environment", "state", "hint", "last_used_at")
_USAGE_COLUMNS = ("start", "verdict", "requests", "units", "errors")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `kh`. 0 when it was done, 1 when Keyhouse refused or is not there."""
    options = _parser().parse_args(arguments)
    try:
        with Client.from_env() as client:
            options.run(client, options)
    except (KeyhouseError, ValueError) as error:
        print(f"kh: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kh",
        description="Speaks to the Keyhouse at KEYHOUSE_URL with KEYHOUSE_API_KEY.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    keys = commands.add_parser("keys", help="list, create, show and revoke keys")
    _add_keys(keys.add_subparsers(required=True, metavar="what"))
    usage = commands.add_parser("usage", help="what was counted")
    for name in ("since", "until", "key", "api", "group-by"):
        usage.add_argument(f"--{name}")
    usage.add_argument("--step", choices=("minute", "hour", "day"))
    _finish(usage, _usage)
    return parser


def _add_keys(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    listing = what.add_parser("list", help="all keys")
    for name in ("name", "application", "api", "state", "environment"):
        listing.add_argument(f"--{name}")
    _finish(listing, _list)
    create = what.add_parser("create", help="a new key; prints its secret, once")
    create.add_argument("name")
    create.add_argument("--api", required=True, action="append", help="id or slug")
    create.add_argument("--scope", action="append", default=[], help="on each of the APIs")
    create.add_argument("--role", action="append", default=[], help="on each of the APIs")
    create.add_argument("--application", help="id")
    create.add_argument("--environment", choices=("test", "live"))
    create.add_argument("--ends-at", help="RFC 3339")
    _finish(create, _create)
    for name, run in (("show", _show), ("revoke", _revoke)):
        one = what.add_parser(name)
        one.add_argument("id")
        _finish(one, run)


def _finish(parser: argparse.ArgumentParser, run: object) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def _list(client: Client, options: argparse.Namespace) -> None:
    names = ("name", "application", "api", "state", "environment")
    filters = {name: getattr(options, name) for name in names}
    _show_rows(client.keys.each(**filters), _KEY_COLUMNS, options)


def _create(client: Client, options: argparse.Namespace) -> None:
    held = {"scopes": options.scope, **({"roles": options.role} if options.role else {})}
    access = [{"api": api, **held} for api in options.api]
    names = ("application", "environment", "ends_at")
    fields = {name: getattr(options, name) for name in names if getattr(options, name)}
    key = client.keys.create(options.name, access, **fields)
    if options.json:
        return _show_object(key)
    print(
        f"{key['id']} {key['name']}: this is the only time its secret is shown",
        file=sys.stderr,
    )
    print(key["secret"])
    return None


def _show(client: Client, options: argparse.Namespace) -> None:
    _show_object(client.keys.get(options.id))


def _revoke(client: Client, options: argparse.Namespace) -> None:
    key = client.keys.revoke(options.id)
    if options.json:
        return _show_object(key)
    print(f"{key['id']} {key['name']} is {key['state']}")
    return None


def _usage(client: Client, options: argparse.Namespace) -> None:
    names = ("since", "until", "key", "api", "group_by", "step")
    filters = {name: getattr(options, name) for name in names}
    groups = [name for name in (options.group_by or "").split(",") if name]
    _show_rows(client.usage.each(**filters), [*_USAGE_COLUMNS, *groups], options)


def _show_object(item: Mapping[str, Any]) -> None:
    print(json.dumps(item, indent=2, ensure_ascii=False))


def _show_rows(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], options: argparse.Namespace
) -> None:
    if options.json:
        print(json.dumps(list(rows), indent=2, ensure_ascii=False))
        return
    table = [columns, *([_cell(row.get(name)) for name in columns] for row in rows)]
    widths = [max(len(line[place]) for line in table) for place in range(len(columns))]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _cell(value: object) -> str:
    return "-" if value is None else str(value)
