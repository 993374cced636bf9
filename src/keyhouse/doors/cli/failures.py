"""How a command that did not succeed ends: words on stderr and an exit code.

0 done · 1 refused by the server · 2 wrong use or configuration · 3 unreachable
"""

from typing import Any

import typer
from typer.core import TyperGroup

from keyhouse.doors.cli.entries import OutOfReach, WrongUse
from keyhouse.doors.cli.show import say

REFUSED, WRONG, UNREACHABLE = 1, 2, 3


class Group(TyperGroup):
    """The commands; what they raise is told in words."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  (as its base class has it)
        """Run a command, or exit with the code of what went wrong."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            code = tell(error)
            if code is None:
                raise
            raise typer.Exit(code) from None


def tell(error: Exception) -> int | None:
    """Say what is wrong; gives the exit code, None for what is our fault."""
    from keyhouse_client import ProblemError, Unreachable

    if isinstance(error, ProblemError):
        _problem(error)
        return REFUSED
    if isinstance(error, (Unreachable, OutOfReach)):
        say(f"Not reachable: {error}", err=True)
        return UNREACHABLE
    if isinstance(error, WrongUse):
        say(str(error), err=True)
        return WRONG
    return None


def _problem(error: Any) -> None:  # noqa: ANN401  (ProblemError, imported late)
    # The detail repeats the first of the fields.
    detail = f": {error.detail}" if error.detail and not error.errors else ""
    say(f"Refused ({error.status} {error.title}){detail}", err=True)
    for field, reason, mend in error.errors:
        say(f"  {field}: {_sentence(reason)} {_sentence(mend)}".rstrip(), err=True)
    if error.request_id:
        say(f"  request {error.request_id}", err=True)


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?" else f"{text}."
