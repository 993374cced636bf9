"""What was typed, and what came of it."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from keyhouse_client.command import env, keys, login, rotate, run, scan, store, usage
from keyhouse_client.errors import KeyhouseError, ProblemError, Unreachable
from keyhouse_client.keeping.refusals import Refused
from keyhouse_client.secret_file import SecretLost

REFUSED: Final = 1
WRONG: Final = 2
UNREACHABLE: Final = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `kh`; the exit code."""
    line = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in _own(line)
    try:
        options = _parser().parse_args(line)
        # From here on it is known whose a word is: `kh run tool --json` is the tool's.
        as_json = options.json
        exit_code: int = options.run(options) or 0
        sys.stdout.flush()
    except (KeyhouseError, Refused, SecretLost, ValueError) as error:
        return _failed(error, as_json=as_json)
    except BrokenPipeError:
        # Who reads has enough, as `head` has. The interpreter flushes once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    return exit_code


def _own(line: Sequence[str]) -> Sequence[str]:
    """The words that are for `kh`: what stands behind `--` is for another command."""
    return line[: line.index("--")] if "--" in line else line


def _failed(error: Exception, *, as_json: bool) -> int:
    """Tell what went wrong, after `--json` with the fields that `keyhouse` has too."""
    exit_code = UNREACHABLE if isinstance(error, Unreachable) else WRONG
    told: dict[str, object] = {
        "code": "unreachable" if exit_code == UNREACHABLE else "wrong_use",
        "title": "Not reachable" if exit_code == UNREACHABLE else "Wrong use",
        "detail": str(error),
        "status": None,
        "errors": [],
        "request_id": None,
        "notes": [],
    }
    if isinstance(error, ProblemError):
        exit_code = REFUSED
        names = ("code", "title", "detail", "status", "request_id")
        told |= {name: getattr(error, name) for name in names}
        told["errors"] = [one._asdict() for one in error.errors]
    elif isinstance(error, SecretLost):
        exit_code = REFUSED
        told |= {"code": "secret_lost", "title": "Secret lost"}
    elif isinstance(error, Refused):
        exit_code = REFUSED
        told |= {"code": error.code, "title": error.title}
    told["exit_code"] = exit_code
    text = json.dumps(told, indent=2, ensure_ascii=False) if as_json else f"kh: {error}"
    print(text, file=sys.stderr)
    return exit_code


class _Parser(argparse.ArgumentParser):
    """What it can't read is told as all that goes wrong is."""

    def error(self, message: str) -> NoReturn:
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
