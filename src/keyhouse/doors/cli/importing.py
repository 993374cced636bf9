"""`keyhouse keys import`, and `keyhouse imports` for what becomes of one."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from keyhouse.core.entities import ImportFormat
from keyhouse.core.imports import ROW_CHARS_MAX, FilePart, Unreadable, parts_of
from keyhouse.core.imports.notation import read_access
from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.failures import REFUSED
from keyhouse.doors.cli.nouns import Id, Noun, done, given, group

if TYPE_CHECKING:
    from keyhouse_client import Client
    from keyhouse_client.shapes import Import

    Tell = Callable[[int], None]

_IMPORTS: Final = Noun(
    "imports",
    "import",
    "imports",
    ("id", "state", "format", "rows", "imported", "skipped", "created_at"),
)
_PROBLEMS: Final = ("line", "field", "reason", "mend", "skipped")
_POLL_SECONDS: Final = 0.3
_UNDOING_SECONDS_MAX: Final = 600


class Format(StrEnum):
    """How the file is written."""

    AWS = "aws"
    CSV = "csv"
    JSON = "json"


imports = group(_IMPORTS, "Imports: keys that came from other systems.")


@imports.command("cancel", epilog="Example: keyhouse imports cancel ID")
def cancel(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
    """Undo an import that is not finished."""
    with desk(context).client() as client:
        found = client.imports.cancel(id)
    done(found, f"{id} is {found['state']}", json=as_json)


def add_import(keys: typer.Typer) -> None:
    """Add `import` to the commands about keys."""
    epilog = "Example: keyhouse keys import keys.csv --format aws --api weather --dry-run"
    keys.command("import", epilog=epilog)(import_keys)


def import_keys(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file, in UTF-8.")],
    *,
    format: Annotated[  # noqa: A002  (the option's name)
        Format, typer.Option(help="aws: API Gateway's CSV; csv and json: our own.")
    ],
    api: Annotated[
        list[str] | None,
        typer.Option(
            "--api", help="API[:SCOPE,@ROLE] for rows that name none. Repeatable."
        ),
    ] = None,
    environment: Annotated[
        str | None, typer.Option(help="live or test, for rows that name none: live.")
    ] = None,
    application: Annotated[
        str | None, typer.Option(help="An application's id, for rows that name none.")
    ] = None,
    project: Annotated[str | None, typer.Option(help="The project's id.")] = None,
    fail_on_warnings: Annotated[
        bool,
        typer.Option(
            "--fail-on-warnings",
            "--failonwarnings",
            help="All or nothing: any row with a fault undoes it.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would come of it, and undo it.")
    ] = False,
    resume: Annotated[
        str | None, typer.Option(help="Go on with this import, of the same file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import keys from a file: callers go on with the strings that they have."""
    form, total = ImportFormat(format.value), _rows(file, ImportFormat(format.value))
    wish = given(
        {
            "access": [
                {"api": one.api, "scopes": list(one.scopes), "roles": list(one.roles)}
                for one in read_access(";".join(api or ()))
            ],
            "environment": environment,
            "application": application,
            "project": project,
            "fail_on_warnings": fail_on_warnings,
            "dry_run": dry_run,
        }
    )
    with desk(context).client() as client:
        if resume is None:
            found = client.imports.create(format.value, **wish)
        else:
            found = client.imports.get(resume)
        with _resumable(found["id"], file, format), _progress(total) as tell:
            found = _send(client, found, _parts(file, form), tell)
    _tell(found, json=as_json)


def _rows(file: Path, form: ImportFormat) -> int:
    """How many rows there are; so what cannot be read is found before all else."""
    return sum(part.rows for part in _parts(file, form))


def _parts(file: Path, form: ImportFormat) -> Iterator[FilePart]:
    """The file, a part at a time. Raises WrongUse where it cannot be read."""
    try:
        with file.open(encoding="utf-8", newline="") as text:
            # A line has no end of its own accord: it is taken in bounded pieces.
            yield from parts_of(form, iter(lambda: text.readline(ROW_CHARS_MAX + 1), ""))
    except OSError as error:
        raise WrongUse(f"{file} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WrongUse(f"{file} is not in UTF-8: save it so and try again") from None
    except Unreadable as fault:
        raise WrongUse(f"{file}: {fault}") from None


def _send(
    client: "Client", found: "Import", parts: Iterator[FilePart], tell: "Tell"
) -> "Import":
    """Send what is not in yet, and finish. Gives the import as it then is."""
    id = found["id"]
    if found["state"] == "open":
        for number, part in enumerate(parts, 1):
            if number > found["parts"]:
                found = client.imports.add_part(id, number, part.text, line=part.line)
                tell(found["rows"])
        found = client.imports.finish(id)
    end = time.monotonic() + _UNDOING_SECONDS_MAX
    while found["state"] == "undoing" and time.monotonic() < end:
        time.sleep(_POLL_SECONDS)
        found = client.imports.get(id)
    return found


@contextmanager
def _resumable(id: str, file: Path, format: Format) -> Iterator[None]:  # noqa: A002  (as above)
    """Say how to go on where it ends before its end."""
    words = (
        f"The import {id} is not finished. Go on with:\n"
        f"  keyhouse keys import {file} --format {format} --resume {id}\n"
        f"or undo it with:\n  keyhouse imports cancel {id}"
    )
    try:
        yield
    except Exception as error:
        error.add_note(words)
        raise
    except BaseException:
        show.say(words, err=True)
        raise


@contextmanager
def _progress(total: int) -> Iterator["Tell"]:
    """A bar on stderr, where somebody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("importing", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    bar = Progress(*columns, console=console, disable=not sys.stderr.isatty())
    with bar:
        task = bar.add_task("", total=total)
        yield lambda rows: bar.update(task, completed=rows)


def _tell(found: "Import", *, json: bool) -> None:
    """What came of it. Exit code 1 where it was undone and was no dry run."""
    if json:
        show.as_json(found)
    else:
        _in_words(found)
    if found["state"] != "done" and not found["dry_run"]:
        raise typer.Exit(REFUSED)


def _in_words(found: "Import") -> None:
    counts = (
        f"{found['imported']} of {found['rows']} rows, {found['skipped']} left out, "
        f"{found['lessened']} with something left behind"
    )
    if found["problems"]:
        show.rows(found["problems"], _PROBLEMS, json=False)
        rest = found["problems_count"] - len(found["problems"])
        if rest:
            show.say(f"… and {rest} more")
    if found["state"] == "done":
        show.say(f"{found['id']}: imported {counts}.")
    elif found["dry_run"]:
        show.say(f"Dry run: would import {counts}. Nothing is left of it.")
    else:
        show.say(f"{found['id']}: nothing is imported ({found['ended']}); it had {counts}.")
