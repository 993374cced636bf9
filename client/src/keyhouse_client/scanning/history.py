"""What commits brought: files, also those that are gone since, messages and tags."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Final, NamedTuple

from keyhouse_client.scanning.git import Git, GitFailed, outputs, words
from keyhouse_client.scanning.objects import Objects
from keyhouse_client.scanning.revisions import Revisions, cut_off_at
from keyhouse_client.scanning.scan import Finding, Scan

SHORT: Final = 7
"""Digits of a commit's id, where people read it."""


class _Object(NamedTuple):
    kind: str
    """blob, tree, commit or tag; `missing` where it is not in this clone."""
    id: str
    name: str


class _Origin(NamedTuple):
    """The first commit with a file's content, and the path that it had there."""

    commit: str
    path: str


def scan_history(
    scan: Scan, git: Git, revisions: Revisions, progress: Callable[[int], None]
) -> None:
    """Look at each object of these commits once; `progress` is told how many were.

    Lines of a commit or a tag are those that `git cat-file -p` shows. Where git gives
    up, or the clone is only a part of the whole, that is noted as unread.
    """
    with Objects(git) as objects:
        try:
            found = _look_at_all(scan, git, revisions, objects, progress)
            _name_origins(scan, git, revisions, objects, found)
        except (GitFailed, OSError) as error:
            scan.miss("history", str(error))


def _look_at_all(
    scan: Scan,
    git: Git,
    revisions: Revisions,
    objects: Objects,
    progress: Callable[[int], None],
) -> dict[str, str]:
    """The ids in which something was found, each with its kind."""
    found: dict[str, str] = {}
    ends = cut_off_at(git)
    for each in _objects(git, revisions):
        if each.kind == "missing":
            scan.miss(f"object {each.id}", "is not in this clone")
        elif each.kind != "tree":
            before = len(scan.findings)
            scan.look(_label(each), objects.chunks(each.id), each.id)
            if len(scan.findings) > before:
                found[each.id] = each.kind
            progress(scan.files)
        if each.id in ends:
            lacks = "what came before is not in this shallow clone (git fetch --unshallow)"
            scan.miss(f"commit {each.id[:SHORT]}", lacks)
    return found


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
    if each.kind == "blob":
        return each.name or f"object {each.id[:SHORT]}"
    name = each.name if each.kind == "tag" else ""
    return f"{each.kind} {name or each.id[:SHORT]}"


def _name_origins(
    scan: Scan, git: Git, revisions: Revisions, objects: Objects, found: dict[str, str]
) -> None:
    """Write into the findings which commit brought them, and as what file.

    A secret that stayed in a file while its other lines changed is told once, as the
    file was when the secret came.
    """
    blobs = {id for id, kind in found.items() if kind == "blob"}
    origins = _origins(git, revisions, blobs) if blobs else {}
    authored_at = cache(lambda commit: _authored_at(objects.text(commit)))
    for place, finding in enumerate(scan.findings):
        id = finding.object or ""
        origin = origins.get(id)
        if found.get(id) == "commit":
            origin = _Origin(id, finding.path)
        if origin:
            commit, path = origin
            scan.findings[place] = finding._replace(
                path=path, commit=commit, committed_at=authored_at(commit)
            )
    scan.findings = _first_of_each(scan.findings, list(origins))


def _first_of_each(findings: list[Finding], contents: list[str]) -> list[Finding]:
    """The findings but those of a secret that the same path had in earlier `contents`."""
    ranks = {id: rank for rank, id in enumerate(contents)}
    first: dict[tuple[str, str], int] = {}
    for each in findings:
        place = (each.path, each.secret.fingerprint)
        rank = ranks.get(each.object or "", 0)
        first[place] = min(rank, first.get(place, rank))
    return [
        each
        for each in findings
        if ranks.get(each.object or "", 0) == first[each.path, each.secret.fingerprint]
    ]


def _origins(git: Git, revisions: Revisions, blobs: set[str]) -> dict[str, _Origin]:
    """Where each of these contents was first: parents come before their children."""
    origins: dict[str, _Origin] = {}
    for commit, id, path in _changes(git, revisions):
        if id in blobs and id not in origins:
            origins[id] = _Origin(commit, path)
            if len(origins) == len(blobs):
                break
    return origins


def _changes(git: Git, revisions: Revisions) -> Iterator[tuple[str, str, str]]:
    """Each commit with each content that it has and no parent of it, and its path."""
    listing = ("rev-list", "--date-order", "--reverse", "--stdin")
    # Of a merge, what no parent has: the others were told at a parent's.
    form = ("--stdin", "-r", "-c", "--root", "--raw", "-z", "--no-renames", "--no-abbrev")
    safe = ("--no-ext-diff", "--no-textconv")
    with (
        revisions.as_input() as ids,
        git.start(*listing, *revisions.arguments, given=ids) as listed,
        git.start("diff-tree", *form, *safe, given=outputs(listed)) as compared,
    ):
        commit = ""
        told = words(outputs(compared))
        for word in told:
            if word.startswith(b":"):
                id = word.split()[-2].decode()
                yield commit, id, os.fsdecode(next(told, b""))
            else:
                commit = word.decode().strip()


def _authored_at(commit: str) -> str | None:
    """When it was written, RFC 3339, as the head of a commit's text tells."""
    for line in commit.partition("\n\n")[0].splitlines():
        if line.startswith("author "):
            *_, seconds, zone = line.split()
            try:
                ahead = timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[3:]))
                when = datetime.fromtimestamp(int(seconds), timezone(ahead))
            except (ValueError, OverflowError, OSError):
                # Git takes any number for a date.
                return None
            return when.isoformat()
    return None
