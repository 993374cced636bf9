"""What the next commit would bring, as it is staged and not as it lies in the folder."""

import os

from keyhouse_client.scanning.git import Git
from keyhouse_client.scanning.objects import Objects
from keyhouse_client.scanning.scan import Scan

_NO_FILE = "160000"
"""The mode of a submodule: its id is that of a commit elsewhere."""


def scan_staged(scan: Scan, git: Git) -> None:
    """Look at all that is added or changed between HEAD and git's index."""
    told = git.ask(
        *("diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames"),
        *("--diff-filter=ACMRT", "--no-ext-diff", "--no-textconv", "--no-relative"),
        *("--ignore-submodules=all", "--"),
    )
    facts = told.split(b"\0")
    with Objects(git) as objects:
        # In turn `:100644 100644 before after M`, and the path.
        for fact, path in zip(facts[::2], facts[1::2], strict=False):
            _, mode, _, id, _ = fact.decode("ascii").split()
            if mode != _NO_FILE:
                scan.look(os.fsdecode(path), objects.chunks(id), id)
