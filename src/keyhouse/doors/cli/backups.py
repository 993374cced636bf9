"""`keyhouse backup` and `keyhouse restore`, on this machine."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from keyhouse.doors.cli import asking, show
from keyhouse.doors.cli.desk import AsJson, Assigned, Config, DataDir, desk
from keyhouse.doors.cli.entries import BackedUp, WrongUse

VARIABLE: Final = "KEYHOUSE_BACKUP_PASSPHRASE"
_LENGTH_MIN: Final = 12
_TOLD_FROM: Final = 10_000
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", help=f"The passphrase's file, instead of {VARIABLE}."
    ),
]


def backup(  # noqa: PLR0913  (options)
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option(help="The file to write (0600); a new one.")],
    seal: Annotated[
        bool, typer.Option("--seal", help="Seal it with a passphrase, which is asked for.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    without_keyring: Annotated[
        bool, typer.Option("--without-keyring", help="Leave out the keyring.")
    ] = False,
    without_usage: Annotated[
        bool,
        typer.Option("--without-usage", help="Leave out what was counted and logged."),
    ] = False,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Database and keyring in one file, as they are now; Keyhouse may go on serving.

    Whoever has the file and the keyring in it can check keys: seal it, or keep
    the keyring elsewhere.
    """
    here = desk(context)
    here.add(config, data_dir, assigned)
    passphrase = _given(passphrase_file)
    if passphrase is None and seal:
        passphrase = _asked(twice=True)
    if passphrase is not None and len(passphrase) < _LENGTH_MIN:
        raise WrongUse(f"The passphrase is short: give at least {_LENGTH_MIN} characters.")
    made = here.installation().back_up(
        out,
        passphrase,
        _progress(),
        with_keyring=not without_keyring,
        with_usage=not without_usage,
    )
    _tell(made, {"file": str(out)}, f"{out} holds", json=as_json)
    if passphrase is None and not without_keyring:
        show.say("It holds the keyring in the clear: keep it as you keep that.", err=True)


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `backup` wrote.")],
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Replace all that is there already.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Make an empty installation what a backup holds, on SQLite or PostgreSQL.

    Nothing may serve meanwhile. The file is checked before anything is written.
    """
    here = desk(context)
    here.add(config, data_dir, assigned)
    installation = here.installation()
    passphrase = _given(passphrase_file)
    if passphrase is None and installation.is_sealed(file):
        passphrase = _asked(twice=False)
    made = installation.restore(file, passphrase, _progress(), force=force)
    _tell(made, {"file": str(file)}, "Restored", json=as_json)


def _tell(made: BackedUp, more: dict[str, object], words: str, *, json: bool) -> None:
    if json:
        show.as_json(
            {
                **more,
                "made_at": made.made_at,
                "revision": made.revision,
                "rows": dict(made.rows),
            }
        )
        return
    keys, total = made.rows.get("key", 0), sum(made.rows.values())
    show.say(f"{words} {keys} keys, {total} rows in all, as of {made.made_at}.")


def _given(file: Path | None) -> str | None:
    """The passphrase of the file, or of the environment; never of the line, which is

    seen by all on the machine.
    """
    if file is None:
        return os.environ.get(VARIABLE) or None
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise WrongUse(f"{file} can't be read as a passphrase: {error}") from None


def _asked(*, twice: bool) -> str:
    if not asking.is_terminal():
        raise WrongUse(
            f"A passphrase is needed: put it into {VARIABLE}, or into a file and name "
            "that with --passphrase-file."
        )
    asked: str = typer.prompt(
        "Passphrase", hide_input=True, confirmation_prompt=twice, err=True
    )
    return asked


def _progress() -> Callable[[str, int], None]:
    """A line now and then for tables that take a while, and none for others."""

    def tell(table: str, count: int) -> None:
        if count >= _TOLD_FROM:
            show.say(f"  {table}: {count} rows", err=True)

    return tell
