"""A question before what can't be undone."""

import sys

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.failures import REFUSED


def demand_somebody(*, as_json: bool) -> None:
    """Raises WrongUse where nobody can be asked: a program reads, or no terminal is there.

    To be called before anything is asked of a server.
    """
    if as_json or not is_terminal():
        raise WrongUse("Nobody can be asked here: give --dry-run or --yes.")


def ask(question: str) -> None:
    """Go on only after a yes; exits with 1 otherwise."""
    if not typer.confirm(question, err=True):
        show.say("Nothing was done.", err=True)
        raise typer.Exit(REFUSED)


def is_terminal() -> bool:
    """Whether somebody types here."""
    return sys.stdin.isatty()
