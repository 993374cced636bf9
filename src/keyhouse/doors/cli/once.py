"""A secret that is told once: where to, decided before it is made."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.entries import WrongUse

if TYPE_CHECKING:
    from keyhouse_client.secret_file import SecretFile, SecretLost

Out = Annotated[
    Path | None,
    typer.Option("--out", help="Write the secret into this new file (0600) alone."),
]
Force = Annotated[bool, typer.Option("--force", help="Let --out take the place of a file.")]
Shown = Annotated[
    bool,
    typer.Option("--show-secret", help="Print it though stdout is no terminal."),
]
Tell = Callable[[Mapping[str, Any]], None]

OF_KEY: Final = (
    "Give it another: keyhouse keys rotate {id}; or end it: keyhouse keys revoke {id}."
)
"""What is to be done about a key whose secret is lost."""


@contextmanager
def told_once(
    out: Path | None, *, force: bool, shown: bool, json: bool, mend: str
) -> Iterator[Tell]:
    """Gives what tells of the thing made, and its secret this one time; as `place`.

    It raises SecretLost where no answer had the secret; `mend` says what is to be
    done then, with {id} for the thing's.
    """
    with place(out, force=force, shown=shown, json=json) as file:

        def tell(made: Mapping[str, Any]) -> None:
            if made["secret"] is None:
                raise lost(f"{made['id']} {made['name']}", mend.format(id=made["id"]))
            if file is None:
                _print(made, as_json=json)
            else:
                _into(file, made, as_json=json)

        yield tell


def lost(what: str, mend: str) -> "SecretLost":
    """What to raise where no answer had the secret, or secrets, of `what`."""
    from keyhouse_client.secret_file import SecretLost

    return SecretLost(what, mend)


@contextmanager
def place(
    out: Path | None, *, force: bool, shown: bool, json: bool
) -> Iterator["SecretFile | None"]:
    """Where secrets that are about to be made go to: the file, or stdout (None).

    Raises WrongUse before anything is made where they had no place: a stdout
    that is no terminal may be a log that others read.
    """
    if out is not None:
        with secret_file(out, force=force) as file:
            yield file
        return
    if not (shown or json or _is_terminal()):
        raise WrongUse(
            "The secret is shown once, and standard output is no terminal: "
            "name --out FILE, or --show-secret to print it all the same."
        )
    yield None


@contextmanager
def secret_file(path: Path, *, force: bool) -> Iterator["SecretFile"]:
    """A file for it (0600), which is removed if it stays empty. Raises WrongUse."""
    from keyhouse_client import secret_file as client

    try:
        with client.secret_file(path, force=force) as file:
            yield file
    except client.CannotKeep as error:
        raise WrongUse(str(error)) from None


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _into(file: "SecretFile", made: Mapping[str, Any], *, as_json: bool) -> None:
    file.fill(str(made["secret"]))
    if as_json:
        show.as_json({**made, "secret": None, "secret_file": str(file.path)})
        return
    _name(made)
    show.say(f"Its secret is in {file.path}; it is not shown again.")


def _print(made: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        show.as_json(made)
        return
    _name(made)
    show.say("Its secret, shown this one time:", err=True)
    show.say(str(made["secret"]))


def _name(made: Mapping[str, Any]) -> None:
    show.say(f"{made['id']} {made['name']}", err=True)
