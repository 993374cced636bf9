"""What all parts of the command share: how one ends, and how it prints."""

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keyhouse_client.command.connecting import opened

if TYPE_CHECKING:
    from keyhouse_client.client import Client


def finish(
    parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int | None]
) -> None:
    """Have the command run by `run`, which gives its exit code where that is not 0."""
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def with_client(
    parser: argparse.ArgumentParser, run: Callable[["Client", argparse.Namespace], None]
) -> None:
    """The same, for one that speaks to Keyhouse."""

    def call(options: argparse.Namespace) -> None:
        with opened() as client:
            run(client, options)

    finish(parser, call)


def show_object(item: Mapping[str, Any]) -> None:
    """Print an object as JSON."""
    print(json.dumps(item, indent=2, ensure_ascii=False))


def show_rows(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], options: argparse.Namespace
) -> None:
    """Print these columns of all rows as a table; with `--json` the rows, whole."""
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
