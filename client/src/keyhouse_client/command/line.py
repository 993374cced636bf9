"""What was typed, and what came of it."""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from keyhouse_client.command import env, keys, login, rotate, run, scan, store, usage
from keyhouse_client.command.streams import give_up_output, prepare_streams, say
from keyhouse_client.errors import KeyhouseError, ProblemError, Unreachable
from keyhouse_client.keeping.refusals import Refused
from keyhouse_client.secret_file import SecretLost

REFUSED: Final = 1
WRONG: Final = 2
UNREACHABLE: Final = 3
INTERRUPTED: Final = 130
_FAILURES: Final = (
    KeyhouseError,
    Refused,
    SecretLost,
    ValueError,
    OSError,
    KeyboardInterrupt,
    RecursionError,
)
_TYPED: Final = (
    (
        r"unrecognized arguments: .*",
        "there are words too many; a secret is typed at the prompt, or piped in",
    ),
    (r"invalid choice: .* \(choose from", "not known (choose from"),
    (r"(ignored explicit argument) .*", r"\1"),
    (r"(ambiguous option: [^=\s]*).* (could match)", r"\1 \2"),
)
"""What argparse repeats of a line that it can't read: it might be a secret."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `kh`; the exit code."""
    prepare_streams()
    line = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in _own(line)
    try:
        options = _parser().parse_args(line)
        # From here on it is known whose a word is: `kh run tool --json` is the tool's.
        as_json = options.json
        exit_code: int = options.run(options) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has enough, as `head` has.
        give_up_output()
        return REFUSED
    except _FAILURES as error:
        _flush()
        return _failed(error, as_json=as_json)
    return exit_code


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        give_up_output()


def _own(line: Sequence[str]) -> Sequence[str]:
    """The words that are for `kh`: what stands behind `--` is for another command."""
    return line[: line.index("--")] if "--" in line else line


def _failed(error: BaseException, *, as_json: bool) -> int:
    """Tell what went wrong, after `--json` with the fields that `keyhouse` has too."""
    exit_code, code, title = _kind(error)
    text = _worded(error)
    told: dict[str, object] = {
        "code": code,
        "title": title,
        "detail": text,
        "status": None,
        "errors": [],
        "request_id": None,
        "notes": [],
    }
    if isinstance(error, ProblemError):
        told |= {name: getattr(error, name) for name in ("detail", "status", "request_id")}
        told["errors"] = [one._asdict() for one in error.errors]
    told["exit_code"] = exit_code
    say(json.dumps(told, indent=2, ensure_ascii=False) if as_json else f"kh: {text}")
    return exit_code


def _kind(error: BaseException) -> tuple[int, str, str]:
    """The exit code, and code and title for programs."""
    if isinstance(error, ProblemError | Refused):
        return REFUSED, error.code, error.title
    if isinstance(error, SecretLost):
        return REFUSED, "secret_lost", "Secret lost"
    if isinstance(error, Unreachable):
        return UNREACHABLE, "unreachable", "Not reachable"
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "interrupted", "Interrupted"
    return WRONG, "wrong_use", "Wrong use"


def _worded(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return f"interrupted. {error}".removesuffix(". ")
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'standard input or output'}: {error.strerror}"
    return str(error)


class _Parser(argparse.ArgumentParser):
    """What it can't read is told as all that goes wrong is, and not shown."""

    def error(self, message: str) -> NoReturn:
        for repeated, instead in _TYPED:
            message = re.sub(repeated, instead, message, flags=re.DOTALL)
        raise ValueError(f"{message}\n{self.format_usage().strip()}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="kh",
        description="Speaks to the Keyhouse at KEYHOUSE_URL with KEYHOUSE_API_KEY, or to "
        "that of `kh login`; keeps secrets, and runs commands with them.",
        epilog="Exit codes: 0 done, 1 refused, 2 wrong use, 3 not reachable. "
        "Example: kh keys create planner --api weather --out planner.key",
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for part in (login, keys, rotate, usage, store, run, env, scan):
        part.add_to(commands)
    return parser
