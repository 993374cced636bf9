"""How results look: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 240


def as_json(value: object) -> None:
    """One JSON value on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def rows(found: Iterable[Mapping[str, Any]], columns: Sequence[str], *, json: bool) -> None:
    """Rows as a table of these columns, or whole as JSON."""
    if json:
        as_json(list(found))
        return
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in found:
        table.add_row(*(cell(row.get(name)) for name in columns))
    _console().print(table)
    if not table.row_count:
        say("(none)")


def item(found: Mapping[str, Any], *, json: bool) -> None:
    """One object, a line for each of its fields."""
    if json:
        as_json(found)
        return
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for name, value in found.items():
        table.add_row(name, cell(value))
    _console().print(table)


def cell(value: object) -> str:
    """A value as one cell of a table."""
    if value is None or value in ([], {}, ""):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
        return " ".join(value)
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def say(text: str, *, err: bool = False) -> None:
    """A line as it stands: never wrapped, never coloured."""
    print(text, file=sys.stderr if err else sys.stdout, flush=True)


def _console() -> "Console":
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)
