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
_COERCED: Final = ("C.UTF-8", "C.utf8", "UTF-8")


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
        # What is named by hand may be a pipe: --env-file <(…)
        told |= EnvFile.read(path, plain=options.env_file is None).values
    return _give_way(command, resolved({**told, **_given()}, Store.of_user()))


def _given() -> dict[str, str]:
    """The environment, without what Python added to it.

    In the C locale it sets LC_CTYPE as it starts (PEP 538), for all that it starts too.
    The kernel still knows what there was; where it can't be asked, it is handed on.
    """
    given = dict(os.environ)
    if given.get("LC_CTYPE") not in _COERCED:
        return given
    try:
        before = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return given
    del given["LC_CTYPE"]
    for one in before:
        name, _, value = one.partition(b"=")
        if name == b"LC_CTYPE":
            given["LC_CTYPE"] = os.fsdecode(value)
    return given


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
