"""The whole database, taken out and put back whatever kind it is."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

Row = Sequence[object]
"""A row's values in the order of its table's columns, as JSON has them: bytes

are base64.
"""


class TableRows(NamedTuple):
    """A table and all its rows, which are read as they are asked for."""

    name: str
    columns: tuple[str, ...]
    rows: Iterator[Row]


class Dump(Protocol):
    """The database as it was at one moment, while others go on writing."""

    @property
    def revision(self) -> str:
        """The schema's revision."""

    @property
    def head(self) -> int:
        """The number of the last change in it."""

    def tables(self) -> Iterator[TableRows]:
        """All tables, those that others refer to first. Each is read to its end

        before the next is asked for.
        """


class Refill(Protocol):
    """An empty database that is being filled; nothing of it is there before the end."""

    def fill(self, name: str, columns: Sequence[str], rows: Iterator[Row]) -> int:
        """Write a table's rows; how many.

        Raises ValueError for a table, a column or a value that cannot be in it.
        """


class NotEmpty(Exception):
    """What was to be filled holds something; the text says what."""


class Portable(Protocol):
    """A database as a whole."""

    def dumping(self, *, usage: bool) -> AbstractContextManager[Dump]:
        """All that is in it, in one snapshot; without `usage` not what was counted.

        What belongs to running processes, leases among it, is not in it.
        """

    def living(self, now_us: int) -> Sequence[str]:
        """The processes that seem to use the database now, in plain words."""

    def refilling(
        self, revision: str, head: int, *, force: bool
    ) -> AbstractContextManager[Refill]:
        """Make it anew with the schema of that revision, and fill it.

        All in one transaction, at the end of which the schema is today's, what
        was out on leases counts as used, and the change log has moved beyond
        all that anybody has seen of it. Raises NotEmpty for a database with
        rows, unless `force` drops them, and ValueError for a revision that
        this version does not know.
        """


class Parts(Protocol):
    """A file of named parts, written one after the other."""

    def add(self, name: str, lines: Iterator[bytes]) -> None:
        """Write a part."""

    def finish(self, manifest: Mapping[str, object]) -> None:
        """Write what the file is, and the hashes of all parts."""


class DamagedBackup(Exception):
    """The file is no backup, or not whole, or the passphrase is another."""


class ReadParts(Protocol):
    """A file of named parts, read. All raise DamagedBackup."""

    @property
    def manifest(self) -> Mapping[str, object]:
        """What `finish` was given."""

    @property
    def names(self) -> Sequence[str]:
        """The parts that there are, in their order."""

    def lines(self, name: str) -> Iterator[bytes]:
        """A part's lines; at the end of them it was whole, or it raises."""
