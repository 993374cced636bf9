"""`kh usage`: what was counted, for those who hold a management key."""

import argparse
from typing import TYPE_CHECKING, Any

from keyhouse_client.command.shown import show_rows, with_client

if TYPE_CHECKING:
    from keyhouse_client.client import Client

_USAGE_COLUMNS = ("start", "verdict", "requests", "units", "errors")


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add `kh usage`."""
    usage = commands.add_parser("usage", help="what was counted")
    for name in ("since", "until", "key", "api", "group-by", "time-zone"):
        usage.add_argument(f"--{name}")
    usage.add_argument("--step", choices=("minute", "hour", "day", "month"))
    with_client(usage, _usage)


def _usage(client: "Client", options: argparse.Namespace) -> None:
    names = ("since", "until", "key", "api", "group_by", "step", "time_zone")
    filters = {name: getattr(options, name) for name in names}
    groups = [name for name in (options.group_by or "").split(",") if name]
    show_rows(client.usage.each(**filters), [*_USAGE_COLUMNS, *groups], options)
