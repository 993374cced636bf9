"""Where the data plane's records come from, and how it learns of changes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from keyhouse.core.imported import Candidate
from keyhouse.core.records import Change, PartRef, Snapshot

Held = Callable[[PartRef, int], bool]
"""Whether the asker has a part as it was at that change. Asked from any thread."""


def holds_none(_ref: PartRef, _seq: int) -> bool:
    """As one who has nothing yet."""
    return False


class KeyStore(Protocol):
    """What the data plane reads. Each call sees one snapshot, and tells its seq."""

    def find_secret(
        self, candidates: Sequence[tuple[str, bytes]], held: Held = holds_none
    ) -> Snapshot:
        """Look up (pepper id, digest) pairs, all in one query.

        Where one is found, `found` is set and `parts` holds the key, its
        application, its project and organization, and each API that its
        access names with that API's project and organization. Organizations,
        projects, APIs and plans that are `held` as they are at `seq` may be
        left out.
        Otherwise `found` is None: an absence as of `seq`.
        """

    def find_imported(
        self,
        project_id: str,
        candidates: Sequence[Candidate],
        held: Held = holds_none,
    ) -> Snapshot:
        """As `find_secret`, among the imported secrets of a project.

        Keys of an import that is not done are not there. Of several secrets
        one that is kept as a keyed hash goes first.
        """

    def find_api(self, slug: str) -> Snapshot:
        """The API with that slug, with its project and organization."""

    def find_host(self, host: str) -> Snapshot:
        """The API that a host leads to, with its project and organization.

        `host` is a whole name; one that is held itself goes before a star. Where
        not all of its paths lead to one API, it is `prefixes` that are found.
        """

    def has_hosts(self) -> bool:
        """Whether any API has a host at all."""

    def load(self, refs: Iterable[PartRef]) -> Snapshot:
        """Exactly these parts, None for those that do not exist."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the change log holds after a seq. `forget_all` says that rows up

    to there are pruned, so nothing cached before `head` may be trusted.
    `made_us` has a time for each row: when it was committed, by the clock of who
    did; 0 where that is not known.
    """

    head: int
    rows: tuple[Change, ...] = ()
    forget_all: bool = False
    made_us: tuple[int, ...] = ()


class ChangeFeed(Protocol):
    """The change log, followed. One thread at a time uses one feed."""

    def read(self, after: int) -> Changes:
        """All changes after seq `after`, at once."""

    def wait(self, after: int, seconds: float) -> Changes:
        """As `read`, but waits up to `seconds` for there to be any.

        Either way the return confirms that the log was read to `head` at a
        moment after the call began.
        """

    def close(self) -> None:
        """Let go of the connection; a `wait` in another thread ends soon."""


class Node(NamedTuple):
    """A process of the data plane as the others see it.

    `confirmed_at` is when it was last heard of, `stale_us` for how long it may
    answer from what it knew once it reaches the database no more.
    """

    id: str
    boot_id: str
    kind: str
    pid: int
    applied_seq: int
    confirmed_at: int
    stale_us: int = 300_000_000


class Standing(NamedTuple):
    """How far a change has come. `head` is the newest one of all.

    `made_us` is when it was committed, 0 where that is not known any more;
    `behind` are the nodes that have not told that they know of it.
    """

    head: int
    made_us: int
    behind: tuple[Node, ...]


class NodeRegistry(Protocol):
    """Which nodes live, and how far each has followed the change log."""

    def announce(self, node: Node) -> None:
        """Insert or refresh a node's row."""

    def leave(self, node_id: str) -> None:
        """Remove it, at a clean stop."""

    def living(self, since_us: int) -> int:
        """How many have been heard of since."""

    def standing(self, seq: int) -> Standing:
        """How far change `seq` has come, in one snapshot."""


Deliver = Callable[[Changes, int], None]
"""Takes changes and the monotonic µs before which they are complete."""
