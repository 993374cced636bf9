"""How a command that did not succeed ends: words or JSON on stderr, and an exit code.

0 done · 1 refused by the server · 2 wrong use or configuration · 3 unreachable
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import typer
from typer.core import TyperGroup

from keyhouse.doors.cli.entries import OutOfReach, WrongUse
from keyhouse.doors.cli.show import say

if TYPE_CHECKING:
    from keyhouse_client import ProblemError

REFUSED, WRONG, UNREACHABLE = 1, 2, 3
_CODES: Final = {
    REFUSED: "secret_lost",
    WRONG: "wrong_use",
    UNREACHABLE: "unreachable",
}
_TITLES: Final = {
    REFUSED: "Secret lost",
    WRONG: "Wrong use",
    UNREACHABLE: "Not reachable",
}
"""Of what is no refusal of the API's: that brings words of its own."""


class Group(TyperGroup):
    """The commands; what they raise is told in words, or as JSON after `--json`."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  (as its base class has it)
        """Run a command, or exit with the code of what went wrong."""
        as_json = wants_json([*ctx._protected_args, *ctx.args])  # noqa: SLF001  (the line below here)
        try:
            return super().invoke(ctx)
        except Exception as error:
            code = tell(error, as_json=as_json)
            if code is None:
                raise
            raise typer.Exit(code) from None


def wants_json(line: Sequence[str]) -> bool:
    """Whether `--json` is on the line: a command that can't be read has none to ask."""
    options = line[: line.index("--")] if "--" in line else line
    return "--json" in options


def tell(error: Exception, *, as_json: bool = False) -> int | None:
    """Say what is wrong; gives the exit code, None for what is our fault.

    Notes of the exception (PEP 678) say how to go on. What the parser of the
    line finds is left to it, unless JSON is wanted.
    """
    from keyhouse_client import KeyhouseError, ProblemError, Unreachable
    from keyhouse_client.calls import WrongId
    from keyhouse_client.secret_file import SecretLost

    notes: list[str] = getattr(error, "__notes__", [])
    if isinstance(error, ProblemError):
        _problem(error, notes, as_json=as_json)
        return REFUSED
    if isinstance(error, SecretLost):
        code, detail, words = REFUSED, str(error), str(error)
    elif isinstance(error, (Unreachable, OutOfReach)):
        code, detail, words = UNREACHABLE, str(error), f"Not reachable: {error}"
    elif isinstance(error, (WrongUse, WrongId, KeyhouseError)):
        code, detail, words = WRONG, str(error), str(error)
    elif as_json and isinstance(error, typer.TyperException) and _of_parser(error):
        code, detail, words = WRONG, _read(error), ""
    else:
        return None
    if as_json:
        _as_json(code, notes, code=_CODES[code], title=_TITLES[code], detail=detail)
    else:
        say("\n".join([words, *notes]), err=True)
    return code


def _of_parser(error: Exception) -> bool:
    """Others of its exceptions end a command on purpose, and have no words."""
    return hasattr(error, "format_message")


def _read(error: Any) -> str:  # noqa: ANN401  (a class that the parser keeps to itself)
    return str(error.format_message())


def _as_json(exit_code: int, notes: Sequence[str], **told: object) -> None:
    """The same fields for every failure; those of a problem (RFC 9457) where it is one."""
    fields: dict[str, object] = {"status": None, "errors": [], "request_id": None}
    found = {"exit_code": exit_code, **fields, **told, "notes": list(notes)}
    say(json.dumps(found, indent=2, ensure_ascii=False), err=True)


def _problem(error: "ProblemError", notes: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        _as_json(
            REFUSED,
            notes,
            code=error.code,
            title=error.title,
            detail=error.detail,
            status=error.status,
            errors=[one._asdict() for one in error.errors],
            request_id=error.request_id or None,
        )
        return
    # The detail repeats the first of the fields.
    detail = f": {error.detail}" if error.detail and not error.errors else ""
    say(f"Refused ({error.status} {error.title}){detail}", err=True)
    for field, reason, mend in error.errors:
        say(f"  {field}: {_sentence(reason)} {_sentence(mend)}".rstrip(), err=True)
    if error.request_id:
        say(f"  request {error.request_id}", err=True)
    for note in notes:
        say(note, err=True)


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?" else f"{text}."
