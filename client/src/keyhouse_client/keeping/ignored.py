"""What git says of a file."""

import os
import subprocess
from enum import Enum
from pathlib import Path

from keyhouse_client.keeping.refusals import Refused


class Standing(Enum):
    """How git sees a file."""

    OUTSIDE = "outside"
    """It lies in no repository, or there is no git here."""
    TRACKED = "tracked"
    IGNORED = "ignored"
    EXPOSED = "exposed"
    """Neither: `git add .` would take it in."""


def standing(path: Path) -> Standing:
    """How git sees `path`. Raises Refused where git can't tell, in its words."""
    folder, name = path.parent.resolve(), path.name
    inside = _git(folder, "rev-parse", "--is-inside-work-tree")
    if inside is None or "not a git repository" in inside.stderr:
        return Standing.OUTSIDE
    if inside.returncode:
        raise Refused(f"{path}: git says: {inside.stderr.strip().partition(chr(10))[0]}")
    if inside.stdout.strip() != "true":
        return Standing.OUTSIDE
    if _yes(folder, "--literal-pathspecs", "ls-files", "--error-unmatch", "--", name):
        return Standing.TRACKED
    if _yes(folder, "check-ignore", "--quiet", "--", f"./{name}"):
        return Standing.IGNORED
    return Standing.EXPOSED


def _yes(folder: Path, *words: str) -> bool:
    ran = _git(folder, *words)
    return ran is not None and ran.returncode == 0


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[str] | None:
    # A repository's settings may name a program for git to start; here none is. Its
    # words are in the language that is looked for.
    line = ["git", "-c", "core.fsmonitor=false", "-C", str(folder)]
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603  (a fixed program, and no shell)
            [*line, *words], capture_output=True, text=True, check=False, env=environment
        )
    except FileNotFoundError:
        return None
