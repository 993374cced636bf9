"""What to look at below a folder: what git would take, or all."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from keyhouse_client.scanning.git import Git, GitFailed, work_tree_of
from keyhouse_client.scanning.scan import Scan

STANDARD_INPUT: Final = "-"
_PIECE: Final = 1 << 20
_UNOPENED: Final = "warning: could not open directory"


def scan_paths(scan: Scan, paths: list[str], *, whole: bool) -> None:
    """Look at files, at folders below which they are, and at standard input for `-`.

    In a git work tree those that git ignores are left out, but where `whole` is
    asked for, or where they are named themselves.
    """
    for name in paths:
        path = Path(name)
        if name == STANDARD_INPUT:
            scan.look(name, _standard_input())
        elif is_folder(path):
            _scan_folder(scan, path, whole=whole)
        else:
            scan.look(name, _pieces(path))


def is_folder(path: Path) -> bool:
    """Whether one can be seen to be there."""
    return os.path.isdir(path)  # noqa: PTH112  (Path.is_dir raises where one above is closed)


def _scan_folder(scan: Scan, folder: Path, *, whole: bool) -> None:
    try:
        tree = None if whole else work_tree_of(folder)
        if tree is None or _is_outside(folder, tree) or _is_ignored(folder, tree):
            _scan_all(scan, folder)
            return
    except GitFailed as error:
        scan.miss(str(folder), str(error))
        return
    _scan_what_git_takes(scan, folder)


def _scan_all(scan: Scan, folder: Path) -> None:
    # No recursion, here and below: how deep folders go is up to who made them.
    pending = [folder]
    while pending:
        place = pending.pop()
        try:
            with os.scandir(place) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
            folders = [each for each in entries if each.is_dir(follow_symlinks=False)]
        except OSError as error:
            scan.miss(str(place), error.strerror or str(error))
            continue
        for entry in entries:
            _scan_file(scan, place / entry.name)
        pending += [place / each.name for each in reversed(folders) if each.name != ".git"]


def _scan_what_git_takes(scan: Scan, folder: Path) -> None:
    pending = [folder]
    while pending:
        place = pending.pop()
        try:
            names = _taken(scan, place, inside=place is not folder)
        except GitFailed as error:
            scan.miss(str(place), str(error))
            if place is not folder:
                _scan_all(scan, place)
            continue
        pending += reversed(list(_scan_names(scan, place, names)))


def _taken(scan: Scan, folder: Path, *, inside: bool) -> list[bytes]:
    """What git would take from a folder. Raises GitFailed."""
    told, warned = Git(folder, inside=inside).ask_and_hear(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard"
    )
    for line in warned.splitlines():
        if line.startswith(_UNOPENED):
            scan.miss(str(folder), line.removeprefix("warning: "))
    return sorted(set(told.split(b"\0")) - {b""})


def _scan_names(scan: Scan, folder: Path, names: list[bytes]) -> Iterator[Path]:
    """Look at what git named; the repositories among it, whose files it does not name."""
    for name in names:
        path = folder / os.fsdecode(name)
        if _is_behind_link(path, folder):
            continue
        if not is_folder(path) or path.is_symlink():
            _scan_file(scan, path)
        elif _is_repository(scan, path):
            yield path
        else:
            _scan_all(scan, path)


def _is_repository(scan: Scan, folder: Path) -> bool:
    """Whether git, asked in the folder, answers for it and not for one around it."""
    if not os.path.lexists(folder / ".git"):
        return False
    try:
        top = work_tree_of(folder, inside=True)
        return top is not None and top.samefile(folder)
    except GitFailed as error:
        scan.miss(str(folder), str(error))
    except OSError:
        # Its work tree is said to be where nothing is.
        pass
    return False


def _scan_file(scan: Scan, path: Path) -> None:
    """Look at a file, if it is there, and is one: no link, which leads elsewhere."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        # Git knows it still, and it is gone.
        return
    except OSError as error:
        scan.miss(str(path), error.strerror or str(error))
        return
    if stat.S_ISREG(mode):
        scan.look(str(path), _pieces(path))


def _is_behind_link(path: Path, folder: Path) -> bool:
    """Whether a folder on the way was replaced by a link since git took it."""
    between = path.relative_to(folder).parents
    return any(os.path.islink(folder / each) for each in list(between)[:-1])  # noqa: PTH114  (as above)


def _is_outside(folder: Path, tree: Path) -> bool:
    """Whether git was told that its work tree is elsewhere (core.worktree)."""
    return not folder.resolve().is_relative_to(tree.resolve())


def _is_ignored(folder: Path, tree: Path) -> bool:
    inside = folder.resolve().relative_to(tree.resolve())
    named = f"./{inside.as_posix()}/"
    return inside != Path() and Git(tree).has("check-ignore", "--quiet", "--", named)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            yield piece


def _standard_input() -> Iterator[bytes]:
    while piece := sys.stdin.buffer.read(_PIECE):
        yield piece
