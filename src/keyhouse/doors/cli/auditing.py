"""`keyhouse audit`: who changed what, and all of it as a file."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Annotated, Any, Final

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.nouns import RowsMax
from keyhouse.doors.cli.paging import Cursor, Everything, Stretch, show_list
from keyhouse.doors.cli.reports import Since, Until

_AUDIT: Final = ("at", "actor", "action", "subject", "before", "after")
_STDOUT: Final = "-"
_TAIL_BYTES: Final = 1 << 20
"""More than any audit row: a whole line is in the last bytes of a file, if there is one."""

Only = Annotated[str | None, typer.Option(help="Only rows with this one.")]
Export = Annotated[
    str | None,
    typer.Option(
        help="Write all of it, a JSON object a line, into this file; - for stdout. "
        "A file that is there is gone on with."
    ),
]
After = Annotated[str | None, typer.Option(help="Export from behind this row's id on.")]


def audit(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    *,
    subject: Only = None,
    actor: Only = None,
    action: Only = None,
    since: Since = None,
    until: Until = None,
    rows_max: RowsMax = 50,
    cursor: Cursor = None,
    everything: Everything = False,
    export: Export = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Who changed what, the newest first; or all of it, the oldest first, as a file."""
    stretch = {"since": since, "until": until}
    named = {"subject": subject, "actor": actor, "action": action}
    if export is None:
        asked = Stretch(rows_max, cursor, everything)
        with desk(context).client() as client:
            show_list(client.audit, asked, _AUDIT, json=as_json, filters=named | stretch)
        return
    if any(value is not None for value in named.values()):
        raise WrongUse("--export writes all of it: leave out --subject, --actor, --action.")
    path = None if export == _STDOUT else Path(export)
    if path is not None and after is None:
        after = _last_id(path)
    with desk(context).client() as client:
        count = _write(client.audit.export(after=after, **stretch), path)
    if path is not None and as_json:
        show.as_json({"file": str(path), "rows": count})
    elif path is not None:
        show.say(f"{count} rows are added to {path}", err=True)


def _write(rows: Iterable[Mapping[str, Any]], path: Path | None) -> int:
    """Add the rows, each as soon as it has come; returns how many."""
    if path is None:
        return _lines(rows, sys.stdout)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            return _lines(rows, file)
    except OSError as error:
        raise WrongUse(f"{path} can't be written: {error.strerror}") from None


def _lines(rows: Iterable[Mapping[str, Any]], file: IO[str]) -> int:
    count = 0
    for row in rows:
        file.write(f"{json.dumps(row)}\n")
        count += 1
    return count


def _last_id(path: Path) -> str | None:
    """The id of the last whole line of an export, None where there is no line.

    What is left of a line that broke off is cut away. Raises WrongUse for a file
    that is no export.
    """
    try:
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _TAIL_BYTES, 0))
            tail = file.read()
            whole = tail[: tail.rfind(b"\n") + 1]
            id = _id_in(whole.splitlines()[-1]) if whole else ""
            if id is None or (size and not whole):
                raise WrongUse(f"{path} is no export of the audit: name another file.")
            file.truncate(size - len(tail) + len(whole))
            return id or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WrongUse(f"{path} can't be read: {error.strerror}") from None


def _id_in(line: bytes) -> str | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    id = row.get("id") if isinstance(row, dict) else None
    return id if isinstance(id, str) else None
