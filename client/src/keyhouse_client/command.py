"""The command `kh`: keys and usage, for those who hold a management key.

Exit codes: 0 done · 1 refused · 2 wrong use · 3 not reachable
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final, NoReturn

from keyhouse_client.client import Client
from keyhouse_client.errors import KeyhouseError, ProblemError, Unreachable
from keyhouse_client.secret_file import SecretLost, secret_file

REFUSED: Final = 1
WRONG: Final = 2
UNREACHABLE: Final = 3

_KEY_COLUMNS = ("id", "name", "environment", "state", "hint", "last_used_at")
_USAGE_COLUMNS = ("start", "verdict", "requests", "units", "errors")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `kh`; the exit code."""
    line = sys.argv[1:] if arguments is None else arguments
    try:
        options = _parser().parse_args(line)
        with Client.from_env() as client:
            options.run(client, options)
        sys.stdout.flush()
    except (KeyhouseError, SecretLost, ValueError) as error:
        return _failed(error, as_json="--json" in line)
    except BrokenPipeError:
        # Who reads has enough, as `head` has. The interpreter flushes once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    return 0


def _failed(error: Exception, *, as_json: bool) -> int:
    """Tell what went wrong, after `--json` with the fields that `keyhouse` has too."""
    exit_code = UNREACHABLE if isinstance(error, Unreachable) else WRONG
    told: dict[str, object] = {
        "code": "unreachable" if exit_code == UNREACHABLE else "wrong_use",
        "title": "Not reachable" if exit_code == UNREACHABLE else "Wrong use",
        "detail": str(error),
        "status": None,
        "errors": [],
        "request_id": None,
        "notes": [],
    }
    if isinstance(error, ProblemError):
        exit_code = REFUSED
        names = ("code", "title", "detail", "status", "request_id")
        told |= {name: getattr(error, name) for name in names}
        told["errors"] = [one._asdict() for one in error.errors]
    elif isinstance(error, SecretLost):
        exit_code = REFUSED
        told |= {"code": "secret_lost", "title": "Secret lost"}
    told["exit_code"] = exit_code
    text = json.dumps(told, indent=2, ensure_ascii=False) if as_json else f"kh: {error}"
    print(text, file=sys.stderr)
    return exit_code


class _Parser(argparse.ArgumentParser):
    """What it can't read is told as all that goes wrong is."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}\n{self.format_usage().strip()}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="kh",
        description="Speaks to the Keyhouse at KEYHOUSE_URL with KEYHOUSE_API_KEY.",
        epilog="Exit codes: 0 done, 1 refused, 2 wrong use, 3 not reachable. "
        "Example: kh keys create planner --api weather --out planner.key",
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    keys = commands.add_parser("keys", help="list, create, show and revoke keys")
    _add_keys(keys.add_subparsers(required=True, metavar="what"))
    usage = commands.add_parser("usage", help="what was counted")
    for name in ("since", "until", "key", "api", "group-by", "time-zone"):
        usage.add_argument(f"--{name}")
    usage.add_argument("--step", choices=("minute", "hour", "day", "month"))
    _finish(usage, _usage)
    return parser


def _add_keys(what: "argparse._SubParsersAction[_Parser]") -> None:
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
    create.add_argument("--out", type=Path, help="a new file (0600) for the secret")
    create.add_argument("--force", action="store_true", help="let --out replace a file")
    create.add_argument(
        "--show-secret", action="store_true", help="print it though stdout is no terminal"
    )
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
        return _show_object(key)
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
    _show_object(client.keys.get(options.id))


def _revoke(client: Client, options: argparse.Namespace) -> None:
    key = client.keys.revoke(options.id)
    if options.json:
        return _show_object(key)
    print(f"{key['id']} {key['name']} is {key['state']}")
    return None


def _usage(client: Client, options: argparse.Namespace) -> None:
    names = ("since", "until", "key", "api", "group_by", "step", "time_zone")
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
