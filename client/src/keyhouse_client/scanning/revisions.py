"""Which commits to look at, told so that git can take no word of it for an option."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple

from keyhouse_client.scanning.git import Git, GitFailed

_STASH: Final = "refs/stash"
_BRANCHES: Final = "refs/heads/"
# The local ref is told as it was typed, `HEAD^{/two words}`; the others have no spaces.
_PUSHED: Final = re.compile(rb"(.+) ([0-9a-f]{40,64}) (\S+) ([0-9a-f]{40,64})")


class Revisions(NamedTuple):
    """What `git rev-list` is given: arguments, and ids (`^` for what is left out)."""

    arguments: tuple[str, ...]
    ids: tuple[str, ...] = ()

    @property
    def leaves_out(self) -> bool:
        """Whether some commits are looked at without what came before them."""
        return "--not" in self.arguments or any(id.startswith("^") for id in self.ids)

    @contextmanager
    def as_input(self) -> Iterator[IO[bytes]]:
        """The ids as a command's standard input: there may be more than a line holds."""
        with TemporaryFile() as file:
            file.write("".join(f"{id}\n" for id in self.ids).encode("ascii"))
            file.seek(0)
            yield file


def everything(git: Git) -> Revisions:
    """All that any branch, tag, note or HEAD leads to, and all that is stashed."""
    if not git.has("rev-parse", "--verify", "--quiet", _STASH):
        return Revisions(("--all",))
    # Only the newest is a ref, the others stand in its log.
    stashed = git.ask("rev-list", "--walk-reflogs", _STASH, "--")
    return Revisions(("--all",), tuple(stashed.decode("ascii").split()))


def since(git: Git, revision: str) -> Revisions:
    """What HEAD has and `revision` has not. Raises ValueError where there is no such."""
    return Revisions((), (_commit(git, "HEAD"), f"^{_commit(git, revision)}"))


def pushed(git: Git, lines: Iterable[bytes], remote: str) -> Revisions | None:
    """What a push brings, by the lines that git tells its hook; None for nothing.

    Left out is what the remote is known to have: what git tells of the refs that are
    pushed to, and the tracking refs of the remote, or of all where it has no name.
    Where one of those has more of a branch than the remote has by git's word, they are
    of a remote that was elsewhere before, and none of them counts. That can't be seen
    where nothing is pushed but tags, and branches that the former remote lacked too.

    Raises ValueError for a line that git does not write.
    """
    ids = []
    trusted = True
    for line in lines:
        match = _PUSHED.fullmatch(line.rstrip(b"\r\n"))
        if match is None:
            raise ValueError(
                "standard input: is not what git tells its pre-push hook "
                "(local ref, its id, remote ref, its id)"
            )
        new, old = match[2].decode("ascii"), match[4].decode("ascii")
        if not _is_none(new):
            ids.append(new)
        if not _is_none(old) and git.has("cat-file", "-e", old):
            ids.append(f"^{old}")
        trusted = trusted and _agrees(git, remote, os.fsdecode(match[3]), old)
    if all(id.startswith("^") for id in ids):
        return None
    known = ("--not", f"--remotes={remote}" if remote else "--remotes")
    return Revisions(known if trusted else (), tuple(ids))


def _agrees(git: Git, remote: str, ref: str, old: str) -> bool:
    """Whether the remote, that has `old` now, has what it had when last heard of."""
    branch = ref.removeprefix(_BRANCHES)
    if not remote or branch == ref:
        return True
    try:
        known = git.line(
            "show-ref", "--verify", "--hash", f"refs/remotes/{remote}/{branch}"
        )
    except GitFailed:
        return True
    return known == old or git.has("merge-base", "--is-ancestor", known, old)


def cut_off_at(git: Git) -> set[str]:
    """The commits whose parents a shallow clone lacks."""
    path = git.folder / git.line("rev-parse", "--git-path", "shallow")
    return set(path.read_text("ascii").split()) if path.exists() else set()


def _commit(git: Git, revision: str) -> str:
    # Of a name that begins as an option does, git would make one.
    name = f"refs/heads/{revision}" if revision.startswith("-") else revision
    try:
        return git.line("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except GitFailed:
        shown = os.fsencode(revision).decode("utf-8", "backslashreplace")
        raise ValueError(
            f"{shown}: there is no such commit here; if it is there elsewhere, fetch it "
            "first (a clone for a build often has one commit alone)"
        ) from None


def _is_none(id: str) -> bool:
    """Whether git means that there is nothing: a ref that is made, or deleted."""
    return not id.strip("0")
