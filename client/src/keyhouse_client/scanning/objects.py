"""Git's objects, one by one: files as they were committed, commits and tags."""

import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn, Self

from keyhouse_client.scanning.git import Git, GitFailed, outputs

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_PIECE = 1 << 20


class Objects:
    """What git keeps, by its id. One git serves for all; close it, or use a `with`."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._running: AbstractContextManager[subprocess.Popen[bytes]] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def chunks(self, id: str) -> Iterator[bytes]:
        """An object's content in pieces, to be read to the end.

        Raises OSError where git does not have it, or can't read it.
        """
        process = self._process or self._start()
        described = _asked(process, id)
        if not described:
            self._give_up()
        length = _length(described)
        while length:
            piece = outputs(process).read(min(length, _PIECE))
            if not piece:
                self._give_up()
            length -= len(piece)
            yield piece
        outputs(process).read(1)

    def text(self, id: str) -> str:
        """An object's whole content, such as a commit's. Raises OSError."""
        return b"".join(self.chunks(id)).decode("utf-8", "replace")

    def close(self) -> None:
        """End git."""
        running, self._running, self._process = self._running, None, None
        if running is not None:
            running.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        self._running = self._git.start("cat-file", "--batch", given=subprocess.PIPE)
        self._process = self._running.__enter__()
        return self._process

    def _give_up(self) -> NoReturn:
        """A damaged object ends git: the next one is asked for anew."""
        try:
            self.close()
        except GitFailed as error:
            raise OSError(str(error)) from error
        raise OSError("git ended before the object did")


def _asked(process: "subprocess.Popen[bytes]", id: str) -> bytes:
    """Ask for an object; the line that comes before it, '' where git is gone."""
    if process.stdin is None:
        raise AssertionError("started without a pipe")
    process.stdin.write(id.encode("ascii") + b"\n")
    process.stdin.flush()
    return outputs(process).readline()


def _length(described: bytes) -> int:
    *_, length = described.split()
    if not length.isdigit():
        raise OSError("is not in this clone, or damaged")
    return int(length)
