"""What git says of a file."""

from enum import Enum
from pathlib import Path
from typing import Final

from keyhouse_client.keeping.refusals import Refused
from keyhouse_client.scanning.git import Git, GitFailed

# A stranger's repository may hold, as ordinary files, what makes a git folder with
# settings of its own: only one that is named `.git` counts.
_NO_OTHER: Final = ("-c", "safe.bareRepository=explicit")


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
    name = path.name
    try:
        git = Git(path.parent.resolve())
    except GitFailed:
        return Standing.OUTSIDE
    if not _is_inside(git, path):
        return Standing.OUTSIDE
    tracked = ("--literal-pathspecs", "ls-files", "--error-unmatch", "--", name)
    if git.has(*_NO_OTHER, *tracked):
        return Standing.TRACKED
    if git.has(*_NO_OTHER, "check-ignore", "--quiet", "--", f"./{name}"):
        return Standing.IGNORED
    return Standing.EXPOSED


def _is_inside(git: Git, path: Path) -> bool:
    try:
        return git.line(*_NO_OTHER, "rev-parse", "--is-inside-work-tree") == "true"
    except GitFailed as error:
        text = str(error)
    if "not a git repository" in text:
        return False
    raise Refused(f"{path}: git says: {text.partition(': ')[2]}")
