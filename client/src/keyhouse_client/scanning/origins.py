"""Which commit brought what was found, and as what file."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import NamedTuple

from keyhouse_client.scanning.git import Git, outputs, words
from keyhouse_client.scanning.objects import Objects
from keyhouse_client.scanning.revisions import Revisions
from keyhouse_client.scanning.scan import Finding, Scan
from keyhouse_client.scanning.spots import spots


class _Change(NamedTuple):
    """A content that a commit has at a path, and no parent of it."""

    commit: str
    content: str
    path: str
    is_new: bool
    """Whether no parent has anything at that path."""


class _Origin(NamedTuple):
    """The first commit with something, and the path that it had there."""

    commit: str
    path: str


class _Origins:
    """Where contents were first, and where names with these secrets were first.

    Parents come before their children.
    """

    def __init__(self, contents: set[str], secrets: set[str]) -> None:
        self.of_contents: dict[str, _Origin] = {}
        self.names: dict[tuple[str, str], Finding] = {}
        self._contents = contents
        self._secrets = secrets

    def take(self, changes: Iterable[_Change]) -> None:
        for change in changes if self._contents or self._secrets else ():
            if change.content in self._contents:
                origin = _Origin(change.commit, change.path)
                self.of_contents.setdefault(change.content, origin)
            if change.is_new and any(text in change.path for text in self._secrets):
                self._take_names(change)
            if not self._secrets and len(self.of_contents) == len(self._contents):
                break

    def _take_names(self, change: _Change) -> None:
        above = ""
        for name in change.path.split("/"):
            path = above + name
            above = f"{path}/"
            for secret, line, column in spots([os.fsencode(name)]):
                if secret.text in self._secrets:
                    found = Finding(path, line, column, secret, None, change.commit)
                    self.names.setdefault((path, secret.text), found)


def tell_origins(
    scan: Scan, git: Git, revisions: Revisions, objects: Objects, found: Mapping[str, str]
) -> None:
    """Write into the findings which commit brought them; `found` has their objects' kinds.

    A secret that stayed in a file while its other lines changed is told once, as the
    file was when the secret came. So is one in a name; and where commits are left out,
    not one in a name that they have.
    """
    in_names = [each for each in scan.findings if found.get(each.object or "") == "tree"]
    others = [each for each in scan.findings if found.get(each.object or "") != "tree"]
    origins = _Origins(
        {id for id, kind in found.items() if kind == "blob"},
        {each.secret.text for each in in_names},
    )
    origins.take(_changes(git, revisions))
    ranks = {id: rank for rank, id in enumerate(origins.of_contents)}
    placed = [_placed(each, origins.of_contents, found) for each in others]
    names = list(origins.names.values())
    if not revisions.leaves_out:
        # No commit has it, such as a folder that is tagged by itself.
        told = {each.secret.text for each in names}
        names += [each for each in in_names if each.secret.text not in told]
    authored_at = cache(lambda commit: _authored_at(objects.text(commit)))
    scan.findings = [
        each._replace(committed_at=authored_at(each.commit)) if each.commit else each
        for each in [*_first_of_each(placed, ranks), *names]
    ]


def _placed(
    finding: Finding, origins: Mapping[str, _Origin], found: Mapping[str, str]
) -> Finding:
    id = finding.object or ""
    if found.get(id) == "commit":
        return finding._replace(commit=id)
    origin = origins.get(id)
    return finding._replace(path=origin.path, commit=origin.commit) if origin else finding


def _first_of_each(findings: list[Finding], ranks: Mapping[str, int]) -> list[Finding]:
    """The findings but those of a secret that the same path had in an earlier content."""
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


def _changes(git: Git, revisions: Revisions) -> Iterator[_Change]:
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
                # `:000000 100644 before after A`; of a merge with each parent's, and `AA`.
                *_, id, status = word.decode("ascii").split()
                path = os.fsdecode(next(told, b""))
                yield _Change(commit, id, path, not status.strip("A"))
            else:
                commit = word.decode().strip()


def _authored_at(commit: str) -> str | None:
    """When it was written, RFC 3339, as the head of a commit's text tells."""
    for line in commit.partition("\n\n")[0].splitlines():
        if line.startswith("author "):
            try:
                *_, seconds, zone = line.split()
                ahead = timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[3:]))
                when = datetime.fromtimestamp(int(seconds), timezone(ahead))
            except (ValueError, OverflowError, OSError):
                # Git takes any number for a date, and has commits that are no good.
                return None
            return when.isoformat()
    return None
