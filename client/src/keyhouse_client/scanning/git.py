"""How git is run: never by a shell, and so that no repository has us run anything.

A repository that one looks at may be a stranger's, and its configuration is obeyed.
So only commands are used that start neither pager, editor, hook, filter, textconv nor
signature check; its file-system monitor is off; and no way to another machine is open,
by which a partial clone would fetch what it lacks.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

_ALWAYS: Final = ("--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=off")
_ENVIRONMENT: Final = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    # What is replaced or cut off by hand is there all the same, and is pushed.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
_OF_ONE_REPOSITORY: Final = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)
"""What git tells its hooks of the repository whose hooks they are."""
_NAME: Final = "git.exe" if sys.platform == "win32" else "git"
_ENDED_EARLY: Final = (-13, 141)
"""Nobody reads on: we have what was looked for."""
_OUTSIDE: Final = ("not a git repository", "must be run in a work tree")
_PIECE: Final = 1 << 16


class GitFailed(ValueError):
    """Git could not do it; the text is its own."""


class Git:
    """Git, run in `folder`. Raises GitFailed where it is not installed.

    A folder that is `inside` a repository may have one of its own: what git told us
    of the outer one, as it tells a hook, is then not passed on.
    """

    def __init__(self, folder: Path, *, inside: bool = False) -> None:
        self.folder = folder
        self._program = _program()
        self._environment = {**os.environ, **_ENVIRONMENT}
        if inside:
            for name in _OF_ONE_REPOSITORY:
                self._environment.pop(name, None)

    def ask(self, *arguments: str) -> bytes:
        """All that a command prints. Raises GitFailed."""
        return self.ask_and_hear(*arguments)[0]

    def ask_and_hear(self, *arguments: str) -> tuple[bytes, str]:
        """The same, and what it warned of."""
        try:
            done = subprocess.run(  # noqa: S603  (no shell, and git's own commands alone)
                self._command(arguments),
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except OSError as error:
            raise GitFailed(f"{self.folder}: {error.strerror}") from None
        if done.returncode:
            raise _failed(arguments, done.stderr)
        return done.stdout, done.stderr.decode("utf-8", "backslashreplace")

    def line(self, *arguments: str) -> str:
        """The one line that a command prints, such as a path. Raises GitFailed."""
        return os.fsdecode(self.ask(*arguments).removesuffix(b"\n"))

    def has(self, *arguments: str) -> bool:
        """Whether a command that only looks succeeds."""
        try:
            self.ask(*arguments)
        except GitFailed:
            return False
        return True

    @contextmanager
    def start(
        self, *arguments: str, given: int | IO[bytes] = subprocess.DEVNULL
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """A command that prints much, to be read as it comes from its `stdout`.

        Raises GitFailed at the end where it failed.
        """
        with TemporaryFile() as heard:
            process = subprocess.Popen(  # noqa: S603  (no shell, and git's own commands alone)
                self._command(arguments),
                cwd=self.folder,
                env=self._environment,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=heard,
            )
            try:
                yield process
            finally:
                _end(process)
            if process.returncode not in (0, *_ENDED_EARLY):
                heard.seek(0)
                raise _failed(arguments, heard.read(_PIECE))

    def _command(self, arguments: Iterable[str]) -> list[str]:
        return [self._program, *_ALWAYS, *arguments]


def outputs(process: "subprocess.Popen[bytes]") -> IO[bytes]:
    """What a process of ours prints."""
    if process.stdout is None:
        raise AssertionError("started without a pipe")
    return process.stdout


def words(stream: IO[bytes]) -> Iterator[bytes]:
    """What stands between zero bytes, one by one."""
    held: list[bytes] = []
    while piece := stream.read(_PIECE):
        first, *others = piece.split(b"\0")
        # Joined once it is whole: a stranger's tree may have names of many megabytes.
        held.append(first)
        for other in others:
            yield b"".join(held)
            held = [other]
    if any(held):
        yield b"".join(held)


def work_tree_of(folder: Path, *, inside: bool = False) -> Path | None:
    """The top of the work tree around a folder; None outside any, or without git.

    A repository may be told that its work tree is elsewhere: then this is not around
    the folder. Raises GitFailed where there is one that git does not open.
    """
    try:
        git = Git(folder, inside=inside)
    except GitFailed:
        return None
    try:
        return Path(git.line("rev-parse", "--show-toplevel"))
    except GitFailed as error:
        if any(text in str(error) for text in _OUTSIDE):
            return None
        raise


def _program() -> str:
    """Git, where PATH has it. The current folder is a stranger's, and is left out."""
    for entry in map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep)):
        # With a folder before it no other place is looked at, on Windows too.
        found = shutil.which(str(entry / _NAME)) if entry.is_absolute() else None
        if found:
            return found
    raise GitFailed("git is not installed, or not to be found in PATH")


def _end(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()


def _failed(arguments: Iterable[str], told: bytes) -> GitFailed:
    text = " ".join(told.decode("utf-8", "backslashreplace").split())
    return GitFailed(f"git {next(iter(arguments))}: {text or 'failed'}")
