"""How far a list is read: `--limit`, `--cursor`, `--all`."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

import typer

from keyhouse.doors.cli import show

_PAGE_ROWS: Final = 100
"""The most that the management API gives at once."""

Cursor = Annotated[
    str | None,
    typer.Option("--cursor", help="Go on from here; a list that was cut tells it."),
]
Everything = Annotated[
    bool, typer.Option("--all", help="All rows, however many; --limit counts no more.")
]
Row = Mapping[str, Any]


class Stretch(NamedTuple):
    """The part of a list that is asked for."""

    rows_max: int
    cursor: str | None
    everything: bool

    def left(self, count: int) -> int:
        """Rows to ask for, once `count` are there."""
        return _PAGE_ROWS if self.everything else min(self.rows_max - count, _PAGE_ROWS)


def show_list(
    listing: Any,  # noqa: ANN401  (each resource of the client has its own shape)
    stretch: Stretch,
    columns: Sequence[str],
    *,
    json: bool,
    arranged: Callable[[Row], Any] | None = None,
    filters: Mapping[str, object] | None = None,
) -> None:
    """Show that stretch of what a resource of the client lists.

    Where more is left, the cursor to go on with is told on stderr. `arranged`
    is the key to sort by.
    """
    found, cursor = _read(listing, stretch, filters or {})
    show.rows(sorted(found, key=arranged) if arranged else found, columns, json=json)
    if cursor is not None:
        _tell_more(cursor, as_json=json)


def _read(
    listing: Any,  # noqa: ANN401  (as above)
    stretch: Stretch,
    filters: Mapping[str, object],
) -> tuple[list[Row], str | None]:
    found: list[Row] = []
    cursor = stretch.cursor
    while left := stretch.left(len(found)):
        page = listing.list(limit=left, cursor=cursor, **filters)
        found += page.data
        cursor = page.next_cursor
        if cursor is None:
            break
    return found, cursor


def _tell_more(cursor: str, *, as_json: bool) -> None:
    if as_json:
        show.say(json.dumps({"next_cursor": cursor}), err=True)
    else:
        show.say(f"There is more: --cursor {cursor} goes on, --all shows it all.", err=True)
