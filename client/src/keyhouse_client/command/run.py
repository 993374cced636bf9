"""`kh run`: a command with the secrets that its environment refers to."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

from keyhouse_client.command.shown import finish
from keyhouse_client.keeping.env_file import EnvFile, usual_files
from keyhouse_client.keeping.references import resolved
from keyhouse_client.keeping.store import Store

NOT_FOUND: Final = 127
NOT_RUN: Final = 126


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add `kh run`."""
    run = commands.add_parser(
        "run",
        help="run a command with the secrets its environment refers to",
        usage="kh run [--env-file FILE]... [--no-env-file] [--] COMMAND ...",
        epilog="The exit code is the command's; 126 where it can't be run, 127 where "
        "there is none. What the environment has already counts over the files.",
    )
    run.add_argument("--env-file", type=Path, action="append", metavar="FILE")
    run.add_argument("--no-env-file", action="store_true", help="not even .env")
    finish(run, _run)
    run.add_argument("command", nargs=argparse.REMAINDER)


def _run(options: argparse.Namespace) -> int:
    words: list[str] = options.command
    command = words[1:] if words[:1] == ["--"] else words
    if not command:
        raise ValueError("what is to be run? kh run [--env-file FILE]... -- COMMAND ...")
    if options.no_env_file and options.env_file:
        raise ValueError("--env-file and --no-env-file: one of them")
    files = [] if options.no_env_file else options.env_file or usual_files()
    told: dict[str, str] = {}
    for path in files:
        told |= EnvFile.read(path).values
    return _give_way(command, resolved({**told, **os.environ}, Store.of_user()))


def _give_way(command: list[str], environment: dict[str, str]) -> int:
    """Have the command take this process over, so that signals and exit are its own."""
    try:
        if os.name == "posix":
            _become(command, environment)
        return subprocess.call(command, env=environment)  # noqa: S603  (what was asked for)
    except FileNotFoundError:
        exit_code, told = NOT_FOUND, "command not found"
    except (OSError, ValueError) as error:
        exit_code = NOT_RUN
        told = (isinstance(error, OSError) and error.strerror) or str(error)
    print(f"kh: {command[0]}: {told}", file=sys.stderr)
    return exit_code


def _become(command: list[str], environment: dict[str, str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    # Python has these ignored, and what is ignored stays so for the next program.
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.execvpe(command[0], command, environment)  # noqa: S606  (what was asked for)
