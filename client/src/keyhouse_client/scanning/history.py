"""What commits brought: files, also those that are gone since, messages and tags."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from keyhouse_client.scanning.git import Git, GitFailed, outputs
from keyhouse_client.scanning.objects import Objects
from keyhouse_client.scanning.origins import tell_origins
from keyhouse_client.scanning.revisions import Revisions, cut_off_at
from keyhouse_client.scanning.scan import Scan
from keyhouse_client.scanning.shape import matches

SHORT: Final = 7
"""Digits of a commit's id, where people read it."""
_LACKS: Final = "what came before is not in this shallow clone (git fetch --unshallow)"


class _Object(NamedTuple):
    kind: str
    """blob, tree, commit or tag; `missing` where it is not in this clone."""
    id: str
    name: str


def scan_history(
    scan: Scan, git: Git, revisions: Revisions, progress: Callable[[int], None]
) -> None:
    """Look at each object of these commits once; `progress` is told how many were.

    Lines of a commit or a tag are those that `git cat-file -p` shows; a name of a file
    or a folder is a line of its own. Where git gives up, or the clone is only a part of
    the whole, that is noted as unread.
    """
    with Objects(git) as objects:
        look = _Look(scan, objects)
        try:
            ends = cut_off_at(git)
            for each in _objects(git, revisions):
                look.at(each)
                if each.kind != "tree":
                    progress(scan.files)
                if each.id in ends:
                    scan.miss(f"commit {each.id[:SHORT]}", _LACKS)
            tell_origins(scan, git, revisions, objects, look.found)
        except (GitFailed, OSError) as error:
            scan.miss("history", str(error))


class _Look:
    """Looks at git's objects; `found` are those with a secret, each with its kind."""

    def __init__(self, scan: Scan, objects: Objects) -> None:
        self.found: dict[str, str] = {}
        self._scan = scan
        self._objects = objects
        self._named: set[str] = set()

    def at(self, each: _Object) -> None:
        before = len(self._scan.findings)
        if each.kind == "missing":
            self._scan.miss(f"object {each.id}", "is not in this clone")
        elif each.kind == "tree":
            self._at_names(each)
        elif each.kind == "blob":
            self._scan.look_into(_label(each), self._objects.chunks(each.id), each.id)
        else:
            self._scan.look(_label(each), self._objects.chunks(each.id), each.id)
        if len(self._scan.findings) > before:
            self.found[each.id] = each.kind

    def _at_names(self, tree: _Object) -> None:
        # Of a content that has two names git tells one: only folders have them all.
        try:
            entries = b"".join(self._objects.chunks(tree.id))
        except OSError as error:
            self._scan.miss(_label(tree), error.strerror or str(error))
            return
        if not any(matches(entries, 0, len(entries))):
            return
        for name in _names(entries, len(tree.id) // 2):
            path = f"{tree.name}/{name}" if tree.name else name
            # Once, though it stands in each version of its folder.
            if path not in self._named:
                self._named.add(path)
                self._scan.look_at_name(path, tree.id)


def _names(entries: bytes, id_bytes: int) -> Iterator[str]:
    """The names in a tree as git keeps it: `mode SP name NUL id`, one after another."""
    entry = re.compile(rb"[0-7]+ ([^\0]+)\0.{%d}" % id_bytes, re.DOTALL)
    for match in entry.finditer(entries):
        yield os.fsdecode(match[1])


def _objects(git: Git, revisions: Revisions) -> Iterator[_Object]:
    """All objects that the commits lead to, with the name that git came upon."""
    listing = ("rev-list", "--objects", "--missing=print", "--stdin")
    form = "--batch-check=%(objecttype) %(objectname) %(rest)"
    with (
        revisions.as_input() as ids,
        git.start(*listing, *revisions.arguments, given=ids) as listed,
        git.start("cat-file", form, given=outputs(listed)) as described,
    ):
        for line in outputs(described):
            kind, id, *name = line.rstrip(b"\n").split(b" ", 2)
            if id == b"missing":
                kind, id = id, kind.lstrip(b"?")
            yield _Object(kind.decode(), id.decode(), os.fsdecode(b"".join(name)))


def _label(each: _Object) -> str:
    if each.kind in ("blob", "tree"):
        return each.name or f"object {each.id[:SHORT]}"
    name = each.name if each.kind == "tag" else ""
    return f"{each.kind} {name or each.id[:SHORT]}"
